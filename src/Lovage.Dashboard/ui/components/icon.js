// @ts-check
// The icons: one set of strokes on a grid of 16, coloured by the text around them.
import { html } from '../lib/dom.js';

/** @type {Record<string, string>} */
const paths = {
    overview: 'M2 9.5a6 6 0 1 1 12 0M8 9.5 11 5.5M2.5 13h11',
    jobs: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01',
    running: 'M8 2.2A5.8 5.8 0 1 1 2.2 8',
    errors: 'M8 5v3.6M8 11.2v.01M7.1 2.6 1.9 12a1 1 0 0 0 .9 1.5h10.4a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0z',
    queues: 'M2.5 3.5h11v3h-11zM2.5 9.5h11v3h-11zM5 5h.01M5 11h.01',
    workers:
        'M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14',
    schedules: 'M3 3.5h10v10H3zM3 6.5h10M5.5 2v2.5M10.5 2v2.5M8 8.5v2l1.5 1',
    metrics: 'M2.5 13.5h11M4 13.5V9M7 13.5V5.5M10 13.5v-6M13 13.5V3',
    enqueue: 'M8 3.2v9.6M3.2 8h9.6',
    local: 'M8 2l5.2 3v6L8 14l-5.2-3V5zM2.8 5 8 8l5.2-3M8 8v6',
    audit: 'M4 2.5h6.5l2 2v9H4zM6 6.5h4.5M6 9h4.5M6 11.5h2.5',
    system: 'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M8.5 3v3h3V3zM4.5 10v3h3v-3z',
    operations: 'M8 2.5 13.5 5.5 8 8.5 2.5 5.5zM2.5 8.2 8 11.2l5.5-3M2.5 10.8 8 13.8l5.5-3',
    search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.4 3.4',
    copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
    tick: 'M3 8.5 6.5 12 13 4.5',
    cross: 'M4 4l8 8M12 4l-8 8',
    ring: 'M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z',
    clock: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3.2l2 1.3',
    arc: 'M8 2.5A5.5 5.5 0 1 1 2.9 6',
    turn: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
    bar: 'M3 8h10',
    hourglass: 'M4 2.5h8M4 13.5h8M5 2.5c0 3 3 3.5 3 5.5s-3 2.5-3 5.5M11 2.5c0 3-3 3.5-3 5.5s3 2.5 3 5.5',
    pause: 'M5.5 3.5v9M10.5 3.5v9',
    play: 'M5 3.2v9.6L12.5 8z',
    sun:
        'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2' +
        'M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
    moon: 'M13 9.6A5.6 5.6 0 1 1 6.4 3a4.6 4.6 0 0 0 6.6 6.6z',
    auto: 'M8 2.5a5.5 5.5 0 1 1 0 11zM8 2.5a5.5 5.5 0 1 0 0 11z',
    menu: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
    down: 'M4 6.5l4 4 4-4',
    right: 'M6.5 4l4 4-4 4',
    left: 'M9.5 4l-4 4 4 4',
    out: 'M6.5 3.5h-3v9h9v-3M9.5 2.5h4v4M13.5 2.5 7.5 8.5',
    tag: 'M2.5 2.5h5l6 6-5 5-6-6zM5 5h.01',
    user: 'M8 2.5a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM2.8 13.5c.4-2.6 2.5-4 5.2-4s4.8 1.4 5.2 4',
    keyboard: 'M1.5 4.5h13v7.5h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.5h6',
    info: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 7.5v3.2M8 5.3v.01',
    lock: 'M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3',
    columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
    table: 'M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.8h11M7 6.5V13',
    trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.2 4.5l.6 9h6.4l.6-9',
    edit: 'M10.5 3 13 5.5 5.5 13H3v-2.5z',
    move: 'M2.5 8h10M9 4.5 12.5 8 9 11.5',
    broken: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM4.2 4.2l7.6 7.6',
    blank: '',
    more: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
};

/** @param {{ name: string, label?: string, size?: number, class?: string }} props */
export function Icon({ name, label, size = 16, class: more = '' }) {
    const filled = name === 'dead';
    return html`<svg
        class=${`icon icon-${name} ${more}`}
        viewBox="0 0 16 16"
        width=${size}
        height=${size}
        aria-hidden=${label ? undefined : 'true'}
        role=${label ? 'img' : undefined}
        aria-label=${label}
    >
        ${
            filled
                ? html`<rect x="3" y="3" width="10" height="10" rx="1.5" fill="currentColor" stroke="none" />`
                : html`<path d=${Object.hasOwn(paths, name) ? paths[name] : paths.ring} />`
        }
    </svg>`;
}

/** The mark of the console: a sprig of the herb. */
export function Mark() {
    return html`<svg class="mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <path d="M10 18.5V8" />
        <path class="leaf" d="M10 10C10 5.5 7.5 2.5 3 2c-.3 4.8 2.2 8 7 8z" />
        <path class="leaf" d="M10 13c0-3.5 2-6 6.5-6.5C17 11 14 13 10 13z" />
    </svg>`;
}

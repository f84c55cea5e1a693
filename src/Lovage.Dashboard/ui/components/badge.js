// @ts-check
import { html } from '../lib/dom.js';
import { Icon } from './icon.js';
import { s } from '../strings.en.js';

/** @type {Record<string, string>} The icon of each state. */
const icons = {
    queued: 'ring',
    scheduled: 'clock',
    running: 'arc',
    retrying: 'turn',
    succeeded: 'tick',
    failed: 'cross',
    dead: 'dead',
    cancelled: 'bar',
    expired: 'hourglass',
    active: 'tick',
    paused: 'pause',
    ended: 'bar',
    broken: 'broken',
    done: 'tick',
    quiet: 'pause',
    late: 'clock',
};

/** A state as colour, icon and word. @param {{ state: string, celery?: string, word?: string }} props */
export function State({ state, celery, word }) {
    const known = Object.hasOwn(icons, state);
    return html`<span
        class=${`state state-${known ? state : 'other'}`}
        title=${celery ? s.celery(celery) : undefined}
    >
        <${Icon} name=${known ? icons[state] : 'ring'} /><span>${word ?? s.states[state] ?? state}</span></span
    >`;
}

/**
 * A short remark in a box.
 * @param {{ kind?: 'plain'|'warn'|'bad'|'good', icon?: string, children?: any, title?: string }} props
 */
export const Chip = ({ kind = 'plain', icon, children, title }) =>
    html`<span class=${`chip chip-${kind}`} title=${title}
        >${icon && html`<${Icon} name=${icon} size=${12} />`}${children}</span
    >`;

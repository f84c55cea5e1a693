// @ts-check
import { html } from '../lib/dom.js';
import { segment } from '../lib/api.js';
import { duration, middle, rate, short } from '../lib/format.js';
import { useResource } from '../lib/stream.js';
import { Chip } from '../components/badge.js';
import { Menu } from '../components/bits.js';
import { chosen, holds, Listing } from '../components/listing.js';
import { queueActions } from '../components/queue-actions.js';
import { Spark } from '../components/spark.js';
import { s } from '../strings.pages.en.js';

const t = s.queues;

/** True where jobs wait and no worker takes them. @param {any} q */
export const unserved = q => q.workers === 0 && q.ready > 0;

/** @type {Record<string, (q: any) => boolean>} */
const views = { all: () => true, waiting: q => q.ready > 0, paused: q => q.paused, unserved };

/** @param {any[]} items */
function sentence(items) {
    const oldest = items.find(q => q.oldest_seconds !== null);
    return [
        t.total(items.length),
        t.unservedOf(items.filter(unserved).length),
        oldest ? t.oldestOf(duration(oldest.oldest_seconds), middle(oldest.name, 48)) : t.noneWaits,
        t.pausedOf(items.filter(q => q.paused).length),
    ]
        .filter(Boolean)
        .join(' ');
}

/** @param {() => void} reload @returns {import('../components/table.js').Column[]} */
const columnsOf = reload => [
    {
        key: 'name',
        title: t.queue,
        grow: true,
        fixed: true,
        cell: q =>
            html`<span class="clip"
                ><a href=${`queues/${segment(q.name)}`} title=${q.name}>${q.name}</a>
                ${q.paused && html` <${Chip} kind="warn" icon="pause" title=${q.pause_reason}>${t.paused}<//>`}
                ${unserved(q) && html` <${Chip} kind="bad" icon="errors">${t.noWorker}<//>`}</span
            >`,
    },
    {
        key: 'oldest',
        title: t.oldest,
        num: true,
        fixed: true,
        cell: q => html`<b class=${unserved(q) ? 'bad' : ''}>${duration(q.oldest_seconds)}</b>`,
    },
    { key: 'ready', title: t.waiting, num: true, fixed: true, cell: q => short(q.ready) },
    { key: 'claimed', title: t.running, num: true, from: 640, cell: q => short(q.claimed) },
    { key: 'scheduled', title: t.scheduled, num: true, from: 900, cell: q => short(q.scheduled) },
    { key: 'workers', title: t.workers, num: true, from: 640, cell: q => q.workers ?? '–' },
    { key: 'in', title: t.rateIn, num: true, from: 900, cell: q => rate(q.rate_in) },
    { key: 'out', title: t.rateOut, num: true, from: 900, cell: q => rate(q.rate_out) },
    {
        key: 'drain',
        title: t.drain,
        num: true,
        from: 900,
        cell: q =>
            q.ready === 0
                ? html`<span class="dim">–</span>`
                : q.drain_seconds === null
                  ? html`<span class="dim">${t.never}</span>`
                  : duration(q.drain_seconds),
    },
    {
        key: 'spark',
        title: t.lately,
        from: 1100,
        cell: q =>
            html`<${Spark}
                values=${q.spark}
                label=${t.sparkLabel(q.name)}
                kind=${unserved(q) ? 'bad' : ''}
                height=${20}
            />`,
    },
    {
        key: 'act',
        title: t.actions,
        fixed: true,
        hideTitle: true,
        class: 'act',
        cell: q => {
            const items = queueActions(q, reload);
            return items.length > 0 && html`<${Menu} label=${t.actionsOf(q.name)} items=${items} />`;
        },
    },
];

/** @param {{ query: URLSearchParams }} props */
export default function Queues({ query }) {
    const resource = useResource('api/queues', {}, { topic: 'queues', apply: (_old, next) => next });
    const { view, text } = chosen(query);
    const items = [...(resource.data?.items ?? [])].sort(
        (a, b) => (b.oldest_seconds ?? -1) - (a.oldest_seconds ?? -1) || a.name.localeCompare(b.name),
    );
    return html`<${Listing}
        name="queues"
        title=${s.nav.queues}
        sub=${sentence(items)}
        query=${query}
        resource=${resource}
        items=${items}
        rows=${items.filter(q => (views[view] ?? views.all)(q) && holds(text, [q.name]))}
        columns=${columnsOf(resource.reload)}
        words=${t}
        rowKey=${(/** @type {any} */ q) => q.name}
        href=${(/** @type {any} */ q) => `queues/${segment(q.name)}`}
    />`;
}

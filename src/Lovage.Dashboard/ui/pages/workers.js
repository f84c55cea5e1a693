// @ts-check
import { html } from '../lib/dom.js';
import { segment } from '../lib/api.js';
import { duration, shortVersion, workerName } from '../lib/format.js';
import { serverNow, tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { Chip, State } from '../components/badge.js';
import { Button, Menu, Time } from '../components/bits.js';
import { chosen, holds, Listing } from '../components/listing.js';
import { Meter } from '../components/spark.js';
import { canControl, ping, workerActions } from '../components/worker-actions.js';
import { s } from '../strings.pages.en.js';

const t = s.workers;

/** At most so many are asked at a time. */
const pingMax = 100;

/** A worker beats every few seconds; this silence means trouble. */
export const silentAfter = 30;

/** @param {any} w */
export const isSilent = w => (serverNow() - Date.parse(w.beat_at)) / 1000 > silentAfter;

/** @type {Record<string, (w: any) => boolean>} */
const views = {
    all: () => true,
    full: w => w.running >= w.slots,
    quiet: w => w.state === 'quiet',
    silent: isSilent,
};

/** @param {{ at: string }} props How long it has run. */
export function Uptime({ at }) {
    void tick.value;
    return html`<span title=${new Date(at).toISOString()}
        >${duration(Math.floor((serverNow() - Date.parse(at)) / 1000))}</span
    >`;
}

/** @param {{ w: any, wide?: boolean }} props */
export const Slots = ({ w }) =>
    html`<span class="slots"
        ><${Meter} value=${w.slots ? w.running / w.slots : 0} label=${t.slotsOf(w.running, w.slots)} /><span
            aria-hidden="true"
            >${w.running}/${w.slots}</span
        ></span
    >`;

/** @param {any[]} items */
function sentence(items) {
    const slots = items.reduce((n, w) => n + w.slots, 0);
    const used = items.reduce((n, w) => n + w.running, 0);
    const silent = items.filter(isSilent).length;
    const versions = Object.entries(
        items.reduce((/** @type {Record<string, number>} */ map, w) => {
            map[w.version] = (map[w.version] ?? 0) + 1;
            return map;
        }, {}),
    );
    return [
        t.total(items.length, used, slots),
        silent > 0 && t.silentOf(silent),
        versions.length > 1 && t.versionsOf(versions),
    ]
        .filter(Boolean)
        .join(' ');
}

/** @param {() => void} reload @returns {import('../components/table.js').Column[]} */
const columnsOf = reload => [
    {
        key: 'owner',
        title: t.worker,
        grow: true,
        fixed: true,
        class: 'two',
        cell: w =>
            html`<span class="clip"
                    ><a class="mono" href=${`workers/${segment(w.owner)}`} title=${w.owner}
                        >${workerName(w.owner)}</a
                    ></span
                >
                <span class="clip small dim" title=${w.host}>${t.hostPid(w.host, w.process_id)}</span>`,
    },
    {
        key: 'state',
        title: t.state,
        fixed: true,
        cell: w =>
            isSilent(w)
                ? html`<${State} state="failed" word=${t.silent} />`
                : html`<${State}
                      state=${w.state === 'quiet' ? 'quiet' : 'active'}
                      word=${t.states[w.state] ?? w.state}
                  />`,
    },
    { key: 'slots', title: t.slots, fixed: true, class: 'nowrap', cell: w => html`<${Slots} w=${w} />` },
    {
        key: 'queues',
        title: t.queues,
        from: 900,
        cell: w =>
            html`<span class="chips">
                ${w.queues
                    .slice(0, 4)
                    .map(
                        (/** @type {string} */ q) =>
                            html`<a key=${q} class="chip" href=${`queues/${segment(q)}`}> ${q}</a>`,
                    )}${w.queues.length > 4 && html`<span class="dim">+${w.queues.length - 4}</span>`}</span
            >`,
    },
    { key: 'version', title: t.version, from: 640, cell: w => html`<${Chip}>${shortVersion(w.version)}<//>` },
    { key: 'up', title: t.uptime, num: true, from: 900, cell: w => html`<${Uptime} at=${w.started_at} />` },
    {
        key: 'beat',
        title: t.beat,
        num: true,
        from: 640,
        cell: w => html`<span class=${isSilent(w) ? 'bad' : ''}><${Time} at=${w.beat_at} /></span>`,
    },
    { key: 'known', title: t.known, num: true, from: 1100, cell: w => w.known },
    {
        key: 'act',
        title: s.queues.actions,
        fixed: true,
        hideTitle: true,
        class: 'act',
        cell: w => {
            const items = workerActions(w, reload, true);
            return (
                items.length > 0 && html`<${Menu} label=${s.queues.actionsOf(workerName(w.owner))} items=${items} />`
            );
        },
    },
];

/** @param {{ query: URLSearchParams }} props */
export default function Workers({ query }) {
    const resource = useResource(
        'api/workers',
        {},
        { topic: 'workers', apply: (_old, next) => (next.items ? next : undefined) },
    );
    const { view, text } = chosen(query);
    void tick.value;
    const items = [...(resource.data?.items ?? [])].sort(
        (a, b) => Number(isSilent(b)) - Number(isSilent(a)) || a.owner.localeCompare(b.owner),
    );
    const rows = items.filter(
        w => (views[view] ?? views.all)(w) && holds(text, [w.owner, w.host, w.version, ...w.queues]),
    );
    const actions =
        canControl() &&
        rows.length > 0 &&
        html`<${Button} icon="turn" onClick=${() => ping(rows.slice(0, pingMax))}
            >${t.pingAll(Math.min(pingMax, rows.length))}<//
        >`;
    return html`<${Listing}
        name="workers"
        title=${s.nav.workers}
        sub=${sentence(items)}
        actions=${actions}
        query=${query}
        resource=${resource}
        items=${items}
        rows=${rows}
        columns=${columnsOf(resource.reload)}
        words=${t}
        rowKey=${(/** @type {any} */ w) => w.owner}
        href=${(/** @type {any} */ w) => `workers/${segment(w.owner)}`}
    />`;
}

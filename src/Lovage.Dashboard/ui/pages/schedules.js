// @ts-check
import { html, useState } from '../lib/dom.js';
import { can, get, segment } from '../lib/api.js';
import { duration, middle, relative, short } from '../lib/format.js';
import { tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { Chip, State } from '../components/badge.js';
import { Button, Menu, Time } from '../components/bits.js';
import { chosen, holds, Listing } from '../components/listing.js';
import { act } from '../components/dialog.js';
import { create, scheduleActions } from '../components/schedule-actions.js';
import { s } from '../strings.pages.en.js';

const t = s.schedules;
const failed = ['failed', 'dead', 'expired'];

/** @param {any} c True where a person should look. */
export const troubled = c => c.state === 'broken' || (c.late_seconds ?? 0) > 0 || failed.includes(c.last_job?.state);

/** @type {Record<string, (c: any) => boolean>} */
const views = {
    all: () => true,
    trouble: troubled,
    paused: c => c.state === 'paused',
    console: c => c.edited || !c.from_code,
};

/** What a schedule's state is, lateness first. @param {{ c: any }} props */
export const ScheduleState = ({ c }) =>
    (c.late_seconds ?? 0) > 0
        ? html`<${State} state="late" word=${t.lateBy(duration(c.late_seconds))} />`
        : html`<span title=${c.reason}><${State} state=${c.state} word=${t.states[c.state] ?? c.state} /></span>`;

/** When it fires, in words; the zone once. @param {any} c */
export const inWords = c => (c.time_zone && !c.words.includes(c.time_zone) ? `${c.words} (${c.time_zone})` : c.words);

/** Where it comes from. @param {{ c: any }} props */
export const Origin = ({ c }) =>
    c.edited
        ? html`<${Chip} kind="warn" icon="edit" title=${c.code ? t.codeSays(c.code.words) : undefined}
              >${t.overridden}<//
          >`
        : c.from_code
          ? html`<span class="dim">${t.fromCode}</span>`
          : html`<span class="dim">${t.atRunTime}</span>`;

/** @param {any[]} items */
function sentence(items) {
    const active = items.filter(c => c.state === 'active').length;
    const late = items.filter(c => (c.late_seconds ?? 0) > 0).length;
    const broken = items.filter(c => c.state === 'broken').length;
    const lost = items.filter(c => failed.includes(c.last_job?.state)).length;
    const next = items
        .filter(c => c.state === 'active' && c.next[0])
        .sort((a, b) => a.next[0].localeCompare(b.next[0]))[0];
    return [
        late > 0 && t.lateOf(late),
        broken > 0 && t.brokenOf(broken),
        lost > 0 && t.lostOf(lost),
        t.total(items.length, active),
        next && t.nextOf(middle(next.id, 48), relative(next.next[0])),
    ]
        .filter(Boolean)
        .join(' ');
}

/** @param {() => void} reload @returns {import('../components/table.js').Column[]} */
const columnsOf = reload => [
    {
        key: 'id',
        title: t.schedule,
        grow: true,
        fixed: true,
        class: 'two',
        cell: c =>
            html`<span class="clip"><a href=${`schedules/${segment(c.id)}`} title=${c.id}>${c.id}</a></span>
                <span class="clip small dim" title=${c.trigger}>${inWords(c).split(', counted from ')[0]}</span>`,
    },
    { key: 'state', title: t.state, fixed: true, class: 'state-cell', cell: c => html`<${ScheduleState} c=${c} />` },
    {
        key: 'next',
        title: t.next,
        num: true,
        fixed: true,
        cell: c =>
            c.state === 'active' && c.next[0] ? html`<${Time} at=${c.next[0]} />` : html`<span class="dim">–</span>`,
    },
    {
        key: 'last',
        title: t.last,
        from: 640,
        class: 'nowrap',
        cell: c =>
            html`${c.last_tick ? html`<${Time} at=${c.last_tick} />` : html`<span class="dim">${t.notYet}</span>`}`,
    },
    {
        key: 'job',
        title: t.lastJob,
        from: 900,
        cell: c =>
            c.last_job
                ? html`<a href=${`jobs/${segment(c.last_job.id)}`}><${State} state=${c.last_job.state} /></a>`
                : html`<span class="dim">–</span>`,
    },
    {
        key: 'name',
        title: t.job,
        from: 1100,
        off: true,
        class: 'narrow',
        cell: c => html`<span class="clip" title=${c.job.name}>${c.job.name}</span>`,
    },
    { key: 'fired', title: t.fired, num: true, from: 900, cell: c => short(c.fired) },
    {
        key: 'missed',
        title: t.missed,
        num: true,
        from: 900,
        cell: c => html`<span class=${c.missed ? 'warn' : 'dim'}>${short(c.missed)}</span>`,
    },
    {
        key: 'skipped',
        title: t.skipped,
        num: true,
        from: 1100,
        off: true,
        cell: c => html`<span class=${c.skipped ? '' : 'dim'}>${short(c.skipped)}</span>`,
    },
    { key: 'origin', title: t.origin, from: 900, class: 'nowrap', cell: c => html`<${Origin} c=${c} />` },
    {
        key: 'act',
        title: s.queues.actions,
        fixed: true,
        hideTitle: true,
        class: 'act',
        cell: c => {
            const items = scheduleActions(c, reload);
            return items.length > 0 && html`<${Menu} label=${s.queues.actionsOf(c.id)} items=${items} />`;
        },
    },
];

/** @param {{ query: URLSearchParams }} props */
export default function Schedules({ query }) {
    const resource = useResource('api/schedules', { limit: 200 }, { topic: 'schedules', every: 3000 });
    const { data, reload } = resource;
    const [more, setMore] = useState({
        items: /** @type {any[]} */ ([]),
        next: /** @type {string | null | undefined} */ (undefined),
    });
    const next = more.next === undefined ? data?.next : more.next;
    const readMore = () =>
        act(async () => {
            const page = await get('api/schedules', { limit: 200, after: next });
            setMore(old => ({ items: [...old.items, ...page.items], next: page.next }));
            return { sentence: t.read(page.items.length) };
        });
    const { view, text } = chosen(query);
    void tick.value;
    const known = new Set(data?.items.map((/** @type {any} */ c) => c.id));
    const items = [...(data?.items ?? []), ...more.items.filter(c => !known.has(c.id))].sort(
        (a, b) => Number(troubled(b)) - Number(troubled(a)) || a.id.localeCompare(b.id),
    );
    const rows = items.filter(
        c => (views[view] ?? views.all)(c) && holds(text, [c.id, c.words, c.job.name, c.job.queue]),
    );
    return html`<${Listing}
        name="schedules"
        title=${s.nav.schedules}
        sub=${`${sentence(items)}${next ? ` ${t.notAll}` : ''}`}
        actions=${can('administer') && html`<${Button} icon="enqueue" onClick=${() => create(reload)}>${t.create}<//>`}
        query=${query}
        resource=${resource}
        items=${items}
        rows=${rows}
        columns=${columnsOf(reload)}
        words=${t}
        rowKey=${(/** @type {any} */ c) => c.id}
        href=${(/** @type {any} */ c) => `schedules/${segment(c.id)}`}
        >${next && html`<${Button} onClick=${readMore}>${t.readMore}<//>`}<//
    >`;
}

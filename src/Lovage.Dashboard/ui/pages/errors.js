// @ts-check
import { html, useEffect, useState } from '../lib/dom.js';
import { can, has, segment } from '../lib/api.js';
import { count, middle, number, short } from '../lib/format.js';
import { useJobs } from '../lib/jobs.js';
import { href } from '../lib/router.js';
import { pulse } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Button, Choice, Failure, Head, Loading, Section, Tabs, Time } from '../components/bits.js';
import { rising, runGroupAgain, startOperation } from '../components/bulk.js';
import { Empty } from '../components/empty.js';
import { jobColumns } from '../components/jobs.js';
import { JobTable, Pager, Table } from '../components/table.js';
import { s } from '../strings.pages.en.js';
import { times } from '../strings.en.js';

const t = s.failures;

/** A count that leads to its jobs. @param {any} group @param {'hour'|'day'|'week'} key @param {string} since */
const cell = (group, key, since) =>
    group[key] === 0
        ? html`<span class="dim">0</span>`
        : html`<a href=${href('jobs', { q: `fingerprint:${group.fingerprint} since:${since}` })}
              >${short(group[key])}</a
          >`;

/** @type {import('../components/table.js').Column[]} */
const columns = [
    {
        key: 'what',
        title: t.error,
        grow: true,
        class: 'two',
        cell: g =>
            html`<span class="clip"
                    ><a class="name" href=${`errors/${segment(g.fingerprint)}`} title=${g.type}
                        >${g.type.slice(g.type.lastIndexOf('.') + 1)}</a
                    >${' '}<span class="dim">${t.inJob} ${g.job}</span></span
                >
                <span class="clip small dim" title=${g.message}>${g.message}</span
                ><span class="clip small mono dim from-900" title=${g.frame}>${g.frame}</span>`,
    },
    {
        key: 'rise',
        title: t.rise,
        num: true,
        from: 900,
        cell: g =>
            g.rise === null || g.rise === undefined
                ? '–'
                : html`<span class=${rising(g) ? 'bad' : 'dim'}>${times(g.rise)}</span>`,
    },
    {
        key: 'hour',
        title: t.hour,
        num: true,
        cell: g => html`<b class=${rising(g) ? 'bad' : ''}>${cell(g, 'hour', '1h')}</b>`,
    },
    { key: 'day', title: t.day, num: true, cell: g => cell(g, 'day', '24h') },
    { key: 'week', title: t.week, num: true, from: 640, cell: g => cell(g, 'week', '7d') },
    { key: 'first', title: t.first, from: 1100, class: 'nowrap', cell: g => html`<${Time} at=${g.first_seen} />` },
    { key: 'last', title: t.last, from: 640, class: 'nowrap', cell: g => html`<${Time} at=${g.last_seen} />` },
    {
        key: 'act',
        title: t.action,
        hideTitle: true,
        from: 900,
        cell: g =>
            runGroupAgain.allowed() && html`<${Button} small onClick=${() => runGroupAgain(g)}>${t.runGroup}<//>`,
    },
];

/** The groups of failures. @param {{ span: string }} props */
function Groups({ span }) {
    const { data, error, reload } = useResource('api/errors', { window: span }, { topic: 'errors', every: 5000 });
    if (error && !data) return html`<${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Loading} />`;
    if (data.items.length === 0) {
        return html`<${Section}
            >${
                span === '7d'
                    ? html`<${Empty} text=${t.empty} code=${t.emptyCode} />`
                    : html`<${Empty} text=${t.emptyWindow} code=${t.emptyCode}
                          ><p><a href=${href('errors', { window: '7d' })}>${t.wider}</a></p><//
                      >`
            }<//
        >`;
    }
    const risen = data.items.filter(rising);
    const top = (risen.length > 0 ? risen : data.items).reduce((/** @type {any} */ a, /** @type {any} */ b) =>
        (b.rise ?? 0) > (a.rise ?? 0) ? b : a,
    );
    return html`${error && html`<${Failure} error=${error} retry=${reload} beside />`}
        <p class="lead">
            ${
                rising(top)
                    ? html`<a href=${`errors/${segment(top.fingerprint)}`}
                              >${top.type.slice(top.type.lastIndexOf('.') + 1)}</a
                          >
                          ${' '}${t.rose(`${t.inJob} ${middle(top.job, 64)}`, short(top.hour), times(top.rise))}`
                    : t.steady
            }
        </p>
        <${Section} flush
            ><${Table}
                label=${t.title}
                columns=${columns}
                rows=${data.items}
                rowKey=${(/** @type {any} */ g) => g.fingerprint}
                href=${(/** @type {any} */ g) => `errors/${segment(g.fingerprint)}`}
                steady
        /><//>`;
}

/** The dead letters. */
function Dead() {
    const q = 'state:dead';
    const { list, rows, error, busy, fresh, load, more } = useJobs(q);
    const [selected, setSelected] = useState(() => new Set());
    useEffect(() => setSelected(new Set()), [list.items === null]);
    if (error && list.items === null) return html`<${Failure} error=${error} retry=${load} />`;
    if (list.items === null) return html`<${Loading} />`;
    if (rows.length === 0) return html`<${Section}><${Empty} text=${t.deadEmpty} /><//>`;
    const bulk = can('operate') && has('operations');
    const chosen = [...selected];
    const target =
        chosen.length > 0 ? { q: `id:${chosen.join(',')}`, expected: chosen.length } : { q, expected: list.count };
    const run = async (/** @type {any} */ action) => {
        if (await startOperation({ action, ...target })) {
            setSelected(new Set());
            load();
        }
    };
    const n = chosen.length > 0 ? String(chosen.length) : count(list.count);
    return html`<div class="row spread lead-row">
            <p class="sub">${t.deadSub}</p>
            ${
                bulk &&
                html`<span class="row"
                    ><${Button} onClick=${() => run('run_again')} icon="turn">${s.bulk.verb.run_again(n)}<//>
                    <${Button} kind="danger" onClick=${() => run('delete')}>${s.bulk.verb.delete(n)}<//></span
                >`
            }
        </div>
        ${error && html`<${Failure} error=${error} retry=${load} />`}
        ${fresh !== 0 && html`<button type="button" class="fresh" onClick=${load}>${s.jobs.fresh(fresh)}</button>`}
        <${Section} flush
            ><${JobTable}
                label=${t.tabDead}
                columns=${jobColumns.filter(c => ['state', 'name', 'queue', 'attempts', 'when', 'id'].includes(c.key))}
                rows=${rows}
                selected=${bulk ? selected : undefined}
                onSelect=${bulk ? setSelected : undefined}
        /><//>
        <${Pager}
            next=${list.next}
            shown=${rows.length}
            total=${list.count && count(list.count)}
            more=${more}
            busy=${busy}
        />`;
}

/** Errors by group, and the dead letters beside. @param {{ query: URLSearchParams }} props */
export default function Errors({ query }) {
    const dead = query.get('tab') === 'dead' || !has('history');
    const span = query.get('window') ?? '24h';
    useTitle(dead ? t.tabDead : t.title);
    const n = pulse.value?.dead;
    return html`<${Head} title=${dead ? t.tabDead : t.title}
            >${
                !dead &&
                html`<${Choice} label=${t.range} name="window" value=${span} fallback="24h" options=${t.windows} />`
            }<//
        >
        <${Tabs}
            label=${t.title}
            tabs=${[
                ...(has('history') ? [{ href: 'errors', text: t.tabErrors, on: !dead }] : []),
                {
                    href: href('errors', { tab: 'dead' }),
                    text: t.tabDead,
                    count: number(n) > 0 ? count(n) : null,
                    on: dead,
                },
            ]}
        />
        ${dead ? html`<${Dead} />` : html`<${Groups} span=${span} />`}`;
}

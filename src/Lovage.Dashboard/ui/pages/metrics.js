// @ts-check
import { html, useMemo } from '../lib/dom.js';
import { count, duration, middle, percent, short } from '../lib/format.js';
import { go, href, setQuery } from '../lib/router.js';
import { serverNow } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Choice, Failure, Head, Loading, Section } from '../components/bits.js';
import { Chart } from '../components/chart.js';
import { Empty } from '../components/empty.js';
import { Figures, Filter, Rest, useFirst } from '../components/filter.js';
import { Histogram } from '../components/histogram.js';
import { quote } from '../components/search.js';
import { Meter } from '../components/spark.js';
import { s } from '../strings.pages.en.js';

const t = s.metrics;

/**
 * @typedef {{ key: string, title: string, of: (r: any) => any, cell?: (r: any) => any, from?: number,
 *   group?: string }} Col
 */

/** @type {Record<string, string>} How a column's cells stand; figures where it says nothing. */
const kinds = { name: 'grow', queue: 'narrow', total: 'num edge' };

/** @param {Col} column */
const cellClass = ({ key, from }) => `${kinds[key] ?? 'num'}${from ? ` from-${from}` : ''}`;

/** @param {Col} column @param {boolean} isText */
const headClass = (column, isText) => (isText ? (column.from ? `from-${column.from}` : '') : cellClass(column));

/** @type {Col[]} */
const columns = [
    { key: 'name', title: t.job, of: r => r.name },
    {
        key: 'queue',
        title: t.queue,
        of: r => r.queue,
        from: 900,
        cell: r => html`<span class="clip" title=${r.queue}>${r.queue}</span>`,
    },
    { key: 'count', title: t.count, of: r => r.count, from: 640, cell: r => short(r.count) },
    {
        key: 'failure',
        title: t.failure,
        of: r => (r.count ? r.failed / r.count : 0),
        cell: r =>
            html`<span class=${r.failed / r.count > 0.01 ? 'bad' : r.failed ? '' : 'dim'}>
                ${r.failed ? percent(r.failed, r.count) : '0 %'}</span
            >`,
    },
    { key: 'total', title: t.total, of: r => r.total_seconds },
    ...['p50', 'p95', 'p99'].map(p => ({
        key: `wait_${p}`,
        title: p,
        group: t.wait,
        of: (/** @type {any} */ r) => r.wait[p],
        from: p === 'p95' ? 900 : 1100,
        cell: (/** @type {any} */ r) => duration(r.wait[p]),
    })),
    ...['p50', 'p95', 'p99'].map(p => ({
        key: `run_${p}`,
        title: p,
        group: t.run,
        of: (/** @type {any} */ r) => r.run[p],
        from: p === 'p95' ? 640 : 900,
        cell: (/** @type {any} */ r) => duration(r.run[p]),
    })),
];

/**
 * A table with two kinds of columns above each other, sorted by a click on a head.
 * @param {{ rows: any[], sort: string, up: boolean }} props
 */
function Rows({ rows, sort, up }) {
    const column = columns.find(c => c.key === sort) ?? columns[4];
    const sorted = [...rows].sort((a, b) => {
        const [x, y] = [column.of(a), column.of(b)];
        const order = typeof x === 'string' ? x.localeCompare(y) : (x ?? -1) - (y ?? -1);
        return (up ? order : -order) || a.name.localeCompare(b.name);
    });
    const part = useFirst(sorted);
    const all = rows.reduce((sum, r) => sum + r.total_seconds, 0);
    const head = (/** @type {Col} */ c) => {
        const on = c.key === column.key;
        return html`<th
            key=${c.key}
            scope="col"
            class=${headClass(c, typeof c.of(rows[0]) === 'string')}
            aria-sort=${on ? (up ? 'ascending' : 'descending') : undefined}
        >
            <button
                type="button"
                class=${`sort${on ? ' on' : ''}`}
                onClick=${() =>
                    setQuery(
                        { sort: c.key === 'total' ? null : c.key, up: on && !up ? '1' : null },
                        { replace: true },
                    )}
            >
                ${
                    c.group && html`<span class="group-word">${c.group} </span>`
                }${c.title}${on && html`<i class=${up ? 'up' : 'down'}></i>`}
            </button>
        </th>`;
    };
    const to = (/** @type {any} */ r) =>
        href('metrics', {
            ...Object.fromEntries(new URLSearchParams(location.search)),
            name: r.name,
            queue: r.queue,
        });
    return html`<${Section} title=${t.byJob} flush
            ><div class="table-wrap">
                <table class="table links metrics" aria-label=${t.byJob}>
                    <thead>
                        <tr class="groups from-1100" aria-hidden="true">
                            <td colspan="5"></td>
                            <td class="num" colspan="3"><span>${t.wait}</span></td>
                            <td class="num" colspan="3"><span>${t.run}</span></td>
                        </tr>
                        <tr>
                            ${columns.map(head)}
                        </tr>
                    </thead>
                    <tbody>
                        ${part.shown.map(
                            r =>
                                html`<tr
                                    key=${`${r.name}\n${r.queue}`}
                                    data-row
                                    onClick=${(/** @type {any} */ e) => {
                                        if (!e.target.closest('a') && !getSelection()?.toString()) go(to(r));
                                    }}
                                >
                                    ${columns.map(
                                        c =>
                                            html`<td key=${c.key} class=${cellClass(c)}>
                                                ${
                                                    c.key === 'name'
                                                        ? html`<span class="clip"
                                                              ><a href=${to(r)} title=${r.name}>${r.name}</a></span
                                                          >`
                                                        : c.key === 'total'
                                                          ? html`<span class="slots"
                                                                ><${Meter}
                                                                    value=${all ? r.total_seconds / all : 0}
                                                                    label=${t.share(percent(r.total_seconds, all))}
                                                                /><span class="wide">
                                                                    ${duration(r.total_seconds)}</span
                                                                ></span
                                                            >`
                                                          : c.cell?.(r)
                                                }
                                            </td>`,
                                    )}
                                </tr>`,
                        )}
                    </tbody>
                </table>
            </div><//
        ><${Rest} part=${part} />`;
}

/** All hours of the range: one without a job has counts of 0 and no times. @param {any[]} some @param {string} range */
function whole(some, range) {
    const known = new Map(some.map(h => [Date.parse(h.at), h]));
    const last = Math.max(Math.floor(serverNow() / 3_600_000) * 3_600_000, ...known.keys());
    return Array.from(
        { length: range === '7d' ? 168 : 24 },
        (_, i, at = last - ((range === '7d' ? 167 : 23) - i) * 3_600_000) =>
            known.get(at) ?? {
                at: new Date(at).toISOString(),
                succeeded: 0,
                failed: 0,
                wait_p95: null,
                run_p50: null,
                run_p95: null,
            },
    );
}

/** @param {{ hours: any[], range: string }} props */
function Hours({ hours: some, range }) {
    const hours = useMemo(() => whole(some, range), [some, range]);
    const lines = useMemo(() => {
        const of = (/** @type {string} */ key) => hours.map(h => h[key]);
        return {
            times: hours.map(h => Date.parse(h.at) / 1000),
            flow: [
                { key: 'succeeded', label: t.succeeded, colour: '--good', values: of('succeeded'), format: short },
                { key: 'failed', label: t.failed, colour: '--bad', fill: false, values: of('failed'), format: short },
            ],
            wait: [
                {
                    key: 'wait',
                    label: t.waitP95,
                    colour: '--queued',
                    time: true,
                    values: of('wait_p95'),
                    format: duration,
                },
            ],
            run: [
                { key: 'p95', label: t.runP95, colour: '--run', time: true, values: of('run_p95'), format: duration },
                {
                    key: 'p50',
                    label: t.runP50,
                    colour: '--scheduled',
                    time: true,
                    fill: false,
                    values: of('run_p50'),
                    format: duration,
                },
            ],
        };
    }, [hours]);
    return html`<${Section} title=${t.hourly}
            ><${Chart} label=${t.hourly} times=${lines.times} lines=${lines.flow} sync="metrics"
        /><//>
        <div class="grid-2">
            <${Section} title=${t.waitByHour}
                ><${Chart} label=${t.waitByHour} times=${lines.times} lines=${lines.wait} sync="metrics"
            /><//>
            <${Section} title=${t.runByHour}
                ><${Chart} label=${t.runByHour} times=${lines.times} lines=${lines.run} sync="metrics"
            /><//>
        </div>`;
}

/** @param {{ query: URLSearchParams }} props */
export default function Metrics({ query }) {
    const range = query.get('range') === '7d' ? '7d' : '24h';
    const name = query.get('name') ?? '';
    const queue = query.get('queue') ?? '';
    const { data, error, loading, reload } = useResource('api/metrics', { range, name, queue });
    useTitle(s.nav.metrics);
    const filtered = name !== '' || queue !== '';
    const tools = html`<${Choice} label=${t.range} name="range" value=${range} fallback="24h" options=${t.ranges} />`;
    const filters = html`<div class="row tools">
        <${Filter}
            exact
            name="name"
            value=${name}
            label=${t.filterName}
            options=${data?.items.map((/** @type {any} */ r) => r.name)}
        />
        <${Filter}
            exact
            name="queue"
            value=${queue}
            label=${t.filterQueue}
            options=${[...new Set(data?.items.map((/** @type {any} */ r) => r.queue))]}
        />
        ${
            filtered &&
            html`<a class="link small" href=${href('metrics', { range: range === '24h' ? '' : range })}
                >${t.showAll}</a
            >`
        }
    </div>`;
    if (error && !data)
        return html`<${Head} title=${s.nav.metrics}>${tools}<//>${filters}<${Failure}
                error=${error}
                retry=${reload}
            />`;
    if (!data || (loading && !data)) return html`<${Head} title=${s.nav.metrics}>${tools}<//><${Loading} />`;
    if (data.items.length === 0) {
        return html`<${Head} title=${s.nav.metrics}>${tools}<//>${filtered && filters}<${Section} flush
                ><${Empty} text=${filtered ? t.noMatch : t.empty} code=${filtered ? undefined : t.emptyCode}
            /><//>`;
    }
    const sum = (/** @type {string} */ key) =>
        data.items.reduce((/** @type {number} */ n, /** @type {any} */ r) => n + r[key], 0);
    const one = data.items.length === 1 ? data.items[0] : null;
    const most = [...data.items].sort((a, b) => b.total_seconds - a.total_seconds)[0];
    const share = sum('total_seconds') ? most.total_seconds / sum('total_seconds') : 0;
    return html`<${Head}
            title=${s.nav.metrics}
            sub=${one ? t.oneSays(one.name, one.queue) : t.says(middle(most.name, 48), Math.round(share * 100))}
            >${tools}<//
        >
        ${error && html`<${Failure} error=${error} retry=${reload} />`}${filters}
        <${Figures}
            items=${[
                [t.count, short(sum('count'))],
                [
                    t.failure,
                    percent(sum('failed'), sum('count')),
                    sum('failed') / sum('count') > 0.01 ? 'bad' : undefined,
                ],
                [t.retried, short(sum('retried'))],
                [t.total, duration(sum('total_seconds'))],
                ...(one
                    ? [
                          [t.waitP95, duration(one.wait.p95)],
                          [t.runP95, duration(one.run.p95)],
                      ]
                    : []),
            ]}
        />
        <div class="stack">
            ${
                data.items.length > 1 &&
                html`<${Rows}
                    rows=${data.items}
                    sort=${query.get('sort') ?? 'total'}
                    up=${query.get('up') === '1'}
                />`
            }
            ${
                one &&
                html`<p class="small">
                    <a
                        class="link"
                        href=${href('jobs', { q: `name:${quote(one.name)} queue:${quote(one.queue)} since:${range}` })}
                        >${t.itsJobs(count(one.count))}</a
                    >
                </p>`
            }
            <div class="grid-2">
                <${Section} title=${t.waitBars}
                    ><${Histogram}
                        title=${t.waitBars}
                        bounds=${data.histogram.bounds}
                        values=${data.histogram.wait}
                        colour="wait"
                        marks=${one?.wait}
                /><//>
                <${Section} title=${t.runBars}
                    ><${Histogram}
                        title=${t.runBars}
                        bounds=${data.histogram.bounds}
                        values=${data.histogram.run}
                        colour="run"
                        marks=${one?.run}
                /><//>
            </div>
            <${Hours} hours=${data.hours} range=${range} />
        </div>`;
}

// @ts-check
import { html, useEffect } from '../lib/dom.js';
import { has, segment } from '../lib/api.js';
import { absolute, age, count, duration, rate, relative, short, shortVersion } from '../lib/format.js';
import { href, pageLink } from '../lib/router.js';
import { liveState, pulse, serverNow } from '../lib/state.js';
import { pulseOf, useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Chip } from '../components/badge.js';
import { Button, Choice, Failure, Loading, Section, Time } from '../components/bits.js';
import { Chart } from '../components/chart.js';
import { Empty } from '../components/empty.js';
import { Icon } from '../components/icon.js';
import { Spark } from '../components/spark.js';
import { JobTable, Table } from '../components/table.js';
import { rising, runGroupAgain } from '../components/bulk.js';
import { useFlow } from '../components/flow.js';
import { s } from '../strings.en.js';

const t = s.overview;

/** Takes an event into what the page has: a chart may come in pieces. @param {any} old @param {any} next */
function merge(old, next) {
    if (!next.chart) return { ...next, chart: old.chart };
    if (next.chart.points.length >= old.chart.points.length) return next;
    const first = next.chart.points[0]?.at ?? '';
    const points = [...old.chart.points.filter((/** @type {any} */ p) => p.at < first), ...next.chart.points].slice(
        -Math.max(old.chart.points.length, 360),
    );
    return { ...next, chart: { ...next.chart, points } };
}

/** The sentence, with links to what it names. @param {{ verdict: any, storage: any }} props */
const Verdict = ({ verdict, storage }) =>
    html`<header class=${`verdict verdict-${verdict.level}`}>
        <${Icon} name=${verdict.level === 'ok' ? 'tick' : 'errors'} size=${20} label=${t.level[verdict.level]} />
        <div>
            <h1>
                ${
                    verdict.parts?.length
                        ? verdict.parts.map((/** @type {any} */ p, /** @type {number} */ i) =>
                              pageLink(p.href) ? html`<a key=${i} href=${pageLink(p.href)}>${p.text}</a>` : p.text,
                          )
                        : verdict.sentence
                }
            </h1>
            <p class="sub">
                ${
                    storage.up
                        ? html`<span class="storage-dot good"></span
                              ><span title=${absolute(storage.since)}
                                  >${t.storageUp(
                                      storage.description,
                                      age((serverNow() - Date.parse(storage.since)) / 1000),
                                  )}</span
                              >`
                        : html`<span class="storage-dot down"></span
                              >${`${t.storageDown(storage.description)} `}<${Time}
                                  at=${storage.since}
                              />${`. ${storage.error}`}`
                }
            </p>
        </div>
    </header>`;

/** @param {{ data: any }} props */
function Queues({ data }) {
    const rows = data.queues.slice(0, 6);
    const columns = [
        {
            key: 'name',
            title: t.queue,
            grow: true,
            cell: (/** @type {any} */ q) =>
                html`<span class="clip"
                    ><a href=${`queues/${segment(q.name)}`} title=${q.name}>${q.name}</a>
                    ${q.paused && html` <${Chip} kind="warn" icon="pause" title=${q.pause_reason}>${t.paused}<//>`}
                    ${
                        q.workers === 0 && q.ready > 0 && html` <${Chip} kind="bad" icon="errors">${t.unserved}<//>`
                    }</span
                >`,
        },
        {
            key: 'oldest',
            title: t.oldest,
            num: true,
            cell: (/** @type {any} */ q) =>
                html`<b class=${q.workers === 0 && q.ready > 0 ? 'bad' : ''}>${duration(q.oldest_seconds)}</b>`,
        },
        { key: 'ready', title: t.waiting, num: true, cell: (/** @type {any} */ q) => short(q.ready) },
        {
            key: 'rate',
            title: t.out,
            num: true,
            from: /** @type {const} */ (640),
            cell: (/** @type {any} */ q) => rate(q.rate_out),
        },
        {
            key: 'spark',
            title: t.lastSamples,
            hideTitle: true,
            from: /** @type {const} */ (900),
            cell: (/** @type {any} */ q) =>
                html`<${Spark} values=${q.spark} label=${t.sparkLabel(q.name)} width=${80} height=${20} />`,
        },
    ];
    const more = data.queues_total - rows.length;
    return html`<${Section}
        title=${t.queues}
        flush
        aside=${more > 0 && html`<a href="queues">${t.allQueues(data.queues_total)}</a>`}
    >
        ${
            rows.length === 0
                ? html`<${Empty} text=${t.noQueues} />`
                : html`<${Table}
                      label=${t.queues}
                      columns=${columns}
                      rows=${rows}
                      rowKey=${(/** @type {any} */ q) => q.name}
                      href=${(/** @type {any} */ q) => `queues/${segment(q.name)}`}
                      steady
                  />`
        }<//
    >`;
}

/** @param {{ data: any }} props */
function Failures({ data }) {
    const columns = [
        {
            key: 'what',
            title: t.error,
            grow: true,
            class: 'two',
            cell: (/** @type {any} */ g) =>
                html`<span class="clip"
                        ><a href=${`errors/${segment(g.fingerprint)}`}>${last(g.type)}</a>${' '}
                        <span class="dim">${t.inJob} ${g.job}</span></span
                    >
                    <span class="clip dim small" title=${g.message}>${g.message}</span>`,
        },
        {
            key: 'hour',
            title: t.lastHour,
            num: true,
            cell: (/** @type {any} */ g) =>
                html`<b class=${rising(g) ? 'bad' : ''}>${short(g.hour)}</b
                    >${rising(g) && html`<span class="under bad">${t.rise(g.rise)}</span>`}`,
        },
        {
            key: 'since',
            title: t.since,
            from: /** @type {const} */ (640),
            class: 'nowrap',
            cell: (/** @type {any} */ g) => html`<${Time} at=${g.first_seen} />`,
        },
        {
            key: 'act',
            title: t.action,
            hideTitle: true,
            from: /** @type {const} */ (640),
            cell: (/** @type {any} */ g) =>
                runGroupAgain.allowed() && html`<${Button} small onClick=${() => runGroupAgain(g)}>${t.runGroup}<//>`,
        },
    ];
    return html`<${Section}
        title=${t.failures}
        flush
        aside=${data.failures.length > 0 && html`<a href="errors">${t.allErrors}</a>`}
    >
        ${
            data.failures.length === 0
                ? html`<p class="calm"><${Icon} name="tick" />${t.noFailures}</p>`
                : html`<${Table}
                      label=${t.failures}
                      columns=${columns}
                      rows=${data.failures}
                      rowKey=${(/** @type {any} */ g) => g.fingerprint}
                      href=${(/** @type {any} */ g) => `errors/${segment(g.fingerprint)}`}
                      steady
                  />`
        }<//
    >`;
}

/** The part after the last dot: the namespace is in the tooltip. @param {string} type */
const last = type => html`<span title=${type}>${type.slice(type.lastIndexOf('.') + 1)}</span>`;

/** @param {{ data: any }} props */
function Longest({ data }) {
    const columns = [
        {
            key: 'name',
            title: t.job,
            grow: true,
            cell: (/** @type {any} */ j) =>
                html`<span class="clip"
                    ><a href=${`jobs/${segment(j.id)}`} title=${j.name}>${j.name}</a>${' '}
                    <span class="dim">${j.tags?.[0] ?? j.progress_message}</span></span
                >`,
        },
        {
            key: 'for',
            title: t.runsFor,
            num: true,
            cell: (/** @type {any} */ j) => html`<b class=${j.factor > 2 ? 'warn' : ''}>${duration(j.seconds)}</b>`,
        },
        {
            key: 'usual',
            title: t.usual,
            num: true,
            from: /** @type {const} */ (640),
            cell: (/** @type {any} */ j) =>
                j.usual_p95 === null ? html`<span class="dim">${t.unknown}</span>` : duration(j.usual_p95),
        },
    ];
    return html`<${Section}
        title=${t.longest}
        flush
        aside=${data.running.length > 0 && html`<a href="running">${t.allRunning}</a>`}
    >
        ${
            data.running.length === 0
                ? html`<p class="calm">${t.nothingRuns}</p>`
                : html`<${JobTable} label=${t.longest} columns=${columns} rows=${data.running} steady />`
        }<//
    >`;
}

/** The facts beside: workers, dead letters, schedules. @param {{ data: any }} props */
function Beside({ data }) {
    const { workers, dead, schedules } = data;
    const fewer = workers.hour_ago !== null && workers.now < workers.hour_ago;
    return html`<div class="stack-8">
        ${
            has('workers') &&
            html`<a class="fact" href="workers"
                ><span class="fact-name"><${Icon} name="workers" />${t.workers}</span>
                <span class=${`fact-value${workers.now === 0 || fewer ? ' bad' : ''}`}>${workers.now}</span>
                <span class="fact-note"
                    >${
                        workers.hour_ago === null
                            ? ''
                            : fewer
                              ? t.fewer(workers.hour_ago)
                              : workers.now > workers.hour_ago
                                ? t.moreWorkers(workers.hour_ago)
                                : t.asBefore
                    }
                    ${workers.versions.map(
                        (/** @type {any} */ v) =>
                            html`<span key=${v.version} class="block"
                                >${t.version(shortVersion(v.version), v.count)} ${relative(v.first_seen)}</span
                            >`,
                    )}</span
                ></a
            >`
        }
        <a class="fact" href=${href('errors', { tab: 'dead' })}
            ><span class="fact-name"><${Icon} name="dead" />${t.dead}</span>
            <span class=${`fact-value${dead.last_hour > 0 ? ' bad' : ''}`}>${count(dead.count)}</span>
            <span class="fact-note">${dead.last_hour > 0 ? t.deadNew(dead.last_hour) : t.deadNone}</span></a
        >
        ${
            has('schedules') &&
            html`<div class="fact fact-list">
                <a class="fact-name" href="schedules"><${Icon} name="schedules" />${t.schedules}</a> ${
                    schedules.length === 0
                        ? html`<span class="fact-note">${t.schedulesFine}</span>`
                        : schedules.map(
                              (/** @type {any} */ c) =>
                                  html`<a key=${c.id} class="fact-item" href=${`schedules/${segment(c.id)}`}
                                      ><span class="clip">${c.id}</span>
                                      <${Chip} kind=${c.kind === 'late' ? 'warn' : 'bad'}
                                          >${t.kind[c.kind] ?? c.kind}<//
                                      ><span class="fact-note clip" title=${c.reason}>${c.reason}</span></a
                                  >`,
                          )
                }
            </div>`
        }
    </div>`;
}

/** Throughput and waits. @param {{ live: any, range: string }} props */
function Charts({ live, range }) {
    const far = useResource(range === '1h' ? null : 'api/chart', { range });
    const chart = range === '1h' ? live : far.data;
    const lines = useFlow(chart, t);
    return html`<${Section}
        title=${t.flow}
        class="wide"
        aside=${html`<${Choice} label=${t.range} name="range" value=${range} fallback="1h" options=${t.ranges} />`}
    >
        ${far.error && html`<${Failure} error=${far.error} retry=${far.reload} />`}
        ${
            lines &&
            html`<div class="grid-2">
                <${Chart}
                    label=${t.flow}
                    times=${lines.times}
                    lines=${lines.flow}
                    deploys=${chart.deploys}
                    sync="overview"
                />
                <${Chart}
                    label=${t.oldestWaiting}
                    times=${lines.times}
                    lines=${lines.wait}
                    deploys=${chart.deploys}
                    sync="overview"
                    open=${false}
                />
            </div>`
        }<//
    >`;
}

/** The overview: first a sentence, then numbers. @param {{ query: URLSearchParams }} props */
export default function Overview({ query }) {
    const { data, error, reload } = useResource('api/overview', {}, { topic: 'overview', apply: merge });
    useTitle(data?.verdict.sentence ?? t.title);
    useEffect(() => {
        if (data && liveState.peek() !== 'live') pulse.value = pulseOf(data);
    }, [data]);
    if (error && !data) return html`<${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Loading} />`;
    const fresh = data.queues.length === 0 && data.running.length === 0 && data.failures.length === 0;
    return html`<${Verdict} verdict=${data.verdict} storage=${data.storage} />
        ${error && html`<${Failure} error=${error} retry=${reload} beside />`}
        ${
            fresh
                ? html`<${Section}><${Empty} text=${t.empty} code=${t.emptyCode} /><//>`
                : html`<${Body} data=${data} query=${query} />`
        }`;
}

/** @param {{ data: any, query: URLSearchParams }} props */
function Body({ data, query }) {
    return html`<dl class="figures">
            <div>
                <dt>${t.waitingNow}</dt>
                <dd><a href=${href('jobs', { q: 'state:queued' })}>${short(data.totals.waiting)}</a></dd>
            </div>
            <div>
                <dt>${t.runningNow}</dt>
                <dd><a href="running">${short(data.totals.claimed)}</a></dd>
            </div>
            <div>
                <dt>${t.scheduledNow}</dt>
                <dd><a href=${href('jobs', { q: 'state:scheduled' })}>${short(data.totals.scheduled)}</a></dd>
            </div>
            <div>
                <dt>${t.done}</dt>
                <dd>${rate(data.rates.succeeded_per_s)}</dd>
            </div>
            <div>
                <dt>${t.failing}</dt>
                <dd class=${data.rates.failed_per_s >= 0.05 ? 'bad' : ''}>${rate(data.rates.failed_per_s)}</dd>
            </div>
        </dl>
        <div class="overview">
            <div class="stack">
                <${Queues} data=${data} />${has('history') && html`<${Failures} data=${data} />`}<${Longest}
                    data=${data}
                />
            </div>
            <${Beside} data=${data} />
        </div>
        <${Charts} live=${data.chart} range=${query.get('range') ?? '1h'} />`;
}

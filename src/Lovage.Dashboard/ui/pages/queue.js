// @ts-check
import { html } from '../lib/dom.js';
import { can, segment } from '../lib/api.js';
import { duration, rate, short, workerName } from '../lib/format.js';
import { href } from '../lib/router.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Button, Failure, Head, Loading, Menu, Notice, Section } from '../components/bits.js';
import { Chart } from '../components/chart.js';
import { Empty } from '../components/empty.js';
import { Figures, Rest, useFirst } from '../components/filter.js';
import { queueActions, turnQueue } from '../components/queue-actions.js';
import { quote } from '../components/search.js';
import { Table } from '../components/table.js';
import { useFlow } from '../components/flow.js';
import { s } from '../strings.pages.en.js';
import { unserved } from './queues.js';

const t = s.queues;

/** What the queue does, in words. @param {any} q */
function sentence(q) {
    if (unserved(q)) return t.isUnserved(q.ready);
    if (q.paused) return t.isPaused(q.ready, q.claimed);
    if (q.ready === 0) return q.claimed > 0 ? t.isEmptying(q.claimed) : t.isEmpty;
    return q.drain_seconds === null ? t.isGrowing(q.ready) : t.isMoving(q.ready, duration(q.drain_seconds));
}

/** The jobs by state as one bar to scale; each part leads to its jobs. @param {{ q: any }} props */
function Depth({ q }) {
    const parts = [
        { key: 'queued', text: t.waiting, n: q.ready, colour: '--queued' },
        { key: 'running', text: t.running, n: q.claimed, colour: '--run' },
        { key: 'scheduled', text: t.scheduled, n: q.scheduled, colour: '--scheduled' },
    ];
    const sum = parts.reduce((all, p) => all + p.n, 0);
    let x = 0;
    return html`<${Section}
        title=${t.depth}
        aside=${html`<a href=${href('jobs', { q: `queue:${quote(q.name)}` })}>${t.allJobs}</a>`}
    >
        <svg
            class="depth"
            viewBox="0 0 1000 10"
            preserveAspectRatio="none"
            role="img"
            aria-label=${parts.map(p => `${p.text} ${p.n}`).join(', ')}
        >
            <rect class="depth-none" x="0" y="0" width="1000" height="10" />
            ${
                sum > 0 &&
                parts
                    .filter(p => p.n > 0)
                    .map(p => {
                        const wide = Math.max(6, (p.n / sum) * 1000);
                        const at = x;
                        x += wide;
                        return html`<rect
                            key=${p.key}
                            class=${`depth-${p.key}`}
                            x=${at}
                            y="0"
                            width=${wide}
                            height="10"
                        />`;
                    })
            }
        </svg>
        <ul class="depth-list">
            ${parts.map(
                p =>
                    html`<li key=${p.key}>
                        <a href=${href('jobs', { q: `queue:${quote(q.name)} state:${p.key}` })}
                            ><i style=${{ background: `var(${p.colour})` }}></i> ${p.text} <b>${short(p.n)}</b></a
                        >
                    </li>`,
            )}
        </ul><//
    >`;
}

/** @param {{ chart: any }} props */
function Charts({ chart }) {
    const lines = useFlow(chart, t);
    if (!lines) return null;
    return html`<div class="grid-2">
        <${Section} title=${t.oldestWaiting}
            ><${Chart}
                label=${t.oldestWaiting}
                times=${lines.times}
                lines=${lines.wait}
                deploys=${chart.deploys}
                sync="queue"
                open=${false}
        /><//>
        <${Section} title=${t.flow}
            ><${Chart} label=${t.flow} times=${lines.times} lines=${lines.flow} deploys=${chart.deploys} sync="queue"
        /><//>
    </div>`;
}

/** @param {{ q: any }} props */
function Names({ q }) {
    const part = useFirst(q.names, 20);
    /** @type {import('../components/table.js').Column[]} */
    const columns = [
        {
            key: 'name',
            title: t.job,
            grow: true,
            cell: r =>
                html`<span class="clip"
                    ><a href=${href('jobs', { q: `queue:${quote(q.name)} name:${quote(r.name)}` })} title=${r.name}
                        >${r.name}</a
                    ></span
                >`,
        },
        { key: 'enqueued', title: t.enqueued, num: true, from: 640, cell: r => short(r.enqueued) },
        { key: 'succeeded', title: t.succeeded, num: true, cell: r => short(r.succeeded) },
        {
            key: 'failed',
            title: t.failed,
            num: true,
            cell: r => html`<span class=${r.failed ? 'bad' : 'dim'}>${short(r.failed)}</span>`,
        },
        {
            key: 'retried',
            title: t.retried,
            num: true,
            from: 640,
            cell: r => html`<span class=${r.retried ? '' : 'dim'}>${short(r.retried)}</span>`,
        },
        {
            key: 'dead',
            title: t.dead,
            num: true,
            from: 640,
            cell: r => html`<span class=${r.dead ? 'bad' : 'dim'}>${short(r.dead)}</span>`,
        },
    ];
    return html`<${Section} title=${t.names} flush
            >${
                q.names.length === 0
                    ? html`<p class="calm">${t.noNames}</p>`
                    : html`<${Table}
                          label=${t.names}
                          columns=${columns}
                          rows=${part.shown}
                          rowKey=${(/** @type {any} */ r) => r.name}
                          href=${(/** @type {any} */ r) =>
                              href('jobs', { q: `queue:${quote(q.name)} name:${quote(r.name)}` })}
                          steady
                      />`
            }<//
        ><${Rest} part=${part} />`;
}

/** @param {{ q: any }} props */
function Workers({ q }) {
    const part = useFirst(q.workers_list, 20);
    return html`<${Section} title=${t.workersOf} flush
            >${
                q.workers_list.length === 0
                    ? html`<${Empty} text=${t.noWorkers} code=${t.noWorkersCode(q.name)} />`
                    : html`<ul class="list">
                          ${part.shown.map(
                              (/** @type {any} */ w) =>
                                  html`<li key=${w.owner}>
                                      <a class="mono clip" href=${`workers/${segment(w.owner)}`} title=${w.owner}
                                          >${workerName(w.owner)}</a
                                      ><span class="dim clip">${w.host}</span>
                                  </li>`,
                          )}
                      </ul>`
            }<//
        ><${Rest} part=${part} />`;
}

/** @param {{ params: Record<string, string> }} props */
export default function Queue({ params }) {
    const {
        data: q,
        error,
        reload,
    } = useResource(
        `api/queues/${segment(params.name)}`,
        {},
        {
            topic: 'queues',
            every: 5000,
            apply: (old, event) => {
                const row = event.items?.find((/** @type {any} */ r) => r.name === params.name);
                return row ? { ...old, ...row } : undefined;
            },
        },
    );
    useTitle(params.name);
    const back = { href: 'queues', text: s.nav.queues };
    if (error && !q)
        return html`<${Head} title=${params.name} back=${back} /><${Failure} error=${error} retry=${reload} />`;
    if (!q) return html`<${Head} title=${params.name} back=${back} /><${Loading} />`;
    const items = queueActions(q, reload).slice(can('operate') ? 1 : 0);
    return html`<${Head} title=${q.name} back=${back} sub=${sentence(q)}>
            ${
                can('operate') &&
                html`<${Button}
                    icon=${q.paused ? 'play' : 'pause'}
                    kind=${q.paused ? 'primary' : 'plain'}
                    onClick=${() => turnQueue(q, reload)}
                    >${q.paused ? t.resume : t.pause}<//
                >`
            }
            ${items.length > 0 && html`<${Menu} label=${t.actionsOf(q.name)} items=${items} />`}<//
        >
        ${error && html`<${Failure} error=${error} retry=${reload} />`}
        ${
            q.paused &&
            html`<${Notice} kind="warn" icon="pause"
                ><strong>${t.pausedHead}</strong> ${q.pause_reason ?? t.noReason}<//
            >`
        }
        <${Figures}
            items=${[
                [t.oldestWaits, duration(q.oldest_seconds), unserved(q) ? 'bad' : undefined],
                [t.waiting, short(q.ready)],
                [t.rateIn, rate(q.rate_in)],
                [t.rateOut, rate(q.rate_out)],
                [t.drain, q.ready === 0 ? '–' : q.drain_seconds === null ? t.never : duration(q.drain_seconds)],
                [t.workers, q.workers ?? '–', q.workers === 0 ? 'bad' : undefined],
            ]}
        />
        <div class="stack">
            <${Depth} q=${q} /><${Charts} chart=${q.chart} />
            <div class="split">
                <div><${Names} q=${q} /></div>
                <div><${Workers} q=${q} /></div>
            </div>
        </div>`;
}

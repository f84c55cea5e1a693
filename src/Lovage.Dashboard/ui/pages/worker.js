// @ts-check
import { html } from '../lib/dom.js';
import { segment } from '../lib/api.js';
import { shortVersion, workerName } from '../lib/format.js';
import { href } from '../lib/router.js';
import { tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { State } from '../components/badge.js';
import { Button, Copy, Facts, Failure, Head, Loading, Menu, Notice, Section, Time } from '../components/bits.js';
import { jobColumns } from '../components/jobs.js';
import { quote } from '../components/search.js';
import { JobTable } from '../components/table.js';
import { addQueue, canControl, cancelQueue, ping, quiet, wake, workerActions } from '../components/worker-actions.js';
import { s } from '../strings.pages.en.js';
import { isSilent, Slots, Uptime } from './workers.js';

const t = s.workers;

/** The jobs that it runs now. @param {{ w: any }} props */
function Running({ w }) {
    const q = `worker:${quote(w.owner)} state:running`;
    const { data, error, reload } = useResource('api/jobs', { q, limit: 50 }, { topic: 'jobs', every: 3000 });
    const columns = jobColumns.filter(c => ['state', 'name', 'queue', 'run', 'when'].includes(c.key));
    return html`<${Section}
        title=${t.runsNow}
        flush
        aside=${html`<a href=${href('jobs', { q: `worker:${quote(w.owner)}` })}>${t.allJobs}</a>`}
    >
        ${
            error && !data
                ? html`<${Failure} error=${error} retry=${reload} />`
                : !data
                  ? html`<${Loading} rows=${2} />`
                  : data.items.length === 0
                    ? html`<p class="calm">${t.runsNothing}</p>`
                    : html`<${JobTable} label=${t.runsNow} columns=${columns} rows=${data.items} steady />`
        }<//
    >`;
}

/** @param {{ w: any, reload: () => void }} props */
const QueuesOf = ({ w, reload }) =>
    html`<${Section}
        title=${t.queues}
        flush
        aside=${canControl() && html`<${Button} small icon="enqueue" onClick=${() => addQueue(w, reload)}>${t.add}<//>`}
    >
        ${
            w.queues.length === 0
                ? html`<p class="calm">${t.servesNone}</p>`
                : html`<ul class="list">
                      ${w.queues.map(
                          (/** @type {string} */ q) =>
                              html`<li key=${q}>
                                  <a class="clip" href=${`queues/${segment(q)}`} title=${q}>${q}</a>
                                  ${
                                      canControl() &&
                                      html`<span class="end"
                                          ><${Button}
                                              small
                                              kind="quiet"
                                              label=${t.cancelOf(q)}
                                              icon="cross"
                                              onClick=${() => cancelQueue(w, q, reload)}
                                      /></span>`
                                  }
                              </li>`,
                      )}
                  </ul>`
        }<//
    >`;

/** @param {{ w: any }} props */
const Known = ({ w }) =>
    html`<${Section} title=${t.knows(w.known)}
        >${
            w.names.length === 0
                ? html`<span class="dim">${t.knowsNone}</span>`
                : html`<ul class="names">
                      ${w.names.map(
                          (/** @type {string} */ n) =>
                              html`<li key=${n}>
                                  <a class="clip" href=${href('jobs', { q: `name:${quote(n)}` })} title=${n}>${n}</a>
                              </li>`,
                      )}
                  </ul>`
        }
        ${w.known > w.names.length && html`<p class="dim small">${s.table.shown(w.names.length, w.known)}</p>`}<//
    >`;

/** @param {{ params: Record<string, string> }} props */
export default function Worker({ params }) {
    const { data, error, reload } = useResource(
        'api/workers',
        {},
        { topic: 'workers', apply: (_old, next) => (next.items ? next : undefined) },
    );
    void tick.value;
    useTitle(workerName(params.owner));
    const back = { href: 'workers', text: s.nav.workers };
    const title = html`<span class="mono" title=${params.owner}>${workerName(params.owner)}</span>`;
    if (error && !data)
        return html`<${Head} title=${title} back=${back} /><${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Head} title=${title} back=${back} /><${Loading} />`;
    const w = data.items.find((/** @type {any} */ x) => x.owner === params.owner);
    if (!w)
        return html`<${Head} title=${title} back=${back} sub=${t.gone} />
            <p><a class="link" href=${href('jobs', { q: `worker:${quote(params.owner)}` })}>${t.itsJobs}</a></p>`;
    const silent = isSilent(w);
    const again = () => {
        reload();
    };
    const items = workerActions(w, again).slice(1);
    return html`<${Head} title=${title} back=${back} sub=${t.says(w, silent)}>
            ${
                canControl() &&
                html`<${Button}
                        icon=${w.state === 'quiet' ? 'play' : 'pause'}
                        kind=${w.state === 'quiet' ? 'primary' : 'plain'}
                        onClick=${() => (w.state === 'quiet' ? wake : quiet)(w, again)}
                        >${w.state === 'quiet' ? t.wake : t.quiet}<//
                    >
                    <${Button} icon="turn" onClick=${() => ping([w])}>${t.ping}<//
                    ><${Menu} label=${s.queues.actionsOf(workerName(w.owner))} items=${items.slice(1)} />`
            }<//
        >
        ${error && html`<${Failure} error=${error} retry=${reload} />`}
        ${silent && html`<${Notice} kind="bad" icon="errors"><strong>${t.silentHead}</strong> ${t.silentNote}<//>`}
        <div class=${`split${silent ? ' after' : ''}`}>
            <div class="stack"><${Running} w=${w} /><${Known} w=${w} /></div>
            <div class="stack">
                <${Section} title=${t.facts}
                    ><${Facts}
                        facts=${[
                            [
                                t.state,
                                silent
                                    ? html`<${State} state="failed" word=${t.silent} />`
                                    : html`<${State}
                                          state=${w.state === 'quiet' ? 'quiet' : 'active'}
                                          word=${t.states[w.state] ?? w.state}
                                      />`,
                            ],
                            [t.slots, html`<${Slots} w=${w} />`],
                            [t.host, html`${w.host}<${Copy} text=${w.host} />`],
                            [t.pid, w.process_id],
                            [t.version, html`<span title=${w.version}>${shortVersion(w.version)}</span>`],
                            [t.uptime, html`<${Uptime} at=${w.started_at} />`],
                            [t.started, html`<${Time} at=${w.started_at} />`],
                            [t.beat, html`<span class=${silent ? 'bad' : ''}><${Time} at=${w.beat_at} /></span>`],
                        ]} /><//
                ><${QueuesOf} w=${w} reload=${again} />
            </div>
        </div>`;
}

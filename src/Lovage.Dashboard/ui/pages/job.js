// @ts-check
import { html, useMemo } from '../lib/dom.js';
import { can, segment } from '../lib/api.js';
import { bytes, duration, middle, relative } from '../lib/format.js';
import { go, safeLink } from '../lib/router.js';
import { tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Attempt, Out } from '../components/attempt.js';
import { State } from '../components/badge.js';
import {
    Button,
    Copy,
    Facts,
    Failure,
    Head,
    Id,
    Loading,
    Menu,
    Notice,
    Section,
    Soft,
    Time,
} from '../components/bits.js';
import { toast } from '../components/dialog.js';
import { editAndRun } from '../components/edit.js';
import { ErrorView } from '../components/error.js';
import { Icon } from '../components/icon.js';
import { Find, actOn, actionsOf, find, jobColumns } from '../components/jobs.js';
import { Json } from '../components/json.js';
import { Logs } from '../components/logs.js';
import { Meter } from '../components/spark.js';
import { JobTable } from '../components/table.js';
import { Timeline } from '../components/timeline.js';
import { s } from '../strings.pages.en.js';

const t = s.job;

/** How long the newest attempt waited: what it has kept, else what its times say. @param {any} job */
const waited = job => job.attempts_list.at(-1)?.wait_seconds ?? job.wait_seconds ?? null;

/** How long the newest attempt ran. @param {any} job */
const ran = job =>
    job.state === 'running'
        ? job.run_seconds
        : (job.attempts_list.at(-1)?.duration_seconds ?? job.run_seconds ?? null);

/**
 * The job with the attempt that runs: a storage may keep an attempt only when it has ended.
 * @param {any} job
 */
function withRunning(job) {
    const last = job?.attempts_list.at(-1);
    if (job?.state !== 'running' || !job.started_at || (last && !last.end)) return job;
    const running = {
        number: job.attempts,
        started_at: job.started_at,
        wait_seconds: job.wait_seconds,
        duration_seconds: null,
        end: null,
        worker: job.worker,
    };
    return { ...job, attempts_list: [...job.attempts_list, running] };
}

/** What happened, in one sentence. @param {any} job */
function sentence(job) {
    void tick.value;
    const ago = relative(job.finished_at);
    const last = job.attempts_list.at(-1);
    switch (job.state) {
        case 'succeeded':
            return t.say.succeeded(ago, duration(job.run_seconds ?? last?.duration_seconds), job.attempts);
        case 'failed':
            return t.say.failed(ago, job.attempts);
        case 'dead':
            return `${t.say.dead(ago)} ${job.reason ?? ''}`;
        case 'cancelled':
            return `${t.say.cancelled(ago)} ${job.reason ?? ''}`;
        case 'expired':
            return t.say.expired(ago);
        case 'running':
            return job.cancel_requested
                ? t.say.cancelling(relative(job.started_at))
                : t.say.running(relative(job.started_at), job.attempts, job.max_attempts);
        case 'retrying':
            return t.say.retrying(relative(job.due_at), job.attempts + 1, job.max_attempts);
        case 'scheduled':
            return t.say.scheduled(relative(job.due_at));
        default:
            return t.say.queued(relative(job.due_at ?? job.enqueued_at), job.queue);
    }
}

/** @param {{ job: any }} props */
function Arguments({ job }) {
    if (job.arguments === null) {
        if (!can('view_payloads'))
            return html`<${Section} title=${t.args}
                ><p class="dim small"><${Icon} name="lock" size=${14} /> ${t.argsForbidden}</p><//
            >`;
        return job.message?.text
            ? null
            : html`<${Section} title=${t.args}><p class="dim small">${t.argsUnknown}</p><//>`;
    }
    const hidden = job.arguments.filter((/** @type {any} */ a) => a.hidden);
    const value = Object.fromEntries(
        job.arguments.filter((/** @type {any} */ a) => !a.hidden).map((/** @type {any} */ a) => [a.name, a.value]),
    );
    return html`<${Section} title=${t.args}
        >${
            job.arguments.length === 0
                ? html`<p class="dim small">${t.argsNone}</p>`
                : html`<${Json} value=${value} label=${t.args} />`
        }
        ${
            hidden.length > 0 &&
            html`<p class="dim small hidden-args">
                <${Icon} name="lock" size=${14} />${' '}
                ${t.argsHidden(hidden.map((/** @type {any} */ a) => a.name).join(', '))}
            </p>`
        }
        ${job.payload_truncated && html`<p class="dim small">${t.truncated}</p>`}<//
    >`;
}

/** @param {{ job: any }} props How this job compares with its like. */
function similar({ job }) {
    if (!job.similar) return null;
    const mine = job.run_seconds;
    // Below a tenth of a second the difference is the machine's, not the job's.
    const slow = mine > 0.1 && job.similar.p95 && mine > job.similar.p95;
    return html`${t.similar(duration(job.similar.p50), duration(job.similar.p95), job.similar.count)}${
        slow && html` <b class="warn">${t.slower(mine / job.similar.p95)}</b>`
    }`;
}

/** @param {{ job: any }} props */
function Side({ job }) {
    const link = (/** @type {any} */ other) =>
        html`<a href=${`jobs/${segment(other.id)}`}>${other.name}</a> <${State} state=${other.state} />`;
    const id = (/** @type {string} */ value) =>
        html`<a class="mono" href=${`jobs/${segment(value)}`} title=${value}>${middle(value)}</a>`;
    return html`<div class="stack">
        <${Arguments} job=${job} />
        ${
            job.state === 'succeeded' &&
            html`<${Section} title=${t.result}
                >${
                    job.result_hidden
                        ? html`<p class="dim small"><${Icon} name="lock" size=${14} /> ${t.resultHidden}</p>`
                        : job.result === null || job.result === undefined
                          ? html`<p class="dim small">${t.resultNone}</p>`
                          : html`<${Json} value=${job.result} label=${t.result} />`
                }<//
            >`
        }
        <${Section} title=${t.facts}
            ><${Facts}
                facts=${[
                    [t.id, html`<${Id} id=${job.id} length=${17} />`],
                    [s.jobs.queue, html`<a href=${`queues/${segment(job.queue)}`}>${job.queue}</a>`],
                    [t.celery, html`<span class="mono">${job.celery_state}</span>`],
                    [
                        t.tags,
                        job.tags?.length > 0
                            ? html`<span class="row"
                                  >${job.tags.map(
                                      (/** @type {string} */ tag) =>
                                          html`<${Find} key=${tag} field="tag" value=${tag} class="chip"
                                              ><${Icon} name="tag" size=${12} />${tag}<//
                                          >`,
                                  )}</span
                              >`
                            : null,
                    ],
                    [t.enqueued, html`<${Time} at=${job.enqueued_at} />`],
                    [
                        t.due,
                        ['scheduled', 'retrying'].includes(job.state) ? html`<${Time} at=${job.due_at} />` : null,
                    ],
                    [t.started, job.started_at ? html`<${Time} at=${job.started_at} />` : null],
                    [t.finished, job.finished_at ? html`<${Time} at=${job.finished_at} />` : null],
                    [s.jobs.attempts, t.ofAttempts(job.attempts, job.max_attempts)],
                    [s.jobs.waited, waited(job) === null ? null : duration(waited(job))],
                    [
                        job.state === 'running' ? s.running.runsFor : s.jobs.ran,
                        ran(job) === null ? null : duration(ran(job)),
                    ],
                    [t.similarTitle, similar({ job })],
                    [s.jobs.priority, job.priority],
                    [
                        t.limits,
                        job.time_limit
                            ? job.soft_time_limit
                                ? t.limitBoth(duration(job.soft_time_limit), duration(job.time_limit))
                                : duration(job.time_limit)
                            : null,
                    ],
                    [t.expires, job.expires_at ? html`<${Time} at=${job.expires_at} />` : null],
                    [
                        t.schedule,
                        job.schedule_id
                            ? html`<a href=${`schedules/${segment(job.schedule_id)}`}>${job.schedule_id}</a
                                  >${job.tick && html` <span class="dim">${t.tick} <${Time} at=${job.tick} /></span>`}`
                            : null,
                    ],
                    [t.origin, job.origin],
                    [t.editedFrom, job.edited_from ? id(job.edited_from) : null],
                    [
                        t.editedInto,
                        job.edited_into?.length > 0
                            ? html`<span class="row">${job.edited_into.map(id)}</span>`
                            : null,
                    ],
                    [t.parent, job.parent ? link(job.parent) : job.parent_id ? id(job.parent_id) : null],
                    [t.root, job.root && job.root.id !== job.parent?.id ? link(job.root) : null],
                    [t.trace, safeLink(job.trace_url) ? html`<${Out} url=${job.trace_url}>${t.traceLink}<//>` : null],
                ]}
        /><//>
    </div>`;
}

/** The raw message and its headers. @param {{ job: any }} props */
function Raw({ job }) {
    const headers = Object.entries(job.headers ?? {});
    return html`<details class="raw">
        <summary>${t.raw} <span class="dim">${bytes(job.message?.size)}</span></summary>
        ${
            job.message?.text
                ? html`<div class="code">
                      <pre tabindex="0"><code>${job.message.text}</code></pre>
                      <${Copy} text=${job.message.text} label=${t.copyBody} />
                  </div>`
                : html`<p class="dim small">${t.rawHidden}</p>`
        }
        ${
            headers.length > 0 &&
            html`<${Facts}
                facts=${headers.map(
                    ([k, v]) =>
                        /** @type {[string, any]} */ ([
                            k,
                            html`<span class="mono">${typeof v === 'string' ? v : JSON.stringify(v)}</span>`,
                        ]),
                )}
            />`
        }
    </details>`;
}

/** One job. @param {{ params: { id: string } }} props */
export default function Job({ params }) {
    const { data, error, reload } = useResource(
        `api/jobs/${segment(params.id)}`,
        {},
        { topic: `job:${params.id}`, apply: (_, next) => next, every: 1000 },
    );
    const job = useMemo(() => withRunning(data), [data]);
    useTitle(job ? `${s.states[job.state] ?? job.state}: ${job.name}` : t.title);
    if (error && !job)
        return html`<${Head} title=${t.title} back=${{ href: 'jobs', text: s.jobs.title }} /><${Failure}
                error=${error}
                retry=${reload}
            />`;
    if (!job) return html`<${Loading} />`;

    const run = async (/** @type {string} */ name) => {
        const answer = await (name === 'edit' ? editAndRun(job) : actOn(job, name));
        if (!answer) return;
        if (answer.sentence) toast(answer.sentence);
        if (name === 'delete') go('jobs', { replace: true });
        else if (name === 'edit' && answer.id) go(`jobs/${segment(answer.id)}`);
        else reload();
    };
    const all = actionsOf(job).filter(a => a.name !== 'edit' || can('view_payloads'));
    const first =
        all.find(a => ['run-again', 'run-now'].includes(a.name)) ??
        all.find(a => a.name === 'cancel' && !job.cancel_requested);
    const rest = all.filter(a => a !== first);
    const newest = job.attempts_list.at(-1);
    const running = job.state === 'running';
    const failing = newest?.error && ['failed', 'retrying', 'dead', 'cancelled'].includes(job.state);
    const lines = running ? (job.live_logs ?? []) : (newest?.logs ?? []);
    return html`<${Head}
            back=${{ href: 'jobs', text: s.jobs.title }}
            title=${html`<${Soft} text=${job.name} />`}
            sub=${html`<${State} state=${job.state} celery=${job.celery_state} /> <span>${sentence(job)}</span>`}
        >
            ${
                first &&
                html`<${Button}
                    kind=${first.danger ? 'danger' : 'primary'}
                    icon=${first.icon}
                    onClick=${() => run(first.name)}
                    >${first.label}<//
                >`
            }
            ${
                rest.length > 0 &&
                html`<${Menu}
                    kind="plain"
                    label=${t.more}
                    items=${rest.map(a => ({ label: a.label, icon: a.icon, danger: a.danger, run: () => run(a.name) }))}
                />`
            }<//
        >
        ${error && html`<${Failure} error=${error} retry=${reload} beside />`}
        ${job.cancel_requested && running && html`<${Notice} kind="warn" icon="pause">${t.cancelAsked}<//>`}
        <div class="split">
            <div class="stack">
                ${
                    running &&
                    job.progress !== null &&
                    job.progress !== undefined &&
                    html`<div class="progress">
                        <${Meter} value=${job.progress} label=${s.jobs.progress(job.progress)} /><b
                            >${Math.round(job.progress * 100)} %</b
                        ><span class="dim">${job.progress_message}</span>
                    </div>`
                }
                <${Section} title=${t.attempts}
                    ><${Timeline} job=${job} /> ${
                        job.attempts_list.length > 0
                            ? html`<ol class="attempts">
                                  ${job.attempts_list
                                      .map(
                                          (/** @type {any} */ a) =>
                                              html`<${Attempt}
                                                  key=${a.number}
                                                  job=${job}
                                                  attempt=${a}
                                                  newest=${a === newest}
                                              />`,
                                      )
                                      .reverse()}
                              </ol>`
                            : html`<p class="dim small">${t.attemptsNone}</p>`
                    }<//
                >
                ${
                    failing &&
                    html`<${Section} title=${t.error} class="section-error"
                        ><${ErrorView}
                            error=${newest.error}
                            href=${newest.error.fingerprint ? `errors/${segment(newest.error.fingerprint)}` : undefined}
                    /><//>`
                }
                ${
                    (running || newest) &&
                    html`<${Section}
                        title=${running ? t.liveLogs : t.logs}
                        aside=${html`<${Out} url=${newest?.log_url}>${t.logLink}<//>`}
                        ><${Logs} lines=${lines} live=${running}
                    /><//>`
                }
                ${
                    job.children?.length > 0 &&
                    html`<${Section}
                        title=${t.children}
                        flush
                        aside=${html`<a href=${find('root', job.root_id ?? job.id)}>${t.tree}</a>`}
                    >
                        <${JobTable}
                            label=${t.children}
                            columns=${jobColumns.filter(c => ['state', 'name', 'run', 'when'].includes(c.key))}
                            rows=${job.children}
                    /><//>`
                }
                <${Raw} job=${job} />
            </div>
            <${Side} job=${job} />
        </div>`;
}

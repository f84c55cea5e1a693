// @ts-check
import { html } from '../lib/dom.js';
import { can } from '../lib/api.js';
import { attemptsOf, duration, workerName } from '../lib/format.js';
import { serverNow, tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Button, Failure, Head, Loading, Section } from '../components/bits.js';
import { Empty } from '../components/empty.js';
import { Named, actOn } from '../components/jobs.js';
import { Meter } from '../components/spark.js';
import { JobTable } from '../components/table.js';
import { s } from '../strings.pages.en.js';

const t = s.running;

/** Counts on between two answers of the server. @param {{ job: any }} props */
function Elapsed({ job }) {
    void tick.value;
    const seconds = job.started_at
        ? Math.max(job.seconds ?? 0, (serverNow() - Date.parse(job.started_at)) / 1000)
        : job.seconds;
    return html`<b class=${job.factor > 2 ? 'warn' : ''}>${duration(seconds < 60 ? Math.floor(seconds) : seconds)}</b
        >${job.factor > 2 && html`<span class="under warn">${t.factor(job.factor)}</span>`}`;
}

/** The jobs that run now, the longest first. */
export default function Running() {
    const { data, error, reload } = useResource('api/running', {}, { topic: 'jobs', every: 3000 });
    useTitle(t.title);
    if (error && !data) return html`<${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Loading} />`;
    const cancel = async (/** @type {any} */ job) => {
        if (await actOn(job, 'cancel')) reload();
    };
    /** @type {import('../components/table.js').Column[]} */
    const columns = [
        {
            key: 'name',
            title: s.jobs.name,
            grow: true,
            class: 'two',
            cell: j =>
                html`<${Named} job=${j} />
                    ${
                        j.progress !== null &&
                        j.progress !== undefined &&
                        html`<span class="clip small dim"
                            ><${Meter} value=${j.progress} label=${s.jobs.progress(j.progress)} />
                            ${` ${Math.round(j.progress * 100)} % ${j.progress_message ?? ''}`}</span
                        >`
                    }
                    <span class="phone-line dim">${j.queue} · ${workerName(j.worker)}</span>`,
        },
        { key: 'for', title: t.runsFor, num: true, cell: j => html`<${Elapsed} job=${j} />` },
        {
            key: 'usual',
            title: t.usual,
            num: true,
            from: 640,
            cell: j => (j.usual_p95 === null ? html`<span class="dim">${t.unknown}</span>` : duration(j.usual_p95)),
        },
        { key: 'queue', title: s.jobs.queue, from: 900, cell: j => j.queue },
        {
            key: 'worker',
            title: s.jobs.worker,
            from: 900,
            cell: j => html`<span class="clip narrow" title=${j.worker}>${workerName(j.worker)}</span>`,
        },
        {
            key: 'attempt',
            title: t.attempt,
            num: true,
            from: 1100,
            cell: j => attemptsOf(j.attempts, j.max_attempts),
        },
        {
            key: 'act',
            title: t.action,
            hideTitle: true,
            from: 640,
            cell: j =>
                can('operate') &&
                (j.cancel_requested
                    ? html`<span class="dim">${s.jobs.cancelling}</span>`
                    : html`<${Button} small onClick=${() => cancel(j)}>${s.jobs.action.cancel}<//>`),
        },
    ];
    return html`<${Head} title=${t.title} sub=${data.items.length > 0 ? t.sub(data.items.length) : undefined} />
        ${error && html`<${Failure} error=${error} retry=${reload} beside />`}
        ${
            data.items.length === 0
                ? html`<${Section}><${Empty} text=${t.empty} code=${t.emptyCode} /><//>`
                : html`<${Section} flush
                      ><${JobTable} label=${t.title} columns=${columns} rows=${data.items} steady
                  /><//>`
        }`;
}

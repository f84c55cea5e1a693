// @ts-check
// What the pages of jobs share: the columns of a list, and the actions on one job.
import { html } from '../lib/dom.js';
import { can, post, segment } from '../lib/api.js';
import { attemptsOf, duration, workerName } from '../lib/format.js';
import { href } from '../lib/router.js';
import { session } from '../lib/state.js';
import { s } from '../strings.pages.en.js';
import { State } from './badge.js';
import { Id, Time } from './bits.js';
import { ask } from './dialog.js';
import { Meter } from './spark.js';
import { quote } from './search.js';

const t = s.jobs;

/** A search by one qualifier, as a link. @param {string} field @param {string} value */
export const find = (field, value) => href('jobs', { q: `${field}:${quote(value)}` });

/**
 * A link to the jobs with this value, or plain text where the storage has no such qualifier.
 * @param {{ field: string, value: string, children?: any, class?: string, title?: string }} props
 */
export const Find = ({ field, value, children, class: more = '', title }) =>
    session.value?.features?.qualifiers?.includes(field)
        ? html`<a class=${more} href=${find(field, value)} title=${title}>${children ?? value}</a>`
        : html`<span class=${more} title=${title}>${children ?? value}</span>`;

/** How many tags a row shows. */
const tagsShown = 2;

/** The name of a job as a link, and its first tags; a long name gives way to them. @param {{ job: any }} props */
export function Named({ job }) {
    const tags = job.tags ?? [];
    const more = tags.slice(tagsShown);
    return html`<span class="named"
        ><a class="name" href=${`jobs/${segment(job.id)}`} title=${job.name}>${job.name}</a> ${tags
            .slice(0, tagsShown)
            .map(
                (/** @type {string} */ tag) =>
                    html`<${Find} key=${tag} field="tag" value=${tag} class="chip tag" title=${t.withTag(tag)} />`,
            )}
        ${more.length > 0 && html`<span class="dim small" title=${more.join('\n')}>+${more.length}</span>`}</span
    >`;
}

/** @param {{ job: any }} props What a row says beside its name: error, reason or progress. */
function Note({ job }) {
    if (job.state === 'running' && job.progress !== null && job.progress !== undefined) {
        return html`<span class="clip small dim"
            ><${Meter} value=${job.progress} label=${t.progress(job.progress)} />${' '}
            ${Math.round(job.progress * 100)} % ${job.progress_message}</span
        >`;
    }
    const text =
        job.state === 'dead' && job.reason
            ? job.reason
            : job.error
              ? `${job.error.type.slice(job.error.type.lastIndexOf('.') + 1)}: ${job.error.message}`
              : job.reason;
    return text
        ? html`<span class=${`clip small ${job.error && job.state !== 'retrying' ? 'bad' : 'dim'}`} title=${text}
              >${text}</span
          >`
        : null;
}

/** @type {import('./table.js').Column[]} */
export const jobColumns = [
    {
        key: 'state',
        title: t.state,
        class: 'state-cell',
        cell: job =>
            html`<${State}
                state=${job.cancel_requested && job.state === 'running' ? 'running' : job.state}
                celery=${job.celery_state}
                word=${job.cancel_requested && job.state === 'running' ? t.cancelling : undefined}
            />`,
    },
    {
        key: 'name',
        title: t.name,
        grow: true,
        fixed: true,
        class: 'two',
        cell: job =>
            html`<${Named} job=${job} /><${Note} job=${job} />
                <span class="phone-line dim">${job.queue} · <${Time} at=${moment(job)} /></span>`,
    },
    {
        key: 'queue',
        title: t.queue,
        from: 900,
        class: 'narrow',
        cell: job => html`<${Find} field="queue" value=${job.queue} class="clip" title=${job.queue} />`,
    },
    { key: 'wait', title: t.waited, num: true, from: 1100, cell: job => duration(job.wait_seconds) },
    { key: 'run', title: t.ran, num: true, from: 640, cell: job => duration(job.run_seconds) },
    {
        key: 'attempts',
        title: t.attempts,
        num: true,
        from: 900,
        cell: job =>
            html`<span class=${job.attempts > 1 ? '' : 'dim'}>${attemptsOf(job.attempts, job.max_attempts)}</span>`,
    },
    { key: 'when', title: t.when, from: 640, class: 'nowrap', cell: job => html`<${Time} at=${moment(job)} />` },
    { key: 'id', title: t.id, from: 1100, cell: job => html`<${Id} id=${job.id} />` },
    {
        key: 'worker',
        title: t.worker,
        from: 1100,
        off: true,
        cell: job =>
            job.worker
                ? html`<${Find} field="worker" value=${job.worker} class="clip" title=${job.worker}
                      >${workerName(job.worker)}<//
                  >`
                : '–',
    },
    { key: 'priority', title: t.priority, num: true, from: 900, off: true, cell: job => job.priority ?? '–' },
    {
        key: 'enqueued',
        title: t.enqueued,
        from: 900,
        off: true,
        class: 'nowrap',
        cell: job => html`<${Time} at=${job.enqueued_at} />`,
    },
];

/** The time that matters in the job's state. @param {any} job */
const moment = job =>
    job.state === 'scheduled' || job.state === 'retrying'
        ? job.due_at
        : (job.finished_at ?? job.started_at ?? job.enqueued_at);

/** Which actions a state allows, where the server did not say so. @param {string} state */
export const allowed = state => {
    const final = ['succeeded', 'failed', 'cancelled', 'expired', 'dead'].includes(state);
    const waits = ['scheduled', 'queued', 'retrying'].includes(state);
    return {
        run_again: final,
        run_now: state === 'scheduled' || state === 'retrying',
        cancel: !final,
        delete: final,
        move: waits,
        edit: true,
    };
};

/** The words and the dialog of each action. @type {Record<string, { icon: string, danger?: boolean }>} */
const actions = {
    'run-again': { icon: 'turn' },
    'run-now': { icon: 'play' },
    edit: { icon: 'edit' },
    move: { icon: 'move' },
    cancel: { icon: 'cross', danger: true },
    delete: { icon: 'trash', danger: true },
};

/** The actions that this person may take on this job, the most wanted first. @param {any} job */
export function actionsOf(job) {
    if (!can('operate')) return [];
    const may = job.can ?? allowed(job.state);
    return Object.entries(actions)
        .filter(([name]) => may[name.replace('-', '_')])
        .map(([name, { icon, danger }]) => ({ name, icon, danger, label: t.action[name] }));
}

/**
 * Asks, then acts on one job.
 * @param {any} job
 * @param {string} name
 * @returns {Promise<any>} the server's answer, or null
 */
export function actOn(job, name) {
    return ask({
        title: t.ask[name](job.name),
        body: t.askNote[name](job.max_attempts),
        verb: t.action[name],
        danger: actions[name].danger,
        reason: true,
        typed: name === 'delete' ? job.name : undefined,
        fields:
            name === 'move'
                ? [
                      { name: 'queue', label: t.toQueue, value: job.queue, required: true },
                      {
                          name: 'priority',
                          label: t.priority,
                          type: 'number',
                          value: String(job.priority ?? ''),
                          min: 0,
                          max: 9,
                      },
                  ]
                : undefined,
        run: values =>
            post(`api/jobs/${segment(job.id)}/${name}`, {
                ...values,
                ...(values.priority ? { priority: Number(values.priority) } : { priority: undefined }),
            }),
    });
}

// @ts-check
// What a person may ask of a worker. A worker answers by itself, or does not: the answer is shown.
import { html, useEffect, useState } from '../lib/dom.js';
import { can, has, post, segment } from '../lib/api.js';
import { duration, workerName } from '../lib/format.js';
import { s } from '../strings.pages.en.js';
import { State } from './badge.js';
import { ask, show, toast } from './dialog.js';

const t = s.workers;

/** @param {any} worker @param {string} action @param {any} [body] */
const send = (worker, action, body) => post(`api/workers/${segment(worker.owner)}/${action}`, body);

/** True where a person may control workers, and workers can be reached. */
export const canControl = () => can('administer') && has('control');

/**
 * @param {any} worker
 * @param {string} action
 * @param {any} question
 * @param {() => void} after
 * @param {(values: any) => any} [body]
 */
async function control(worker, action, question, after, body = values => values) {
    const done = await ask({
        reason: true,
        ...question,
        run: (/** @type {any} */ values) => send(worker, action, body(values)),
    });
    if (!done) return;
    toast(done.sentence ?? s.done, done.replied === false ? 'bad' : 'good');
    after();
}

/** @param {any} w @param {() => void} after */
export const quiet = (w, after) =>
    control(
        w,
        'quiet',
        { title: t.quietTitle(workerName(w.owner)), body: html`<p>${t.quietNote(w.running)}</p>`, verb: t.quietVerb },
        after,
    );
/** @param {any} w @param {() => void} after */
export const wake = (w, after) =>
    control(
        w,
        'resume',
        {
            title: t.wakeTitle(workerName(w.owner)),
            body: html`<p>${t.wakeNote(w.slots - w.running)}</p>`,
            verb: t.wakeVerb,
        },
        after,
    );
/** @param {any} w @param {() => void} after */
export const pool = (w, after) =>
    control(
        w,
        'pool',
        {
            title: t.poolTitle(workerName(w.owner)),
            body: html`<p>${t.poolNote(w.slots, w.running)}</p>`,
            verb: t.poolVerb,
            fields: [
                {
                    name: 'slots',
                    label: t.slots,
                    type: 'number',
                    value: String(w.slots),
                    min: 1,
                    max: 10000,
                    required: true,
                },
            ],
        },
        after,
        values => ({ ...values, slots: Number(values.slots) }),
    );
/** @param {any} w @param {() => void} after */
export const addQueue = (w, after) =>
    control(
        w,
        'add-queue',
        {
            title: t.addTitle(workerName(w.owner)),
            body: html`<p>${t.addNote}</p>`,
            verb: t.addVerb,
            fields: [{ name: 'queue', label: t.queue, required: true, max_length: 200 }],
        },
        after,
    );
/** @param {any} w @param {string} queue @param {() => void} after */
export const cancelQueue = (w, queue, after) =>
    control(
        w,
        'cancel-queue',
        {
            title: t.cancelTitle(queue),
            body: html`<p>${t.cancelNote(workerName(w.owner))}</p>`,
            verb: t.cancelVerb,
            danger: true,
        },
        after,
        values => ({ ...values, queue }),
    );

/** One worker's answer to a ping. @param {{ worker: any }} props */
function Reply({ worker }) {
    const [reply, setReply] = useState(/** @type {any} */ (null));
    useEffect(() => {
        send(worker, 'ping').then(setReply, error => setReply({ replied: false, sentence: error.message }));
    }, []);
    return html`<tr>
        <th scope="row" class="mono" title=${worker.owner}>${workerName(worker.owner)}</th>
        <td>
            ${
                reply === null
                    ? html`<span class="dim">${t.asking}</span>`
                    : reply.replied
                      ? html`<${State} state="done" word=${t.replied} />`
                      : html`<${State} state="failed" word=${t.silent} />`
            }
        </td>
        <td class="num">${reply?.replied ? duration(reply.seconds) : ''}</td>
        <td class="dim">${reply && !reply.replied ? reply.sentence : ''}</td>
    </tr>`;
}

/** Asks workers whether they are there, and shows each answer. @param {any[]} workers */
export const ping = workers =>
    show({
        title: t.pingTitle(workers.length),
        wide: true,
        draw: () =>
            html`<div class="table-scroll" role="region" tabindex="0" aria-label=${t.pingTitle(workers.length)}>
                <table class="table replies">
                    <tbody>
                        ${workers.map(w => html`<${Reply} key=${w.owner} worker=${w} />`)}
                    </tbody>
                </table>
            </div>`,
    });

/** The actions as items of a menu. @param {any} w @param {() => void} after @param {boolean} [short] */
export const workerActions = (w, after, short = false) =>
    !canControl()
        ? []
        : [
              w.state === 'quiet'
                  ? { label: t.wake, icon: 'play', run: () => wake(w, after) }
                  : { label: t.quiet, icon: 'pause', run: () => quiet(w, after) },
              { label: t.ping, icon: 'turn', run: () => ping([w]) },
              ...(short
                  ? []
                  : [
                        { label: t.pool, icon: 'edit', run: () => pool(w, after) },
                        { label: t.add, icon: 'enqueue', run: () => addQueue(w, after) },
                    ]),
          ];

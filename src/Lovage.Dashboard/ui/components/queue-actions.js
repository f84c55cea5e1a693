// @ts-check
// What a person may do to a queue.
import { html } from '../lib/dom.js';
import { can, get, has, post, segment } from '../lib/api.js';
import { count, number } from '../lib/format.js';
import { quote } from './search.js';
import { s } from '../strings.pages.en.js';
import { startOperation } from './bulk.js';
import { act, ask, toast } from './dialog.js';

const t = s.queues;

/** A pause needs a reason: it is what the next person reads. @type {import('./dialog.js').Field} */
export const whyField = { name: 'reason', label: t.why, hint: s.dialog.reasonHint, required: true, max_length: 500 };

/** @param {any} queue @param {string} action @param {any} [body] */
const send = (queue, action, body) => post(`api/queues/${segment(queue.name)}/${action}`, body);

/** @param {any} queue @param {() => void} after */
async function pause(queue, after) {
    const done = await ask({
        title: t.pauseTitle(queue.name),
        body: html`<p>${t.pauseNote(queue.ready, queue.claimed)}</p>`,
        verb: t.pauseVerb,
        fields: [whyField],
        run: values => send(queue, 'pause', values),
    });
    if (!done) return;
    toast(done.sentence ?? s.done, 'good', {
        label: t.undo,
        run: () => act(() => send(queue, 'resume')).then(after),
    });
    after();
}

/** @param {any} queue @param {() => void} after */
async function resume(queue, after) {
    const done = await ask({
        title: t.resumeTitle(queue.name),
        body: html`<p>${t.resumeNote(queue.ready, queue.workers)}</p>
            ${queue.pause_reason && html`<p>${t.pausedBecause} ${queue.pause_reason}</p>`}`,
        verb: t.resumeVerb,
        reason: true,
        run: values => send(queue, 'resume', values),
    });
    if (!done) return;
    toast(done.sentence ?? s.done);
    after();
}

/** @param {any} queue @param {() => void} after */
async function purge(queue, after) {
    const done = await ask({
        title: t.purgeTitle(queue.ready + queue.scheduled, queue.name),
        body: html`<p>${t.purgeNote}</p>`,
        verb: t.purgeVerb(queue.ready + queue.scheduled),
        danger: true,
        typed: queue.name,
        reason: true,
        run: values => send(queue, 'purge', { ...values, name: queue.name }),
    });
    if (!done) return;
    toast(done.sentence ?? s.done);
    after();
}

/** @param {any} queue @param {() => void} after */
async function move(queue, after) {
    const q = `queue:${quote(queue.name)} state:queued`;
    try {
        const { count: expected } = await get('api/jobs', { q, limit: 1 });
        if (number(expected) === 0) {
            toast(t.nothingWaits(queue.name), 'plain');
            return;
        }
        if (await startOperation({ action: 'move', q, expected })) after();
    } catch (error) {
        toast(/** @type {Error} */ (error).message, 'bad');
    }
}

/**
 * The actions as items of a menu.
 * @param {any} queue
 * @param {() => void} after
 */
export function queueActions(queue, after) {
    /** @type {any[]} */
    const items = [];
    if (can('operate')) {
        items.push(
            queue.paused
                ? { label: t.resume, icon: 'play', run: () => resume(queue, after) }
                : { label: t.pause, icon: 'pause', run: () => pause(queue, after) },
        );
        if (has('operations'))
            items.push({ label: t.move, note: count(queue.ready), icon: 'move', run: () => move(queue, after) });
    }
    if (can('administer'))
        items.push(...(items.length ? [null] : []), {
            label: t.purge,
            icon: 'trash',
            danger: true,
            run: () => purge(queue, after),
        });
    return items;
}

/** The one action that matters: pause or resume. @param {any} queue @param {() => void} after */
export const turnQueue = (queue, after) => (queue.paused ? resume(queue, after) : pause(queue, after));

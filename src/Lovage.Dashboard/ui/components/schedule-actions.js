// @ts-check
// What a person may do to a schedule, and the forms that override and create one.
import { html, useId, useState } from '../lib/dom.js';
import { can, post, remove, segment } from '../lib/api.js';
import { go } from '../lib/router.js';
import { useResource } from '../lib/stream.js';
import { s } from '../strings.pages.en.js';
import { Arguments, useArguments } from './arguments.js';
import { Failure } from './bits.js';
import { act, ask, show, toast } from './dialog.js';
import { whyField } from './queue-actions.js';
import { TriggerFields, usePreview, useTrigger } from './trigger-form.js';

const t = s.schedules;

/** @param {any} schedule @param {string} action @param {any} [body] */
const send = (schedule, action, body) => post(`api/schedules/${segment(schedule.id)}/${action}`, body);

/** @param {any} schedule @param {string} action @param {any} question @param {() => void} after @param {any} [undo] */
async function change(schedule, action, question, after, undo) {
    const done = await ask({
        reason: true,
        ...question,
        run: (/** @type {any} */ values) => send(schedule, action, values),
    });
    if (!done) return;
    toast(done.sentence ?? s.done, 'good', done.job ? { label: t.openJob, href: `jobs/${segment(done.job)}` } : undo);
    after();
}

/** @param {any} c @param {() => void} after */
export const runNow = (c, after) =>
    change(
        c,
        'run',
        { title: t.runTitle(c.id), body: html`<p>${t.runNote(c.job.name, c.job.queue)}</p>`, verb: t.runVerb },
        after,
    );
/** @param {any} c @param {() => void} after */
const pause = (c, after) =>
    change(
        c,
        'pause',
        {
            title: t.pauseTitle(c.id),
            body: html`<p>${t.pauseNote}</p>`,
            verb: t.pauseVerb,
            reason: false,
            fields: [whyField],
        },
        after,
        { label: s.queues.undo, run: () => act(() => send(c, 'resume')).then(after) },
    );
/** @param {any} c @param {() => void} after */
export const resume = (c, after) =>
    change(
        c,
        'resume',
        { title: t.resumeTitle(c.id), body: html`<p>${t.resumeNote(c.words)}</p>`, verb: t.resumeVerb },
        after,
    );
/** @param {any} c @param {() => void} after */
export const toCode = (c, after) =>
    change(
        c,
        'back-to-code',
        {
            title: t.codeTitle(c.id),
            body: html`<p>${t.codeNote(c.code?.words ?? c.code?.trigger ?? '')}</p>`,
            verb: t.codeVerb,
        },
        after,
    );

/** @param {any} c @param {() => void} after */
async function drop(c, after) {
    const done = await ask({
        title: t.deleteTitle(c.id),
        body: html`<p>${t.deleteNote}</p>`,
        verb: t.deleteVerb,
        danger: true,
        typed: c.id,
        reason: true,
        run: values => remove(`api/schedules/${segment(c.id)}`, values),
    });
    if (!done) return;
    toast(done.sentence ?? t.deleted(c.id));
    go('schedules');
    after();
}

/**
 * What the form of an override begins with: a period only when the server gives it exactly.
 * @param {any} c
 * @returns {{ cron?: string, every?: string, zone?: string, isEvery?: boolean }}
 */
function start(c) {
    if (c.every_seconds) return { every: String(c.every_seconds), isEvery: true };
    if (/^every /i.test(c.trigger)) return { isEvery: true };
    return { cron: c.cron ?? (c.trigger.startsWith('{') ? '' : c.trigger), zone: c.time_zone ?? '' };
}

/**
 * A form in a dialog that shows its own error.
 * @param {{ submit: (e: Event) => void, busy: boolean, error: any, ready: boolean, verb: string, close: () => void,
 *   children?: any }} props
 */
const Form = ({ submit, busy, error, ready, verb, close, children }) =>
    html`<form onSubmit=${submit} novalidate>
        ${children}${error && html`<${Failure} error=${error} />`}
        <div class="dialog-actions">
            <button type="button" class="button button-quiet" onClick=${close}>${s.dialog.cancel}</button>
            <button
                type="submit"
                class="button button-primary"
                disabled=${busy || !ready}
                aria-busy=${busy ? 'true' : undefined}
            >
                ${verb}
            </button>
        </div>
    </form>`;

/** @param {() => Promise<any>} run @returns {[boolean, any, (e: Event) => Promise<void>]} */
function useSubmit(run) {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(/** @type {any} */ (null));
    return [
        busy,
        error,
        async event => {
            event.preventDefault();
            if (busy) return;
            setBusy(true);
            setError(null);
            try {
                await run();
            } catch (problem) {
                setError(problem);
                setBusy(false);
            }
        },
    ];
}

/** @param {{ value: string, set: (text: string) => void }} props */
function Reason({ value, set }) {
    const id = useId();
    return html`<div class="field">
        <label for=${id}>${s.dialog.reason}</label>
        <input
            id=${id}
            value=${value}
            maxlength="500"
            autocomplete="off"
            onInput=${(/** @type {any} */ e) => set(e.target.value)}
            aria-describedby=${`${id}-hint`}
        />
        <p class="hint" id=${`${id}-hint`}>${s.dialog.reasonHint}</p>
    </div>`;
}

/** @param {{ c: any, close: () => void, after: () => void }} props */
function Override({ c, close, after }) {
    const trigger = useTrigger(start(c));
    const preview = usePreview(trigger.body);
    const [reason, setReason] = useState('');
    const [busy, error, submit] = useSubmit(async () => {
        const done = await send(c, 'override', { ...trigger.body, ...(reason ? { reason } : {}) });
        close();
        toast(done?.sentence ?? s.done);
        after();
    });
    return html`<${Form}
        submit=${submit}
        busy=${busy}
        error=${error}
        ready=${preview.answer !== null}
        verb=${t.overrideVerb}
        close=${close}
    >
        <p class="dim">${c.from_code ? t.overrideCode : t.overrideNote}</p>
        <${TriggerFields} trigger=${trigger} preview=${preview} /><${Reason} value=${reason} set=${setReason}
    /><//>`;
}

/** @param {{ close: () => void, after: () => void }} props */
function Create({ close, after }) {
    const key = useId();
    const [id, setId] = useState('');
    const [name, setName] = useState('');
    const [queue, setQueue] = useState('');
    const [reason, setReason] = useState('');
    const { data } = useResource('api/catalog');
    const entry = data?.items.find((/** @type {any} */ x) => x.name === name) ?? null;
    const form = useArguments(entry);
    const trigger = useTrigger();
    const preview = usePreview(trigger.body);
    const [busy, error, submit] = useSubmit(async () => {
        form.attempt();
        if (form.value === null) {
            requestAnimationFrame(() =>
                /** @type {HTMLElement | null} */ (document.querySelector('dialog [aria-invalid=true]'))?.focus(),
            );
            throw Object.assign(new Error(t.argumentsWrong), { detail: '' });
        }
        const done = await post('api/schedules', {
            id: id.trim(),
            ...trigger.body,
            name: name.trim(),
            arguments: form.value,
            ...(queue.trim() ? { queue: queue.trim() } : {}),
            ...(reason ? { reason } : {}),
        });
        close();
        toast(done?.sentence ?? t.created(id.trim()));
        after();
        go(`schedules/${segment(id.trim())}`);
    });
    return html`<${Form}
        submit=${submit}
        busy=${busy}
        error=${error}
        ready=${preview.answer !== null && id.trim() !== '' && name.trim() !== ''}
        verb=${t.createVerb}
        close=${close}
    >
        <div class="form-grid top">
            <div class="field">
                <label for=${`${key}-id`}>${t.id}</label
                ><input
                    id=${`${key}-id`}
                    class="mono"
                    value=${id}
                    maxlength="200"
                    placeholder="nightly-report"
                    autocomplete="off"
                    spellcheck="false"
                    onInput=${(/** @type {any} */ e) => setId(e.target.value)}
                />
            </div>
            <div class="field">
                <label for=${`${key}-name`}>${t.job}</label
                ><input
                    id=${`${key}-name`}
                    class="mono"
                    value=${name}
                    list=${`${key}-names`}
                    maxlength="200"
                    autocomplete="off"
                    spellcheck="false"
                    onInput=${(/** @type {any} */ e) => setName(e.target.value)}
                />
                <datalist id=${`${key}-names`}>
                    ${data?.items.map((/** @type {any} */ x) => html`<option key=${x.name} value=${x.name}></option>`)}
                </datalist>
            </div>
        </div>
        <${TriggerFields} trigger=${trigger} preview=${preview} />
        ${name.trim() !== '' && html`<${Arguments} form=${form} />`}
        <div class="field">
            <label for=${`${key}-queue`}>${s.enqueue.queue}</label
            ><input
                id=${`${key}-queue`}
                value=${queue}
                placeholder=${entry?.queue ?? ''}
                maxlength="200"
                autocomplete="off"
                onInput=${(/** @type {any} */ e) => setQueue(e.target.value)}
            />
            <p class="hint">${s.enqueue.queueHint(entry?.queue)}</p>
        </div>
        <${Reason} value=${reason} set=${setReason}
    /><//>`;
}

/** @param {any} c @param {() => void} after */
const override = (c, after) =>
    show({ title: t.overrideTitle(c.id), draw: close => html`<${Override} c=${c} close=${close} after=${after} />` });

/** @param {() => void} after */
export const create = after =>
    show({ title: t.createTitle, draw: close => html`<${Create} close=${close} after=${after} />` });

/** The actions as items of a menu, run now first. @param {any} c @param {() => void} after */
export function scheduleActions(c, after) {
    /** @type {any[]} */
    const items = [];
    if (can('operate')) {
        items.push({ label: t.run, icon: 'play', run: () => runNow(c, after) });
        if (c.state === 'active') items.push({ label: t.pause, icon: 'pause', run: () => pause(c, after) });
        if (c.state === 'paused') items.push({ label: t.resume, icon: 'play', run: () => resume(c, after) });
    }
    if (can('administer')) {
        items.push(null, { label: c.from_code ? t.override : t.edit, icon: 'edit', run: () => override(c, after) });
        if (c.edited) items.push({ label: t.backToCode, icon: 'left', run: () => toCode(c, after) });
        if (!c.from_code) items.push({ label: t.delete, icon: 'trash', danger: true, run: () => drop(c, after) });
    }
    return items[0] === null ? items.slice(1) : items;
}

// @ts-check
// Dialogs and toasts: one host, a native <dialog>, an answer as a promise.
import { html, signal, useEffect, useId, useRef, useState } from '../lib/dom.js';
import { s } from '../strings.en.js';
import { Icon } from './icon.js';

/**
 * @typedef {{ name: string, label: string, type?: 'text'|'number'|'select'|'area'|'json', value?: string,
 *   hint?: string, options?: [string, string][], required?: boolean, min?: number, max?: number, max_length?: number,
 *   rows?: number }} Field
 * @typedef {{ title: string, body?: any, verb: string, danger?: boolean, typed?: string, reason?: boolean,
 *   fields?: Field[], run?: (values: Record<string, string>) => Promise<any> }} Question
 */

/** @type {import('../lib/dom.js').Signal<any>} */
const current = signal(/** @type {any} */ (null));
/** @type {import('../lib/dom.js').Signal<any[]>} */
const toasts = signal(/** @type {any[]} */ ([]));
let next = 1;

/** True while a dialog is open. */
export const dialogOpen = () => current.peek() !== null;

/**
 * Asks before an action. With `run` the dialog stays open while it runs and shows its error.
 * The answer is what `run` gave (true without one), or null when the person turned away.
 * @param {Question} question
 * @returns {Promise<any>}
 */
export const ask = question =>
    new Promise(resolve => {
        current.value = { question, resolve, key: next++ };
    });

/**
 * Opens a dialog with content of its own: `draw(close)` gives it.
 * @param {{ title: string, draw: (close: () => void) => any, wide?: boolean }} what
 */
export const show = what => {
    current.value = { ...what, key: next++, resolve: () => {} };
};

/**
 * @param {string} text
 * @param {'plain'|'good'|'bad'} [kind]
 * @param {{ label: string, run?: () => void, href?: string }} [action]
 */
export function toast(text, kind = 'good', action) {
    const id = next++;
    toasts.value = [...toasts.peek().slice(-3), { id, text, kind, action }];
    setTimeout(() => drop(id), kind === 'bad' ? 12_000 : 6000);
}

/** @param {number} id */
const drop = id => {
    toasts.value = toasts.peek().filter(t => t.id !== id);
};

/**
 * Runs an action that needs no question; its sentence or its error becomes a toast.
 * @param {() => Promise<any>} run
 * @param {string} [fallback]
 */
export async function act(run, fallback) {
    try {
        const answer = await run();
        toast(answer?.sentence ?? fallback ?? s.done);
        return answer ?? true;
    } catch (error) {
        const { title, message, detail } = /** @type {any} */ (error);
        toast([title ?? message, detail].filter(Boolean).join(' '), 'bad');
        return null;
    }
}

/** @param {{ state: any }} props */
function Ask({ state }) {
    const { question: q, resolve } = state;
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(/** @type {any} */ (null));
    const [typed, setTyped] = useState('');
    const id = useId();
    const form = useRef(/** @type {any} */ (null));
    const close = (/** @type {any} */ answer) => {
        current.value = null;
        resolve(answer);
    };
    const submit = async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (busy || (q.typed !== undefined && typed !== q.typed)) return;
        const values = /** @type {any} */ (Object.fromEntries(new FormData(form.current)));
        if (!values.reason) delete values.reason;
        if (!q.run) {
            close(values);
            return;
        }
        setBusy(true);
        setError(null);
        try {
            close((await q.run(values)) ?? true);
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };
    const field = (/** @type {Field} */ f) => {
        const name = `${id}-${f.name}`;
        const common = {
            id: name,
            name: f.name,
            required: f.required,
            'aria-describedby': f.hint ? `${name}-hint` : undefined,
        };
        return html`<div class="field" key=${f.name}>
            <label for=${name}>${f.label}</label> ${
                f.type === 'select'
                    ? html`<select ...${common}>
                          ${f.options?.map(
                              ([value, text]) =>
                                  html`<option key=${value} value=${value} selected=${value === f.value}>
                                      ${text}
                                  </option>`,
                          )}
                      </select>`
                    : f.type === 'area' || f.type === 'json'
                      ? html`<textarea
                            ...${common}
                            class=${f.type === 'json' ? 'mono' : ''}
                            rows=${f.rows ?? 3}
                            maxlength=${f.max_length}
                            spellcheck="false"
                            defaultValue=${f.value ?? ''}
                        ></textarea>`
                      : html`<input
                            ...${common}
                            type=${f.type ?? 'text'}
                            defaultValue=${f.value ?? ''}
                            min=${f.min}
                            max=${f.max}
                            maxlength=${f.max_length}
                            autocomplete="off"
                        />`
            }
            ${f.hint && html`<p class="hint" id=${`${name}-hint`}>${f.hint}</p>`}
        </div>`;
    };
    return html`<form ref=${form} onSubmit=${submit} class="dialog-form">
        <h2 id="dialog-title">${q.title}</h2>
        ${q.body && html`<div class="dialog-body">${q.body}</div>`} ${q.fields?.map(field)}
        ${q.reason && field({ name: 'reason', label: s.dialog.reason, hint: s.dialog.reasonHint, max_length: 500 })}
        ${
            q.typed !== undefined &&
            html`<div class="field">
                <label for=${`${id}-typed`}>${s.dialog.typed} <strong class="mono">${q.typed}</strong></label>
                <input
                    id=${`${id}-typed`}
                    value=${typed}
                    onInput=${(/** @type {any} */ e) => setTyped(e.target.value)}
                    autocomplete="off"
                    spellcheck="false"
                />
            </div>`
        }
        ${
            error &&
            html`<div class="notice notice-bad" role="alert">
                <${Icon} name="errors" />
                <div>
                    <strong>${error.title ?? error.message}</strong>${error.detail && html`<p>${error.detail}</p>`}
                </div>
            </div>`
        }
        <div class="dialog-actions">
            <button type="button" class="button button-quiet" onClick=${() => close(null)}>${s.dialog.cancel}</button>
            <button
                type="submit"
                class=${`button button-${q.danger ? 'danger' : 'primary'}`}
                aria-busy=${busy ? 'true' : undefined}
                disabled=${busy || (q.typed !== undefined && typed !== q.typed)}
            >
                ${q.verb}
            </button>
        </div>
    </form>`;
}

/** The one place where dialogs and toasts are drawn. */
export function DialogHost() {
    const state = current.value;
    const ref = useRef(/** @type {any} */ (null));
    useEffect(() => {
        const element = ref.current;
        if (state && !element.open) element.showModal();
        if (!state && element.open) element.close();
        if (state)
            element
                .querySelector('[autofocus], .field input, .field textarea, .field select, .button-primary')
                ?.focus();
    }, [state]);
    const closed = () => {
        if (current.peek()) {
            const { resolve } = current.peek();
            current.value = null;
            resolve(null);
        }
    };
    return html`<dialog
            ref=${ref}
            class=${state?.wide ? 'wide' : ''}
            aria-labelledby="dialog-title"
            onClose=${closed}
            onClick=${(/** @type {any} */ e) => {
                if (e.target === ref.current && !state?.question) ref.current.close();
            }}
        >
            ${state?.question && html`<${Ask} key=${state.key} state=${state} />`}
            ${
                state?.draw &&
                html`<div class="dialog-form" key=${state.key}>
                    <div class="dialog-top">
                        <h2 id="dialog-title">${state.title}</h2>
                        <button
                            type="button"
                            class="button button-quiet button-icon"
                            aria-label=${s.close}
                            onClick=${() => ref.current.close()}
                        >
                            <${Icon} name="cross" />
                        </button>
                    </div>
                    ${state.draw(() => ref.current.close())}
                </div>`
            }
        </dialog>
        <div class="toasts" role="status" aria-live="polite">
            ${toasts.value.map(
                t =>
                    html`<div key=${t.id} class=${`toast toast-${t.kind}`}>
                        <${Icon} name=${t.kind === 'bad' ? 'errors' : t.kind === 'good' ? 'tick' : 'info'} />
                        <p>${t.text}</p>
                        ${
                            t.action &&
                            (t.action.href
                                ? html`<a href=${t.action.href}>${t.action.label}</a>`
                                : html`<button
                                      type="button"
                                      class="link"
                                      onClick=${() => {
                                          drop(t.id);
                                          t.action.run();
                                      }}
                                  >
                                      ${t.action.label}
                                  </button>`)
                        }
                        <button type="button" class="copy" aria-label=${s.close} onClick=${() => drop(t.id)}>
                            <${Icon} name="cross" size=${14} />
                        </button>
                    </div>`,
            )}
        </div>`;
}

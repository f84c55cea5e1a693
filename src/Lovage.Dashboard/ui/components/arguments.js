// @ts-check
// The arguments of a job as a form from its schema, or as raw JSON.
import { html, useId, useMemo, useState } from '../lib/dom.js';
import { fieldsOf, initial, json, read, readAll, show } from '../lib/schema.js';
import { stringify } from '../lib/json.js';
import { s } from '../strings.pages.en.js';

const t = s.enqueue;

/**
 * The state of the form. `value` is null while something is wrong.
 * @param {any} entry the catalog's entry, or null for a name that no worker has announced
 */
export function useArguments(entry) {
    const fields = useMemo(() => (entry?.schema ? fieldsOf(entry.schema) : null), [entry]);
    const [texts, setTexts] = useState(/** @type {Record<string, string>} */ ({}));
    const [raw, setRaw] = useState(/** @type {string | null} */ (null));
    const [tried, setTried] = useState(false);
    const [touched, setTouched] = useState(/** @type {Record<string, boolean>} */ ({}));
    const [from, setFrom] = useState(entry);
    if (from !== entry) {
        setFrom(entry);
        setTexts({});
        setRaw(null);
        setTried(false);
        setTouched({});
    }
    const filled = fields ? Object.fromEntries(fields.map(f => [f.name, texts[f.name] ?? initial(f)])) : {};
    const asJson = fields === null || raw !== null;
    const rawText = raw ?? '{}';
    const all = asJson ? null : readAll(fields, filled);
    const one = asJson ? json(rawText) : null;
    const rawError = one
        ? (one.error ?? (one.value === null || typeof one.value !== 'object' ? t.noArguments : null))
        : null;
    return {
        fields,
        filled,
        asJson,
        rawText,
        rawError,
        tried,
        touched,
        errors: all?.errors ?? {},
        value: asJson ? (rawError ? null : one?.value) : Object.keys(all?.errors ?? {}).length ? null : all?.value,
        /** What can be read already, for the code beside the form. */
        partial: asJson ? (rawError ? {} : one?.value) : (all?.value ?? {}),
        sensitive: new Set([...(entry?.sensitive ?? []), ...(fields ?? []).filter(f => f.secret).map(f => f.name)]),
        set: (/** @type {string} */ name, /** @type {string} */ text) => setTexts(old => ({ ...old, [name]: text })),
        touch: (/** @type {string} */ name) => setTouched(old => ({ ...old, [name]: true })),
        setRaw,
        attempt: () => setTried(true),
        toJson: () => setRaw(stringify(all?.value ?? {}, 2)),
        toForm: () => {
            if (fields && one?.value && !Array.isArray(one.value))
                setTexts(
                    Object.fromEntries(
                        fields.map(f => [
                            f.name,
                            Object.hasOwn(one.value, f.name) ? show(f, one.value[f.name]) : initial(f),
                        ]),
                    ),
                );
            setRaw(null);
        },
    };
}

/** @param {{ form: ReturnType<typeof useArguments> }} props */
export function Arguments({ form }) {
    const id = useId();
    const head = html`<div class="form-head">
        <h3>${t.arguments}</h3>
        ${
            form.fields &&
            html`<button type="button" class="link small" onClick=${form.asJson ? form.toForm : form.toJson}>
                ${form.asJson ? t.asForm : t.asJson}
            </button>`
        }
    </div>`;
    if (form.asJson) {
        const error = form.rawError;
        return html`<fieldset class="form-part">
            <legend class="offscreen">${t.arguments}</legend>
            ${head}
            <div class="field">
                <label class="offscreen" for=${`${id}-raw`}>${t.argumentsJson}</label>
                <textarea
                    id=${`${id}-raw`}
                    class="mono"
                    rows="8"
                    spellcheck="false"
                    value=${form.rawText}
                    aria-invalid=${error ? 'true' : undefined}
                    aria-describedby=${`${id}-raw-hint`}
                    onInput=${(/** @type {any} */ e) => form.setRaw(e.target.value)}
                ></textarea>
                <p id=${`${id}-raw-hint`} class=${error ? 'hint bad' : 'hint'}>${error ?? t.rawHint}</p>
            </div>
        </fieldset>`;
    }
    return html`<fieldset class="form-part">
        <legend class="offscreen">${t.arguments}</legend>
        ${head} ${form.fields?.length === 0 && html`<p class="hint">${t.noParameters}</p>`}
        ${form.fields?.map(f => html`<${Field} key=${f.name} field=${f} id=${`${id}-${f.name}`} form=${form} />`)}
    </fieldset>`;
}

/** @param {{ field: import('../lib/schema.js').Field, id: string, form: any }} props */
function Field({ field: f, id, form }) {
    const text = form.filled[f.name];
    const error = form.tried || form.touched[f.name] ? form.errors[f.name] : undefined;
    const secret = form.sensitive.has(f.name);
    const common = {
        id,
        'aria-invalid': error ? 'true' : undefined,
        'aria-describedby': `${id}-hint`,
        'aria-required': f.required && !f.nullable ? 'true' : undefined,
        spellcheck: false,
        autocomplete: 'off',
        onInput: (/** @type {any} */ e) => form.set(f.name, e.target.value),
        onBlur: () => form.touch(f.name),
    };
    const none =
        f.required && !f.nullable ? null : html`<option value="">${f.required ? 'null' : t.leftOut}</option>`;
    const control = () => {
        if (f.kind === 'boolean')
            return html`<select ...${common} value=${text}>
                ${none}
                <option value="true">true</option>
                <option value="false">false</option>
            </select>`;
        if (f.kind === 'enum')
            return html`<select ...${common} value=${text}>
                ${none ?? (text === '' && html`<option value="">${t.choose}</option>`)}${f.options?.map(
                    o =>
                        html`<option key=${stringify(o)} value=${stringify(o)}>
                            ${typeof o === 'string' ? o : stringify(o)}
                        </option>`,
                )}
            </select>`;
        if (f.kind === 'list' || f.kind === 'json')
            return html`<textarea
                ...${common}
                class="mono"
                rows="3"
                value=${text}
                placeholder=${f.kind === 'list' ? '[]' : '{}'}
            ></textarea>`;
        if (f.kind === 'string' && !secret && text.includes('\n'))
            return html`<textarea ...${common} rows="3" value=${text}></textarea>`;
        const type = secret
            ? 'password'
            : f.kind === 'date-time'
              ? 'datetime-local'
              : f.kind === 'date'
                ? 'date'
                : 'text';
        return html`<input
            ...${common}
            autocomplete=${secret ? 'new-password' : 'off'}
            type=${type}
            step=${f.kind === 'date-time' ? 1 : undefined}
            inputmode=${f.kind === 'integer' ? 'numeric' : f.kind === 'number' ? 'decimal' : undefined}
            value=${text}
            class=${f.kind === 'uuid' ? 'mono' : ''}
        />`;
    };
    const sent = f.kind === 'date-time' && text ? read(f, text).value : null;
    const hint =
        error ??
        [
            f.about,
            sent && t.sentAs(sent),
            secret && t.secret,
            f.min !== undefined && f.max !== undefined ? t.between(f.min, f.max) : null,
        ]
            .filter(Boolean)
            .join(' ');
    return html`<div class="field">
        <label for=${id}
            >${f.name} <span class="field-kind">${t.kind[f.kind]}${f.required ? '' : `, ${t.optional}`}</span></label
        >${control()}
        <p id=${`${id}-hint`} class=${error ? 'hint bad' : 'hint'}>${hint}</p>
    </div>`;
}

// @ts-check
// Filters of a list that is all here already, and long lists drawn in parts.
import { html, useEffect, useId, useRef, useState } from '../lib/dom.js';
import { setQuery } from '../lib/router.js';
import { s } from '../strings.en.js';

/**
 * A field whose text the address keeps.
 * @param {{ name: string, value: string, label: string, placeholder?: string, options?: string[], exact?: boolean }}
 *   props `options`: suggestions; `exact`: the server compares the whole text, so that it is taken when it is done
 */
export function Filter({ name, value, label, placeholder = label, options, exact }) {
    const [text, setText] = useState(value);
    const timer = useRef(/** @type {number | undefined} */ (undefined));
    const id = useId();
    useEffect(() => {
        setText(value);
    }, [value]);
    useEffect(() => () => clearTimeout(timer.current), []);
    const commit = (/** @type {string} */ next) => {
        clearTimeout(timer.current);
        if (next !== value) setQuery({ [name]: next }, { replace: true });
    };
    const change = (/** @type {any} */ event) => {
        const next = event.target.value;
        setText(next);
        clearTimeout(timer.current);
        if (!exact) timer.current = setTimeout(() => commit(next), 250);
        else if (next === '' || options?.includes(next)) commit(next);
    };
    return html`<input
            class="input filter"
            type="search"
            value=${text}
            aria-label=${label}
            placeholder=${placeholder}
            onInput=${change}
            onChange=${(/** @type {any} */ e) => commit(e.target.value.trim())}
            autocomplete="off"
            spellcheck="false"
            list=${options ? id : undefined}
        />${
            options &&
            html`<datalist id=${id}>
                ${options.slice(0, 200).map(o => html`<option key=${o} value=${o}></option>`)}
            </datalist>`
        }`;
}

/**
 * Draws the first rows of a long list.
 * @template T
 * @param {T[]} rows
 * @param {number} [step]
 * @returns {{ shown: T[], rest: number, more: () => void }}
 */
export function useFirst(rows, step = 100) {
    const [max, setMax] = useState(step);
    return { shown: rows.slice(0, max), rest: Math.max(0, rows.length - max), more: () => setMax(max + step) };
}

/** What is drawn of how many. @param {{ part: { shown: any[], rest: number, more: () => void } }} props */
export const Rest = ({ part }) =>
    part.rest === 0
        ? null
        : html`<div class="pager">
              <span class="dim"
                  >${s.table.shown(part.shown.length, (part.shown.length + part.rest).toLocaleString())}</span
              >
              <button type="button" class="button button-plain" onClick=${part.more}>${s.table.more}</button>
          </div>`;

/**
 * The few big numbers of a page.
 * @param {{ items: ([string, any, string?] | null | false)[] }} props label, value, class
 */
export const Figures = ({ items }) =>
    html`<dl class="figures">
        ${items.filter(Boolean).map(item => {
            const [label, value, kind] = /** @type {[string, any, string?]} */ (item);
            return html`<div key=${label}>
                <dt>${label}</dt>
                <dd class=${kind}>${value}</dd>
            </div>`;
        })}
    </dl>`;

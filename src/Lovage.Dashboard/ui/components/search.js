// @ts-check
// A search by qualifiers, with suggestions: queue:mail state:failed tag:order:42.
import { html, useEffect, useId, useRef, useState } from '../lib/dom.js';
import { get } from '../lib/api.js';
import { go, href, route } from '../lib/router.js';
import { session } from '../lib/state.js';
import { s } from '../strings.en.js';
import { Icon } from './icon.js';

const states = ['scheduled', 'queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled', 'expired', 'dead'];
const times = ['15m', '1h', '2h', '24h', '7d'];

/** Quotes a value that holds blanks. @param {string} value */
export const quote = value => (/[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value);

/** The word that the caret is in. @param {string} text @param {number} caret */
function wordAt(text, caret) {
    let start = 0;
    let quoted = false;
    for (let i = 0; i < caret; i++) {
        if (text[i] === '"') quoted = !quoted;
        else if (text[i] === ' ' && !quoted) start = i + 1;
    }
    const rest = text.slice(caret).search(/\s/);
    return { start, end: rest < 0 ? text.length : caret + rest, word: text.slice(start, caret) };
}

/**
 * @param {string} word
 * @param {AbortSignal} signal
 * @returns {Promise<{ text: string, insert: string, note?: string }[]>}
 */
async function suggestions(word, signal) {
    const known = session.value?.features?.qualifiers ?? [];
    const colon = word.indexOf(':');
    if (colon < 0) {
        const lower = word.toLowerCase();
        return known
            .filter((/** @type {string} */ q) => q !== 'id' && q.startsWith(lower))
            .map((/** @type {string} */ q) => ({ text: `${q}:`, insert: `${q}:`, note: s.search.about[q] }));
    }
    const field = word.slice(0, colon);
    if (!known.includes(field)) return [];
    const value = word.slice(colon + 1).replaceAll('"', '');
    const comma = field === 'state' ? value.lastIndexOf(',') + 1 : 0;
    const prefix = value.slice(comma);
    let items;
    if (field === 'state') items = states.filter(x => x.startsWith(prefix.toLowerCase()));
    else if (field === 'since' || field === 'until') items = times.filter(x => x.startsWith(prefix));
    else if (['queue', 'name', 'tag', 'worker', 'schedule'].includes(field))
        items = (await get('api/suggest', { field, prefix }, signal)).items;
    else return [];
    return items.map((/** @type {string} */ item) => ({
        text: item,
        insert: `${field}:${value.slice(0, comma)}${quote(item)} `,
        note: field === 'state' ? undefined : s.search.about[field],
    }));
}

/**
 * The field with its list of suggestions.
 * @param {{ value: string, onSearch: (text: string) => void, label: string, placeholder: string, id?: string,
 *   short?: boolean }} props
 */
export function QualifierField({ value, onSearch, label, placeholder, id, short }) {
    const [text, setText] = useState(value);
    const [items, setItems] = useState(/** @type {any[]} */ ([]));
    const [at, setAt] = useState(-1);
    const [open, setOpen] = useState(false);
    const input = useRef(/** @type {any} */ (null));
    const list = useId();
    useEffect(() => {
        setText(value);
    }, [value]);
    useEffect(() => {
        if (!open) return undefined;
        const abort = new AbortController();
        const { word } = wordAt(text, input.current?.selectionStart ?? text.length);
        const timer = setTimeout(
            () => {
                suggestions(word, abort.signal).then(
                    found => {
                        setItems(found.slice(0, 12));
                        setAt(-1);
                    },
                    () => setItems([]),
                );
            },
            word.includes(':') ? 120 : 0,
        );
        return () => {
            clearTimeout(timer);
            abort.abort();
        };
    }, [text, open]);
    const take = (/** @type {any} */ item) => {
        const { start, end } = wordAt(text, input.current.selectionStart);
        const next = text.slice(0, start) + item.insert + text.slice(end).trimStart();
        setText(next);
        requestAnimationFrame(() => {
            const caret = start + item.insert.length;
            input.current?.focus();
            input.current?.setSelectionRange(caret, caret);
        });
        if (item.insert.endsWith(' ')) {
            setOpen(false);
            onSearch(next.trim());
        }
    };
    const key = (/** @type {KeyboardEvent} */ event) => {
        const shown = open && items.length > 0;
        if (event.key === 'ArrowDown' && shown) setAt((at + 1) % items.length);
        else if (event.key === 'ArrowUp' && shown) setAt((at - 1 + items.length) % items.length);
        else if ((event.key === 'Enter' || (event.key === 'Tab' && at >= 0)) && shown && at >= 0) take(items[at]);
        else if (event.key === 'Enter') {
            setOpen(false);
            onSearch(text.trim());
        } else if (event.key === 'Escape') {
            if (shown) setOpen(false);
            else input.current.blur();
        } else return;
        event.preventDefault();
        event.stopPropagation();
    };
    const shown = open && items.length > 0;
    return html`<div class=${`search${short ? ' search-short' : ''}`} role="search">
        <${Icon} name="search" />
        <input
            ref=${input}
            id=${id}
            class="search-input"
            type="text"
            role="combobox"
            aria-label=${label}
            placeholder=${placeholder}
            value=${text}
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-expanded=${String(shown)}
            aria-controls=${list}
            aria-autocomplete="list"
            aria-activedescendant=${shown && at >= 0 ? `${list}-${at}` : undefined}
            onInput=${(/** @type {any} */ e) => {
                setText(e.target.value);
                setOpen(true);
            }}
            onFocus=${() => setOpen(true)}
            onBlur=${() => setOpen(false)}
            onKeyDown=${key}
        />
        ${
            text !== ''
                ? html`<button
                      type="button"
                      class="copy search-clear"
                      aria-label=${s.search.clear}
                      onMouseDown=${(/** @type {Event} */ e) => e.preventDefault()}
                      onClick=${() => {
                          setText('');
                          onSearch('');
                          input.current.focus();
                      }}
                  >
                      <${Icon} name="cross" size=${14} />
                  </button>`
                : short && html`<kbd aria-hidden="true">/</kbd>`
        }
        <ul
            class=${`suggestions${shown ? '' : ' gone'}`}
            id=${list}
            role="listbox"
            aria-label=${s.search.suggestions}
        >
            ${
                shown &&
                items.map(
                    (item, i) =>
                        html` <li
                            key=${item.text}
                            id=${`${list}-${i}`}
                            role="option"
                            aria-selected=${String(i === at)}
                            class=${i === at ? 'on' : ''}
                            onMouseDown=${(/** @type {Event} */ e) => {
                                e.preventDefault();
                                take(item);
                            }}
                        >
                            <span class="mono">${item.text}</span
                            >${item.note && html`<span class="dim">${item.note}</span>`}
                        </li>`,
                )
            }
        </ul>
    </div>`;
}

/** The search of the top bar: it leads to the jobs. */
export function TopSearch() {
    if (route.value.path === 'jobs') return null;
    return html`<${QualifierField}
        short
        id="search"
        value=""
        label=${s.search.label}
        placeholder=${s.search.placeholder}
        onSearch=${(/** @type {string} */ q) => go(href('jobs', { q }))}
    />`;
}

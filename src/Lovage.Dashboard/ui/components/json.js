// @ts-check
import { html, useState } from '../lib/dom.js';
import { BigNumber, stringify } from '../lib/json.js';
import { s } from '../strings.en.js';
import { Copy } from './bits.js';

/** Above so many children a node starts closed, and only the first ones are drawn. */
const many = 100;

/** @param {{ value: any, name?: string, depth: number, last: boolean }} props */
function Node({ value, name, depth, last }) {
    const nested = value !== null && typeof value === 'object' && !(value instanceof BigNumber);
    const entries = nested
        ? Array.isArray(value)
            ? value.map((v, i) => [String(i), v])
            : Object.entries(value)
        : [];
    const [open, setOpen] = useState(depth < 2 && entries.length <= many);
    const [all, setAll] = useState(false);
    const key = name !== undefined && html`<span class="json-key">${JSON.stringify(name)}</span>: `;
    const comma = last ? '' : ',';
    if (!nested) return html`<div class="json-line">${key}<${Leaf} value=${value} />${comma}</div>`;
    const list = Array.isArray(value);
    const [start, end] = list ? '[]' : '{}';
    if (entries.length === 0) return html`<div class="json-line">${key}${start}${end}${comma}</div>`;
    const button = html`<button
        type="button"
        class="json-turn"
        aria-expanded=${String(open)}
        aria-label=${open ? s.json.close : s.json.open}
        onClick=${() => setOpen(!open)}
    ></button>`;
    if (!open)
        return html`<div class="json-line">
            ${button}${key}${start}${' '}
            <button type="button" class="link" onClick=${() => setOpen(true)}>${s.json.items(entries.length)}</button>
            ${' '}${end}${comma}
        </div>`;
    const drawn = all ? entries : entries.slice(0, many);
    return html`<div class="json-line">${button}${key}${start}</div>
        <div class="json-inner">
            ${drawn.map(
                ([k, v], i) =>
                    html`<${Node}
                        key=${k}
                        value=${v}
                        name=${list ? undefined : k}
                        depth=${depth + 1}
                        last=${i === entries.length - 1}
                    />`,
            )}
            ${
                drawn.length < entries.length &&
                html`<div class="json-line">
                    <button type="button" class="link" onClick=${() => setAll(true)}>
                        ${s.json.rest(entries.length - drawn.length)}
                    </button>
                </div>`
            }
        </div>
        <div class="json-line">${end}${comma}</div>`;
}

/** @param {{ value: any }} props */
function Leaf({ value }) {
    const [whole, setWhole] = useState(false);
    if (value instanceof BigNumber) return html`<span class="json-number">${value.text}</span>`;
    if (typeof value !== 'string')
        return html`<span class=${typeof value === 'number' ? 'json-number' : 'json-word'}>${String(value)}</span>`;
    const text = JSON.stringify(value);
    if (text.length <= 500 || whole) return html`<span class="json-string">${text}</span>`;
    return html`<span class="json-string">${text.slice(0, 400)}…</span>${' '}
        <button type="button" class="link" onClick=${() => setWhole(true)}>${s.json.whole(value.length)}</button>`;
}

/**
 * A value as a tree that opens and closes; big numbers keep their digits.
 * @param {{ value: any, label: string }} props
 */
export const Json = ({ value, label }) =>
    html`<div class="json" role="group" aria-label=${label}>
        <${Node} value=${value} depth=${0} last=${true} />
        <${Copy} text=${stringify(value, 2)} label=${s.json.copy} />
    </div>`;

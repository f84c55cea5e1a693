// @ts-check
import { html, useMemo, useRef, useState } from '../lib/dom.js';
import { segment } from '../lib/api.js';
import { go } from '../lib/router.js';
import { keep, read } from '../lib/state.js';
import { s } from '../strings.en.js';
import { Menu } from './bits.js';

/**
 * @typedef {{ key: string, title: string, cell: (row: any) => any, num?: boolean, from?: 640|900|1100,
 *   grow?: boolean, primary?: boolean, class?: string, fixed?: boolean, off?: boolean, hideTitle?: boolean }} Column
 *   `from`: the narrowest window that draws it; `off`: not drawn until the reader chooses it; `fixed`: always drawn.
 */

/**
 * The columns that the reader chose.
 * @param {string} name
 * @param {Column[]} columns
 * @returns {[Column[], (key: string) => void, (key: string) => boolean]}
 */
export function useColumns(name, columns) {
    const [chosen, setChosen] = useState(() => {
        const text = read(`columns.${name}`, '');
        return text ? text.split(',') : columns.filter(c => !c.off).map(c => c.key);
    });
    const on = (/** @type {string} */ key) => chosen.includes(key);
    const turn = (/** @type {string} */ key) => {
        const next = on(key) ? chosen.filter(k => k !== key) : [...chosen, key];
        keep(`columns.${name}`, next.join(','));
        setChosen(next);
    };
    return [useMemo(() => columns.filter(c => c.fixed || on(c.key)), [chosen, columns]), turn, on];
}

/** @param {{ columns: Column[], on: (key: string) => boolean, turn: (key: string) => void }} props */
export const ColumnMenu = ({ columns, on, turn }) =>
    html`<${Menu}
        label=${s.table.columns}
        icon="columns"
        items=${columns
            .filter(c => !c.fixed)
            .map(c => ({ label: c.title, checked: on(c.key), stay: true, run: () => turn(c.key) }))}
    />`;

/**
 * A table whose whole row is a link. The cell of the column marked `primary` should hold the link itself.
 * j and k go to the next and the previous row, Enter opens it, x selects it.
 * @param {{ label: string, columns: Column[], rows: any[], rowKey: (row: any) => string,
 *   href?: (row: any) => string | null, selected?: Set<string>, onSelect?: (next: Set<string>) => void,
 *   steady?: boolean, rowClass?: (row: any) => string, dense?: boolean }} props `steady`: the order of rows stays
 *   while the pointer or the focus is inside. A row object that comes again with the same array of columns is not
 *   drawn again: a cell depends on its row and on signals, or the columns are a new array.
 */
export function Table({ label, columns, rows, rowKey, href, selected, onSelect, steady, rowClass, dense }) {
    const inside = useRef(false);
    const order = useRef(/** @type {string[]} */ ([]));
    const last = useRef(/** @type {string | null} */ (null));
    // A row that has not changed keeps its drawn form: long tables then cost what changes in them.
    const drawn = useRef(/** @type {WeakMap<object, any>} */ (new WeakMap()));
    const now = useRef(/** @type {any} */ (null));
    now.current = { href, selected, onSelect };
    let shown = rows;
    if (steady && inside.current) {
        const place = new Map(order.current.map((key, index) => [key, index]));
        shown = [...rows].sort((a, b) => (place.get(rowKey(a)) ?? 1e9) - (place.get(rowKey(b)) ?? 1e9));
    }
    order.current = shown.map(rowKey);

    const click = (/** @type {MouseEvent} */ event, /** @type {any} */ row) => {
        const target = /** @type {Element} */ (event.target);
        if (target.closest('a,button,input,label,summary,select,textarea') || getSelection()?.toString()) return;
        const to = now.current.href?.(row);
        if (!to) return;
        if (event.metaKey || event.ctrlKey || event.button === 1)
            open(new URL(to, document.baseURI), '_blank', 'noopener');
        else if (event.button === 0) go(to);
    };
    const pick = (/** @type {string} */ key, /** @type {boolean} */ range) => {
        const next = new Set(now.current.selected);
        const on = !next.has(key);
        const keys = order.current;
        const from = range && last.current ? keys.indexOf(last.current) : -1;
        const to = keys.indexOf(key);
        const span = from >= 0 ? keys.slice(Math.min(from, to), Math.max(from, to) + 1) : [key];
        for (const each of span) on ? next.add(each) : next.delete(each);
        last.current = key;
        now.current.onSelect?.(next);
    };
    const all = selected !== undefined && rows.length > 0 && rows.every(row => selected.has(rowKey(row)));
    const some = selected !== undefined && rows.some(row => selected.has(rowKey(row)));
    // On a phone the columns with a `from` are gone: the last of the others stands at the edge.
    const edge = columns.findLast(c => !c.from);
    const cls = (/** @type {Column} */ c) =>
        [c === edge && 'edge', c.num && 'num', c.from && `from-${c.from}`, c.grow && 'grow', c.class]
            .filter(Boolean)
            .join(' ');
    const draw = (/** @type {any} */ row) => {
        const key = rowKey(row);
        const chosen = selected?.has(key) ?? false;
        const classes = `${rowClass?.(row) ?? ''}${chosen ? ' selected' : ''}`;
        const old = drawn.current.get(row);
        if (old && old.columns === columns && old.classes === classes && old.picks === Boolean(onSelect))
            return old.node;
        const node = html`<tr
            key=${key}
            data-row
            class=${classes}
            onClick=${(/** @type {any} */ e) => click(e, row)}
            onAuxClick=${(/** @type {any} */ e) => click(e, row)}
        >
            ${
                onSelect &&
                html`<td class="pick">
                    <label
                        ><input
                            type="checkbox"
                            data-pick
                            aria-label=${s.table.pick(key)}
                            checked=${chosen}
                            onClick=${(/** @type {any} */ e) => pick(key, e.shiftKey)}
                    /></label>
                </td>`
            }
            ${columns.map(c => html`<td key=${c.key} class=${cls(c)}>${c.cell(row)}</td>`)}
        </tr>`;
        drawn.current.set(row, { columns, classes, picks: Boolean(onSelect), node });
        return node;
    };
    return html`<div
        class="table-wrap"
        onPointerEnter=${() => {
            inside.current = true;
        }}
        onPointerLeave=${() => {
            inside.current = false;
        }}
        onFocusIn=${() => {
            inside.current = true;
        }}
        onFocusOut=${() => {
            inside.current = false;
        }}
    >
        <table class=${`table${dense ? ' dense' : ''}${href ? ' links' : ''}`} aria-label=${label}>
            <thead>
                <tr>
                    ${
                        onSelect &&
                        html`<th scope="col" class="pick">
                            <label
                                ><input
                                    type="checkbox"
                                    aria-label=${s.table.all}
                                    checked=${all}
                                    ref=${(/** @type {any} */ box) => {
                                        if (box) box.indeterminate = some && !all;
                                    }}
                                    onChange=${() => onSelect(all ? new Set() : new Set(rows.map(rowKey)))}
                            /></label>
                        </th>`
                    }
                    ${columns.map(
                        c =>
                            html`<th key=${c.key} scope="col" class=${cls(c)}>
                                ${c.hideTitle ? html`<span class="offscreen">${c.title}</span>` : c.title}
                            </th>`,
                    )}
                </tr>
            </thead>
            <tbody>
                ${shown.map(draw)}
            </tbody>
        </table>
    </div>`;
}

/** Answers to j, k and x for every table of the page. @param {KeyboardEvent} event @returns {boolean} */
export function tableKey(event) {
    const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('main tr[data-row]')]);
    if (rows.length === 0) return false;
    const at = rows.findIndex(row => row.contains(document.activeElement));
    if (event.key === 'x') {
        if (at < 0) return false;
        /** @type {HTMLElement | null} */ (rows[at].querySelector('[data-pick]'))?.click();
        return true;
    }
    const to = event.key === 'j' ? Math.min(rows.length - 1, at + 1) : Math.max(0, at - 1);
    const target = /** @type {HTMLElement | null} */ (
        rows[to].querySelector('td:not(.pick) a, td:not(.pick) button') ?? rows[to].querySelector('[data-pick]')
    );
    target?.focus();
    rows[to].scrollIntoView({ block: 'nearest' });
    return true;
}

/**
 * Shows the next page.
 * @param {{ next: string | null, shown: number, more: () => void, busy?: boolean, total?: any }} props
 */
export const Pager = ({ next, shown, more, busy, total }) =>
    html`<div class="pager">
        <span class="dim">${s.table.shown(shown, total)}</span>
        ${
            next &&
            html`<button
                type="button"
                class="button button-plain"
                disabled=${busy}
                aria-busy=${busy ? 'true' : undefined}
                onClick=${more}
            >
                ${s.table.more}
            </button>`
        }
    </div>`;

/** A table of jobs, each row a link to its page. @param {any} props those of Table without `rowKey` and `href` */
export const JobTable = props =>
    html`<${Table}
        ...${props}
        rowKey=${(/** @type {any} */ j) => j.id}
        href=${(/** @type {any} */ j) => `jobs/${segment(j.id)}`}
    />`;

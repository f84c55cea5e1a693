// @ts-check
import { html, toMain, useEffect, useRef } from '../lib/dom.js';
import { setQuery } from '../lib/router.js';
import { s } from '../strings.en.js';
import { Button } from './bits.js';

/**
 * A panel at the side, open while the address says so: ?panel=name.
 * @param {{ title: string, children?: any, also?: string[] }} props `also`: more parameters that closing takes away
 */
export function Drawer({ title, children, also = [] }) {
    const ref = useRef(/** @type {any} */ (null));
    const close = () => setQuery(Object.fromEntries(['panel', ...also].map(k => [k, null])));
    useEffect(() => {
        const before = /** @type {HTMLElement | null} */ (document.activeElement);
        ref.current?.focus();
        return () => (before && before !== document.body ? before.focus() : toMain());
    }, []);
    const key = (/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Escape') {
            event.stopPropagation();
            close();
        }
    };
    return html`<aside class="drawer" ref=${ref} tabindex="-1" role="dialog" aria-label=${title} onKeyDown=${key}>
        <div class="drawer-head">
            <h2>${title}</h2>
            <${Button} kind="quiet" icon="cross" label=${s.close} onClick=${close} />
        </div>
        <div class="drawer-body">${children}</div>
    </aside>`;
}

// @ts-check
// The small parts that every page uses: times, ids, buttons, menus, tabs, notices.
import { html, useEffect, useId, useRef, useState } from '../lib/dom.js';
import { absolute, copy, middle, relative } from '../lib/format.js';
import { serverNow, slowTick, tick } from '../lib/state.js';
import { setQuery } from '../lib/router.js';
import { s } from '../strings.en.js';
import { Icon } from './icon.js';
import { toast } from './dialog.js';

/** A relative time; the absolute one shows on hover. @param {{ at: string | null | undefined }} props */
export function Time({ at }) {
    void (at && Math.abs(serverNow() - Date.parse(at)) < 60_000 ? tick : slowTick).value;
    return at
        ? html`<time datetime=${at} title=${absolute(at)}>${relative(at)}</time>`
        : html`<span class="dim">–</span>`;
}

/** A button that copies a text. @param {{ text: string, label?: string }} props */
export function Copy({ text, label = s.copy }) {
    const [done, setDone] = useState(false);
    const click = async (/** @type {Event} */ event) => {
        event.stopPropagation();
        event.preventDefault();
        if (await copy(text)) {
            setDone(true);
            setTimeout(() => setDone(false), 1500);
        } else toast(s.copyRefused, 'bad');
    };
    return html`<button
        type="button"
        class="copy"
        aria-label=${done ? s.copied : label}
        title=${done ? s.copied : label}
        onClick=${click}
    >
        <${Icon} name=${done ? 'tick' : 'copy'} size=${14} />
    </button>`;
}

/**
 * An id, cut in the middle, with a link and a copy button.
 * @param {{ id: string, href?: string, length?: number }} props
 */
export function Id({ id, href, length = 13 }) {
    const text = middle(id, length);
    return html`<span class="id"
        >${
            href
                ? html`<a class="mono" href=${href} title=${id}>${text}</a>`
                : html`<span class="mono" title=${id}>${text}</span>`
        }<${Copy} text=${id} label=${s.copyId}
    /></span>`;
}

/**
 * @param {{ kind?: 'plain'|'primary'|'danger'|'quiet', icon?: string, label?: string, busy?: boolean,
 *   disabled?: boolean, children?: any, onClick?: any, type?: string, title?: string, small?: boolean }} props
 */
export function Button({
    kind = 'plain',
    icon,
    label,
    busy,
    disabled,
    children,
    onClick,
    type = 'button',
    title,
    small,
}) {
    return html`<button
        type=${type}
        class=${`button button-${kind}${children ? '' : ' button-icon'}${small ? ' button-small' : ''}`}
        aria-label=${label}
        title=${title ?? label}
        disabled=${disabled || busy}
        aria-busy=${busy ? 'true' : undefined}
        onClick=${onClick}
    >
        ${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}
    </button>`;
}

/**
 * A menu behind a button. Items: { label, icon, run, href, danger, checked, radio, stay, note, class }, or null (or
 * { line, class }) for a line.
 * @param {{ label: string, icon?: string, items: any[], children?: any, kind?: string, end?: boolean, class?: string,
 *   hideLabel?: boolean }} props
 */
export function Menu({ label, icon = 'menu', items, children, kind = 'quiet', end = true, class: more = '' }) {
    const [open, setOpen] = useState(false);
    const root = useRef(/** @type {any} */ (null));
    const id = useId();
    useEffect(() => {
        if (!open) return undefined;
        const away = (/** @type {Event} */ event) => {
            if (!root.current?.contains(event.target)) setOpen(false);
        };
        addEventListener('pointerdown', away, true);
        root.current.querySelector('[role^=menuitem]')?.focus();
        return () => removeEventListener('pointerdown', away, true);
    }, [open]);
    const back = () => {
        setOpen(false);
        root.current.querySelector('button')?.focus();
    };
    const key = (/** @type {KeyboardEvent} */ event) => {
        if (!open) return;
        const all = [...root.current.querySelectorAll('[role^=menuitem]')];
        const at = all.indexOf(document.activeElement);
        const to = {
            ArrowDown: (at + 1) % all.length,
            ArrowUp: (at - 1 + all.length) % all.length,
            Home: 0,
            End: all.length - 1,
        }[event.key];
        if (to !== undefined) all[to].focus();
        else if (event.key === 'Escape') back();
        else if (event.key === 'Tab') {
            setOpen(false);
            return;
        } else return;
        event.preventDefault();
        event.stopPropagation();
    };
    const row = (/** @type {any} */ item, /** @type {number} */ index) => {
        if (item === null || item.line)
            return html`<div key=${index} role="separator" class=${`menu-line ${item?.class ?? ''}`}></div>`;
        const inside = html`<${Icon}
                name=${item.checked === undefined ? (item.icon ?? 'right') : item.checked ? 'tick' : 'blank'}
            />
            <span>${item.label}</span>${item.note && html`<span class="dim">${item.note}</span>`}`;
        const role = item.checked === undefined ? 'menuitem' : item.radio ? 'menuitemradio' : 'menuitemcheckbox';
        return item.href
            ? html`<a key=${index} role="menuitem" tabindex="-1" href=${item.href} onClick=${() => setOpen(false)}
                  >${inside}</a
              >`
            : html`<button
                  key=${index}
                  type="button"
                  role=${role}
                  aria-checked=${item.checked === undefined ? undefined : String(item.checked)}
                  tabindex="-1"
                  class=${`${item.danger ? 'danger' : ''} ${item.class ?? ''}`}
                  onClick=${() => {
                      if (!item.stay) back();
                      item.run();
                  }}
              >
                  ${inside}
              </button>`;
    };
    return html`<div class=${`menu-root ${more}`} ref=${root} onKeyDown=${key}>
        <button
            type="button"
            class=${`button button-${kind}${children ? '' : ' button-icon'}`}
            aria-label=${label}
            title=${label}
            aria-haspopup="menu"
            aria-expanded=${String(open)}
            aria-controls=${open ? id : undefined}
            onClick=${() => setOpen(!open)}
        >
            ${children ?? html`<${Icon} name=${icon} />`}
        </button>
        ${
            open &&
            html`<div class=${`menu${end ? ' menu-end' : ''}`} role="menu" id=${id} aria-label=${label}>
                ${items.map(row)}
            </div>`
        }
    </div>`;
}

/**
 * One choice of a few, kept in the address.
 * @param {{ label: string, name: string, value: string, options: [string, string][] |
 *   readonly (readonly [string, string])[], fallback: string }} props
 */
export function Choice({ label, name, value, options, fallback }) {
    return html`<div class="choice" role="group" aria-label=${label}>
        ${options.map(
            ([key, text]) =>
                html` <button
                    key=${key}
                    type="button"
                    aria-pressed=${String(key === value)}
                    onClick=${() => setQuery({ [name]: key === fallback ? null : key })}
                >
                    ${text}
                </button>`,
        )}
    </div>`;
}

/**
 * Tabs are links: the address holds them.
 * @param {{ label: string, tabs: { href: string, text: string, count?: any, on: boolean }[] }} props
 */
export const Tabs = ({ label, tabs }) =>
    html`<nav class="tabs" aria-label=${label}>
        ${tabs.map(
            tab =>
                html` <a key=${tab.href} href=${tab.href} aria-current=${tab.on ? 'page' : undefined}
                    >${tab.text}${
                        tab.count !== undefined &&
                        tab.count !== null &&
                        html` <span class="count">${tab.count}</span>`
                    }</a
                >`,
        )}
    </nav>`;

/** A name that breaks behind its dots and underscores before it breaks in a word. @param {{ text: string }} props */
export const Soft = ({ text }) => text.split(/(?<=[._:/-])/).map((part, i) => html`${i > 0 && html`<wbr />`}${part}`);

/**
 * The head of a page: title, what it shows, actions.
 * @param {{ title: any, sub?: any, children?: any, back?: { href: string, text: string } }} props
 */
export const Head = ({ title, sub, children, back }) =>
    html`<header class="head">
        <div class="head-text">
            ${back && html`<a class="back" href=${back.href}><${Icon} name="left" size=${14} />${back.text}</a>`}
            <h1>${title}</h1>
            ${sub && html`<p class="sub">${sub}</p>`}
        </div>
        ${children && html`<div class="head-actions">${children}</div>`}
    </header>`;

/**
 * What went wrong: what happened, what is known, what to do.
 * @param {{ error: any, retry?: () => void, beside?: boolean }} props `beside`: the page has data, and the banner of
 *   the shell tells a silent server
 */
export function Failure({ error, retry, beside }) {
    if (beside && error.status === 0) return null;
    return html`<div class="notice notice-bad" role="alert">
        <${Icon} name="errors" />
        <div><strong>${error.title ?? error.message}</strong> ${error.detail && html`<p>${error.detail}</p>`}</div>
        ${retry && html`<${Button} onClick=${retry}>${s.again}<//>`}
    </div>`;
}

/** @param {{ kind?: 'plain'|'warn'|'bad', icon?: string, children?: any, action?: any }} props */
export const Notice = ({ kind = 'plain', icon = 'info', children, action }) =>
    html`<div class=${`notice notice-${kind}`}>
        <${Icon} name=${icon} />
        <div>${children}</div>
        ${action}
    </div>`;

/**
 * Facts as a list of pairs; a pair whose value is null or undefined is not drawn.
 * @param {{ facts: ([string, any] | null | false | undefined)[] }} props
 */
export const Facts = ({ facts }) =>
    html`<dl class="facts">
        ${facts
            .filter(f => f && f[1] !== null && f[1] !== undefined && f[1] !== '')
            .map(f => {
                const [name, value] = /** @type {[string, any]} */ (f);
                return html`<div key=${name}>
                    <dt>${name}</dt>
                    <dd>${value}</dd>
                </div>`;
            })}
    </dl>`;

/**
 * A part of a page.
 * @param {{ title?: any, aside?: any, children?: any, id?: string, flush?: boolean, class?: string }} props
 */
export function Section({ title, aside, children, id, flush, class: more = '' }) {
    const name = useId();
    return html`<section class=${`section ${more}`} id=${id} aria-labelledby=${title ? name : undefined}>
        ${
            (title || aside) &&
            html`<div class="section-head">
                ${
                    title && html`<h2 id=${name}>${title}</h2>`
                }${aside && html`<div class="section-aside">${aside}</div>`}
            </div>`
        }
        <div class=${flush ? 'section-body flush' : 'section-body'}>${children}</div>
    </section>`;
}

/** Nothing for 300 ms, then a quiet word. @param {{ rows?: number }} props */
export function Loading({ rows = 6 }) {
    const [late, setLate] = useState(false);
    useEffect(() => {
        const timer = setTimeout(() => setLate(true), 300);
        return () => clearTimeout(timer);
    }, []);
    return html`<div class="loading" role="status" aria-label=${s.loading}>
        ${late && Array.from({ length: rows }, (_, i) => html`<div key=${i} class="bone"></div>`)}
    </div>`;
}

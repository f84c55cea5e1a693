// @ts-check
// Routes by the history API. The address holds all state of a page.
import { signal } from './dom.js';

/** @typedef {{ path: string, query: URLSearchParams }} Route */

const base = () => new URL(document.baseURI);

/** @returns {Route} */
function current() {
    const root = base().pathname;
    const path = location.pathname.startsWith(root) ? location.pathname.slice(root.length) : '';
    return { path: path.replace(/\/+$/, ''), query: new URLSearchParams(location.search) };
}

/** @type {import('./dom.js').Signal<Route>} */
export const route = signal(current());

/**
 * Goes to an address relative to the base.
 * @param {string} href
 * @param {{ replace?: boolean, keepScroll?: boolean }} [how]
 */
export function go(href, how = {}) {
    const address = new URL(href, document.baseURI);
    if (address.origin !== location.origin || !address.pathname.startsWith(base().pathname)) return;
    const moved = address.pathname !== location.pathname;
    history[how.replace ? 'replaceState' : 'pushState'](null, '', address);
    route.value = current();
    if (moved && !how.keepScroll) scrollTo(0, 0);
}

/**
 * Changes parameters of the address; null or '' takes one away.
 * @param {Record<string, string | null>} changes
 * @param {{ replace?: boolean }} [how]
 */
export function setQuery(changes, how = {}) {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) {
        if (value === null || value === '') query.delete(key);
        else query.set(key, value);
    }
    const text = query.toString();
    go(route.peek().path + (text ? `?${text}` : '') || '.', { ...how, keepScroll: true });
}

/** @param {string} path @param {Record<string, string | null | undefined>} [query] A link that htm can take as href. */
export function href(path, query) {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) if (value) search.set(key, value);
    const text = search.toString();
    return (path || '.') + (text ? `?${text}` : '');
}

/**
 * A link that data brought: only http and https lead out; everything else is shown as text.
 * @param {unknown} text
 * @returns {string | null}
 */
export function safeLink(text) {
    if (typeof text !== 'string') return null;
    try {
        const address = new URL(text);
        return address.protocol === 'http:' || address.protocol === 'https:' ? address.href : null;
    } catch {
        return null;
    }
}

/**
 * A link of the server's to a page of the console; anything else is shown as text.
 * @param {unknown} text
 * @returns {string | null}
 */
export function pageLink(text) {
    if (typeof text !== 'string') return null;
    try {
        const address = new URL(text, document.baseURI);
        return address.origin === location.origin && address.pathname.startsWith(base().pathname)
            ? address.href
            : null;
    } catch {
        return null;
    }
}

addEventListener('popstate', () => {
    route.value = current();
});

document.addEventListener('click', event => {
    if (
        event.defaultPrevented ||
        event.button !== 0 ||
        event.metaKey ||
        event.ctrlKey ||
        event.shiftKey ||
        event.altKey
    )
        return;
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || !link.pathname.startsWith(base().pathname)) return;
    if (link.pathname.startsWith(`${base().pathname}api/`)) return;
    event.preventDefault();
    go(link.href);
});

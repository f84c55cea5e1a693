// @ts-check
import { useEffect } from './dom.js';
import { session } from './state.js';

/** Names the tab. @param {string} text */
export function heading(text) {
    document.title = `${text} · ${session.peek()?.app ?? 'Lovage'}`;
}

/** Names the tab while a page is shown. @param {string} text */
export const useTitle = text => useEffect(() => heading(text), [text]);

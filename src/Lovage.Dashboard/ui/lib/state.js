// @ts-check
// What the whole console shares: session, theme, live state, counts of the rail.
import { effect, signal } from './dom.js';

/** @type {import('./dom.js').Signal<any>} The answer of api/session. */
export const session = signal(/** @type {any} */ (null));

/** Milliseconds that the server's clock is ahead of this one. */
export const clock = signal(0);

/** @returns {number} The server's time, in milliseconds. */
export const serverNow = () => Date.now() + clock.peek();

/** A number that grows once a second while the tab is visible: relative times listen to it. */
export const tick = signal(0);

/** The same every 10 s, for times that are older than a minute. */
export const slowTick = signal(0);

/** What the reader chose: live, polling or paused. */
export const liveChoice = signal(read('live', 'live'));

/** What the stream does now: connecting, live, polling, paused, hidden. */
export const liveState = signal('connecting');

/** Since when nothing has arrived, or null. @type {import('./dom.js').Signal<number | null>} */
export const staleSince = signal(/** @type {number | null} */ (null));

/** The few facts that the rail, the title and the favicon show. @type {import('./dom.js').Signal<any>} */
export const pulse = signal(/** @type {any} */ (null));

/** auto, light or dark. */
export const theme = signal(read('theme', 'auto'));

/** The theme that holds now: light or dark. */
export const shade = signal('light');

/** The bulk operations that run. @type {import('./dom.js').Signal<any[]>} */
export const operations = signal(/** @type {any[]} */ ([]));

/** @param {string} key @param {string} fallback */
export function read(key, fallback) {
    try {
        return localStorage.getItem(`lovage.${key}`) ?? fallback;
    } catch {
        return fallback;
    }
}

/** @param {string} key @param {string} value */
export function keep(key, value) {
    try {
        localStorage.setItem(`lovage.${key}`, value);
    } catch {
        // A browser may refuse storage; the choice then lasts as long as the page.
    }
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const applyTheme = () => {
    document.documentElement.dataset.theme = theme.value;
    shade.value = theme.value === 'auto' ? (dark.matches ? 'dark' : 'light') : theme.value;
};
effect(() => {
    applyTheme();
    keep('theme', theme.value);
});
dark.addEventListener('change', applyTheme);
effect(() => keep('live', liveChoice.value));
setInterval(() => {
    if (document.hidden) return;
    tick.value++;
    if (tick.value % 10 === 0) slowTick.value++;
}, 1000);

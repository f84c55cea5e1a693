// @ts-check
// The entry: session first, then the shell and the page of the address.
import { html, render, toMain, useEffect, useErrorBoundary, useState, effect } from './lib/dom.js';
import { loadSession } from './lib/api.js';
import { route } from './lib/router.js';
import { pulse, shade } from './lib/state.js';
import { refreshPulse, startStream } from './lib/stream.js';
import { heading } from './lib/title.js';
import { Failure, Head, Loading } from './components/bits.js';
import { dialogOpen } from './components/dialog.js';
import { Shell, help } from './components/shell.js';
import { tableKey } from './components/table.js';
import { s } from './strings.en.js';

/** The pages by pattern: `:name` takes one segment. @type {[string, () => Promise<any>][]} */
const pages = [
    ['', () => import('./pages/overview.js')],
    ['jobs', () => import('./pages/jobs.js')],
    ['jobs/:id', () => import('./pages/job.js')],
    ['running', () => import('./pages/running.js')],
    ['errors', () => import('./pages/errors.js')],
    ['errors/:fingerprint', () => import('./pages/error.js')],
    ['queues', () => import('./pages/queues.js')],
    ['queues/:name', () => import('./pages/queue.js')],
    ['workers', () => import('./pages/workers.js')],
    ['workers/:owner', () => import('./pages/worker.js')],
    ['schedules', () => import('./pages/schedules.js')],
    ['schedules/:id', () => import('./pages/schedule.js')],
    ['operations', () => import('./pages/operations.js')],
    ['metrics', () => import('./pages/metrics.js')],
    ['enqueue', () => import('./pages/enqueue.js')],
    ['local', () => import('./pages/local.js')],
    ['audit', () => import('./pages/audit.js')],
    ['system', () => import('./pages/system.js')],
];

/** @param {string} path */
function match(path) {
    const parts = path.split('/');
    for (const [pattern, load] of pages) {
        const names = pattern.split('/');
        if (names.length !== parts.length) continue;
        /** @type {Record<string, string>} */
        const params = {};
        try {
            if (
                names.every((name, i) =>
                    name.startsWith(':')
                        ? (params[name.slice(1)] = decodeURIComponent(parts[i])) !== ''
                        : name === parts[i],
                )
            )
                return { pattern, load, params };
        } catch {
            return null;
        }
    }
    return null;
}

/** @type {Map<string, any>} */
const loaded = new Map();

/** @param {{ children?: any }} props */
function Guard({ children }) {
    const [error, reset] = useErrorBoundary(problem => console.error(problem));
    return error
        ? html`<${Failure}
              error=${{ title: s.errors.page, detail: String(error.message ?? error) }}
              retry=${reset}
          />`
        : children;
}

/** The path of the last page, or null before the first. @type {string | null} */
let shownPath = null;

function Page() {
    const { path, query } = route.value;
    const found = match(path);
    const [, redraw] = useState(0);
    const [error, setError] = useState(/** @type {any} */ (null));
    const page = found && loaded.get(found.pattern);
    useEffect(() => {
        if (!found || page) return;
        setError(null);
        found.load().then(module => {
            loaded.set(found.pattern, module.default);
            redraw(n => n + 1);
        }, setError);
    }, [found?.pattern]);
    useEffect(() => {
        if (!found) heading(s.errors.noPage);
        // The next Tab of a reader without a mouse starts in the new page.
        if (shownPath !== null && shownPath !== path) toMain();
        shownPath = path;
    }, [path]);
    if (!found) return html`<${Head} title=${s.errors.noPage} sub=${s.errors.noPageDetail} />`;
    if (error)
        return html`<${Failure}
            error=${{ title: s.errors.module, detail: s.errors.moduleDetail }}
            retry=${() => location.reload()}
        />`;
    if (!page) return html`<${Loading} />`;
    return html`<${Guard} key=${path}><${page} key=${path} params=${found.params} query=${query} /><//>`;
}

/** The drawer of the address, over any page. */
function Panel() {
    const name = route.value.query.get('panel');
    const [panel, setPanel] = useState(/** @type {any} */ (null));
    useEffect(() => {
        if (name === 'operations')
            import('./pages/operations.js').then(
                module => setPanel(() => module.default),
                () => setPanel(null),
            );
    }, [name]);
    return name === 'operations' && route.value.path !== 'operations' && panel
        ? html`<${panel} query=${route.value.query} />`
        : null;
}

const typing = (/** @type {any} */ target) =>
    target?.closest?.('input,textarea,select,[contenteditable]') && target.type !== 'checkbox';

document.addEventListener('keydown', event => {
    if (
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        typing(event.target) ||
        dialogOpen()
    )
        return;
    const key = event.key;
    if (key === '/') document.getElementById('search')?.focus();
    else if (key === '?') help();
    else if (key === 'j' || key === 'k' || key === 'x') {
        if (!tableKey(event)) return;
    } else return;
    event.preventDefault();
});

// The favicon says at once whether something needs a person.
effect(() => {
    const leaf = shade.value === 'dark' ? '%2378c69a' : '%231f7a4d';
    const level = pulse.value?.level;
    const dot =
        level === 'bad'
            ? "<circle cx='24' cy='24' r='8' fill='%23d92d20'/>"
            : level === 'notice'
              ? "<circle cx='24' cy='24' r='8' fill='%23c98500'/>"
              : '';
    const icon = document.querySelector('link[rel=icon]');
    if (icon instanceof HTMLLinkElement) {
        icon.href =
            "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>" +
            `<path d='M16 30V13' stroke='${leaf}' stroke-width='3'/><path fill='${leaf}' ` +
            `d='M16 16C16 9 12 4 4 3c-.5 8 4 13 12 13zM16 22c0-6 4-9 11-10 1 7-4 10-11 10z'/>${dot}</svg>`;
    }
});

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

async function start() {
    const first = match(route.peek().path);
    const page = first?.load().then(
        module => {
            loaded.set(first.pattern, module.default);
        },
        () => {},
    );
    try {
        await Promise.all([loadSession(), page]);
    } catch (error) {
        render(html`<main class="alone"><${Failure} error=${error} retry=${() => location.reload()} /></main>`, root);
        return;
    }
    startStream();
    refreshPulse();
    render(html`<${Shell} panel=${html`<${Panel} />`}><${Page} /><//>`, root);
}

start();

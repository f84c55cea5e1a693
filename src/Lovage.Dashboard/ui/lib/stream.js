// @ts-check
// The stream of changes: one EventSource a tab, polling where it does not hold, silence shown as such.
import { effect, signal, useEffect, useRef, useState } from './dom.js';
import { parse } from './json.js';
import { get, url } from './api.js';
import { clock, liveChoice, liveState, operations, pulse, serverNow, session, staleSince } from './state.js';

const silent = 25_000;
const pollEvery = 5_000;
const events = [
    'overview',
    'queues',
    'jobs',
    'job',
    'workers',
    'schedules',
    'errors',
    'operations',
    'local',
    'pulse',
];

/** @type {Map<string, Set<(event: string, data: any) => void>>} */
const listeners = new Map();
/** @type {EventSource | null} */
let source = null;
let failures = 0;
let lastWord = Date.now();
let connected = '';
/** True when changes may have been missed since the last word. */
let gap = false;
/** @type {number | undefined} */
let pollTimer;
/** @type {number | undefined} */
let settleTimer;
const hidden = signal(document.hidden);

const topics = () => [...listeners.keys()].sort().join(',');

/** @param {string} event @param {any} data */
function tell(event, data) {
    const names = event === 'job' && data?.id ? [`job:${data.id}`] : [event];
    for (const name of names) for (const listener of listeners.get(name) ?? []) listener(event, data);
}

function word() {
    lastWord = Date.now();
    staleSince.value = null;
}

/** Asks every listener to fetch. */
function poll() {
    for (const [topic, set] of listeners) for (const listener of set) listener('poll', topic);
}

function close() {
    source?.close();
    source = null;
    clearInterval(pollTimer);
    pollTimer = undefined;
}

function startPolling() {
    close();
    liveState.value = 'polling';
    poll();
    pollTimer = setInterval(() => {
        poll();
        if (!listeners.has('overview')) refreshPulse();
    }, pollEvery);
}

function connect() {
    close();
    connected = topics();
    liveState.value = 'connecting';
    const stream = new EventSource(url(session.peek()?.stream ?? 'api/stream', { topics: connected }));
    source = stream;
    stream.addEventListener('hello', event => {
        failures = 0;
        word();
        liveState.value = 'live';
        const data = parse(/** @type {MessageEvent} */ (event).data);
        if (data?.now) clock.value = Date.parse(data.now) - Date.now();
        if (gap) poll();
        gap = false;
    });
    stream.addEventListener('beat', word);
    stream.addEventListener('bye', () => {
        word();
        stream.close();
        gap = true;
        liveState.value = 'connecting';
        setTimeout(() => {
            if (source === stream) connect();
        }, 1500);
    });
    for (const name of events) {
        stream.addEventListener(name, event => {
            word();
            let data;
            try {
                data = parse(/** @type {MessageEvent} */ (event).data);
            } catch {
                return;
            }
            if (name === 'pulse') pulse.value = data;
            if (name === 'operations' && data?.items) operations.value = data.items;
            tell(name, data);
        });
    }
    stream.onerror = () => {
        if (source !== stream) return;
        gap = true;
        failures++;
        stream.close();
        if (failures >= 2) startPolling();
        else {
            liveState.value = 'connecting';
            setTimeout(() => {
                if (source === stream) connect();
            }, 1000);
        }
    };
}

/** Looks again at what the reader wants and at what the tab can do. */
function settle() {
    const choice = liveChoice.value;
    const away = hidden.value;
    clearTimeout(settleTimer);
    settleTimer = setTimeout(() => {
        if (away || choice === 'paused') {
            close();
            gap = true;
            liveState.value = away ? 'hidden' : 'paused';
            staleSince.value = null;
        } else if (choice === 'polling') {
            startPolling();
        } else if (failures < 2) {
            connect();
        } else {
            startPolling();
        }
    }, 40);
}

/** Reads the rail's facts where no stream brings them. */
export async function refreshPulse() {
    try {
        const overview = await get('api/overview');
        word();
        pulse.value = pulseOf(overview);
    } catch {
        staleSince.value ??= lastWord;
    }
}

/** @param {any} overview */
export const pulseOf = overview => ({
    level: overview.verdict.level,
    sentence: overview.verdict.sentence,
    waiting: overview.totals.waiting,
    // The chart counts dead letters as failures, and they are told beside.
    failed_hour: overview.chart ? Math.max(0, sumFailed(overview.chart.points) - overview.dead.last_hour) : null,
    dead: overview.dead.count,
    storage_up: overview.storage.up,
});

/** @param {any[]} points */
const sumFailed = points => points.reduce((sum, point) => sum + (point.failed ?? 0), 0);

/** Starts the stream; app.js calls it once. */
export function startStream() {
    document.addEventListener('visibilitychange', () => {
        hidden.value = document.hidden;
    });
    // The top bar counts the operations that run, whatever the page.
    if (session.peek()?.features?.operations !== false) listen('operations', () => {});
    effect(settle);
    setInterval(() => {
        if (document.hidden || liveState.peek() === 'paused') return;
        if (Date.now() - lastWord <= silent) return;
        staleSince.value ??= lastWord;
        if (liveState.peek() === 'live') {
            failures++;
            failures >= 2 ? startPolling() : connect();
        }
    }, 1000);
    // A server that polling reaches may have a stream again.
    setInterval(() => {
        if (liveState.peek() === 'polling' && liveChoice.peek() === 'live') {
            failures = 1;
            connect();
        }
    }, 60_000);
}

/** Tries the stream again at once. */
export function reconnect() {
    failures = 0;
    liveChoice.value = 'live';
    settle();
}

/**
 * Listens to a topic until the answer is called. The listener gets an event's name and data, or 'poll' when it
 * should fetch.
 * @param {string} topic
 * @param {(event: string, data: any) => void} listener
 */
export function listen(topic, listener) {
    const set = listeners.get(topic) ?? new Set();
    listeners.set(topic, set.add(listener));
    changed();
    return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(topic);
        changed();
    };
}

/** @type {number | undefined} */
let changeTimer;
function changed() {
    clearTimeout(changeTimer);
    changeTimer = setTimeout(() => {
        if (source && topics() !== connected) connect();
    }, 60);
}

/**
 * @typedef {{ data: any, error: any, loading: boolean, at: number, reload: () => Promise<void>,
 *   set: (data: any) => void }} Resource
 */

/**
 * Reads an address of the API and keeps it fresh.
 * @param {string | null} path null reads nothing
 * @param {Record<string, any>} [query]
 * @param {{ topic?: string, apply?: (data: any, event: any) => any, every?: number, quiet?: boolean }} [how] `topic`
 *   of the stream; `apply` takes an event's data into what the page has (undefined: fetch instead); `every`: at least
 *   so many milliseconds between two fetches that events ask for; `quiet`: events are not followed.
 * @returns {Resource}
 */
export function useResource(path, query = {}, how = {}) {
    const [state, setState] = useState(/** @type {any} */ ({ data: undefined, error: null, loading: true, at: 0 }));
    const key =
        path === null
            ? ''
            : path +
              '?' +
              new URLSearchParams(
                  Object.entries(query)
                      .filter(([, v]) => v !== null && v !== undefined && v !== '')
                      .map(([k, v]) => [k, String(v)]),
              );
    const live = useRef(/** @type {any} */ ({ key: '', at: 0, data: undefined, load: async () => {} }));

    live.current.set = (/** @type {any} */ data) => {
        live.current.data = data;
        setState({ data, error: null, loading: false, at: serverNow() });
    };
    live.current.load = async () => {
        if (path === null) return;
        live.current.abort?.abort();
        const abort = (live.current.abort = new AbortController());
        live.current.at = Date.now();
        try {
            const data = await get(path, query, abort.signal);
            word();
            if (live.current.key === key) live.current.set(data);
        } catch (error) {
            if (/** @type {Error} */ (error).name === 'AbortError' || live.current.key !== key) return;
            if (/** @type {any} */ (error).status === 0) staleSince.value ??= lastWord;
            setState((/** @type {any} */ old) => ({ ...old, error, loading: false }));
        }
    };

    useEffect(() => {
        if (live.current.path !== path) {
            live.current.data = undefined;
            setState({ data: undefined, error: null, loading: true, at: 0 });
        }
        live.current.key = key;
        live.current.path = path;
        live.current.load();
        return () => live.current.abort?.abort();
    }, [key]);

    useEffect(() => {
        if (!how.topic || path === null) return undefined;
        /** @type {number | undefined} */
        let later;
        const every = how.every ?? 2000;
        const stop = listen(how.topic, (event, data) => {
            if (how.quiet) return;
            if (event !== 'poll' && how.apply && live.current.data !== undefined) {
                const next = how.apply(live.current.data, data);
                if (next !== undefined) {
                    live.current.set(next);
                    return;
                }
            }
            if (later !== undefined) return;
            later = setTimeout(
                () => {
                    later = undefined;
                    live.current.load();
                },
                Math.max(0, live.current.at + every - Date.now()),
            );
        });
        return () => {
            clearTimeout(later);
            stop();
        };
    }, [how.topic, key, how.quiet]);

    return { ...state, reload: () => live.current.load(), set: data => live.current.set(data) };
}

// @ts-check
// The client of the HTTP API. Every address is relative to the page's base.
import { parse, stringify } from './json.js';
import { clock, session } from './state.js';
import { s } from '../strings.en.js';

/** An answer that was not a success: what happened, what is known, what to do. */
export class ApiError extends Error {
    /** @param {number} status @param {{ title?: string, detail?: string, [key: string]: any }} problem */
    constructor(status, problem) {
        super(problem.title || s.errors.http(status));
        this.status = status;
        this.title = this.message;
        this.detail = problem.detail || '';
        this.problem = problem;
    }
}

/** @param {string} path @param {Record<string, any>} [query] */
export function url(path, query) {
    const address = new URL(path, document.baseURI);
    for (const [key, value] of Object.entries(query ?? {})) {
        if (value !== undefined && value !== null && value !== '') address.searchParams.set(key, String(value));
    }
    return address;
}

/**
 * @param {string} method
 * @param {URL} address
 * @param {any} [body] an object, or text that is JSON already
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function call(method, address, body, signal) {
    /** @type {Record<string, string>} */
    const headers = { Accept: 'application/json', 'X-Lovage': '1' };
    if (method !== 'GET') headers['Content-Type'] = 'application/json';
    let answer;
    try {
        answer = await fetch(address, {
            method,
            headers,
            signal,
            credentials: 'same-origin',
            cache: 'no-store',
            body: method === 'GET' ? undefined : typeof body === 'string' ? body : stringify(body ?? {}),
        });
    } catch (error) {
        if (/** @type {Error} */ (error).name === 'AbortError') throw error;
        throw new ApiError(0, { title: s.errors.unreachable, detail: s.errors.unreachableDetail });
    }
    const text = await answer.text();
    let value;
    try {
        value = text === '' ? null : parse(text);
    } catch {
        value = undefined;
    }
    if (!answer.ok) throw new ApiError(answer.status, value && typeof value === 'object' ? value : {});
    if (value === undefined)
        throw new ApiError(answer.status, { title: s.errors.notJson, detail: s.errors.notJsonDetail });
    return value;
}

/** @param {string} path @param {Record<string, any>} [query] @param {AbortSignal} [signal] @returns {Promise<any>} */
export const get = (path, query, signal) => call('GET', url(path, query), undefined, signal);
/** @param {string} path @param {any} [body] @returns {Promise<any>} */
export const post = (path, body) => call('POST', url(path), body);
/** @param {string} path @param {any} [body] @returns {Promise<any>} */
export const remove = (path, body) => call('DELETE', url(path), body);

/** One segment of a path: a name may hold any character. @param {string} name */
export const segment = name => encodeURIComponent(name);

/** Reads the session; every permission check of the pages stands on it. */
export async function loadSession() {
    const value = await get('api/session');
    clock.value = Date.parse(value.now) - Date.now();
    session.value = value;
    return value;
}

/**
 * True when the person may do this and the console is not read-only.
 * @param {'view_payloads'|'operate'|'administer'} permission
 */
export function can(permission) {
    const value = session.value;
    if (!value || !value.permissions.includes(permission)) return false;
    return permission === 'view_payloads' || !value.read_only;
}

/** @param {string} feature */
export const has = feature => session.value?.features?.[feature] !== false;

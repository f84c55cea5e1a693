// @ts-check
// Numbers, times and ids in words that a reader takes in at a glance.
import { s } from '../strings.en.js';
import { serverNow } from './state.js';

const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/**
 * A count: 1,204, or 10k+ when the server stopped counting.
 * @param {number | { value: number, is_exact: boolean } | null | undefined} value
 */
export function count(value) {
    if (value === null || value === undefined) return '–';
    if (typeof value === 'number') return plain.format(value);
    return value.is_exact ? plain.format(value.value) : `${short(value.value)}+`;
}

/** A short figure: 980, 1.2k, 34k, 1.2M. @param {number | null | undefined} value */
export function short(value) {
    if (value === null || value === undefined) return '–';
    if (Math.abs(value) < 1000) return one.format(value);
    const [size, unit] = Math.abs(value) < 999_500 ? [1e3, 'k'] : Math.abs(value) < 999.5e6 ? [1e6, 'M'] : [1e9, 'G'];
    return (value / size < 10 ? one : plain).format(value / size) + unit;
}

/** The number inside a bounded count. @param {number | { value: number } | null | undefined} value */
export const number = value =>
    value === null || value === undefined ? 0 : typeof value === 'number' ? value : value.value;

/**
 * A rate: 12.4/s, or 3/min when it is slow.
 * @param {number | null | undefined} value
 * @param {number} [scale] the largest rate beside it, whose unit it takes
 */
export function rate(value, scale = value ?? 0) {
    if (value === null || value === undefined) return '–';
    if (scale === 0) return '0/s';
    if (scale < 0.015) return `${one.format(value * 3600)}/h`;
    return scale < 0.95 ? `${one.format(value * 60)}/min` : `${short(value)}/s`;
}

/** A figure and its unit, which stay on one line. @param {number | string} figure @param {string} unit */
const of = (figure, unit) => `${figure}\u00a0${unit}`;

/** A length of time: 3 ms, 1.2 s, 2 min 4 s, 3 h 10 min, 4 d. @param {number | null | undefined} seconds */
export function duration(seconds) {
    if (seconds === null || seconds === undefined) return '–';
    const value = Math.max(0, Number(seconds));
    if (value === 0) return of(0, 's');
    if (value < 0.001) return of('<', of(1, 'ms'));
    if (value < 0.9995) return of(Math.round(value * 1000), 'ms');
    if (value < 59.95) return of(one.format(value), 's');
    if (value < 3600) return pair(Math.floor(value / 60), 'min', Math.floor(value % 60), 's');
    if (value < 86_400) return pair(Math.floor(value / 3600), 'h', Math.floor((value % 3600) / 60), 'min');
    return pair(Math.floor(value / 86_400), 'd', Math.floor((value % 86_400) / 3600), 'h');
}

/** @param {number} large @param {string} unit @param {number} small @param {string} smaller */
const pair = (large, unit, small, smaller) =>
    small && large < 10 ? of(of(large, unit), of(small, smaller)) : of(large, unit);

/** The coarse form for ages: one unit only. @param {number} seconds */
export function age(seconds) {
    if (seconds < 60) return of(Math.floor(seconds), 's');
    if (seconds < 3600) return of(Math.floor(seconds / 60), 'min');
    if (seconds < 172_800) return of(Math.floor(seconds / 3600), 'h');
    return of(Math.floor(seconds / 86_400), 'd');
}

/** "3 min ago" or "in 4 h". @param {string | null | undefined} time @param {number} [now] */
export function relative(time, now = serverNow()) {
    if (!time) return '–';
    const seconds = (now - Date.parse(time)) / 1000;
    if (!Number.isFinite(seconds)) return '–';
    if (Math.abs(seconds) < 1) return s.time.now;
    return seconds > 0 ? s.time.ago(age(seconds)) : s.time.ahead(age(-seconds));
}

/** The absolute time, in UTC and here. @param {string | null | undefined} time */
export function absolute(time) {
    if (!time) return '';
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) return '';
    const local = date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
    return `${date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC')}\n${local} ${s.time.here}`;
}

/** 12:03:10 here. @param {number | string} time */
export const clockTime = time => new Date(time).toLocaleTimeString(undefined, { hour12: false });

/** @param {number | string} time */
export const hourMinute = time =>
    new Date(time).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });

/** Cuts the middle out of a long text. @param {string} text @param {number} [length] */
export function middle(text, length = 13) {
    if (text.length <= length) return text;
    const head = Math.ceil((length - 1) / 2);
    return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}

/** @param {number | null | undefined} size */
export function bytes(size) {
    if (size === null || size === undefined) return '–';
    if (size < 1024) return of(size, 'B');
    return size < 1_048_576 ? of(one.format(size / 1024), 'KB') : of(one.format(size / 1_048_576), 'MB');
}

/** @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole ? of(one.format((part / whole) * 100), '%') : '–');

/**
 * Puts text into the clipboard, also where the page has no secure context.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const area = document.createElement('textarea');
        area.value = text;
        area.className = 'offscreen';
        const host = document.querySelector('dialog[open]') ?? document.body;
        const focused = /** @type {HTMLElement | null} */ (document.activeElement);
        host.append(area);
        area.select();
        const done = document.execCommand('copy');
        area.remove();
        focused?.focus();
        return done;
    }
}

/** A worker in short, by the key under which it holds leases: host:pid. @param {string | null | undefined} key */
export function workerName(key) {
    const parts = (key ?? '').split('/');
    return parts.length >= 5 ? `${parts[4].split('~')[0]}:${parts[2]}` : (key ?? '');
}

/** A version without most of its commit: 1.2.0+175cfd5. @param {string | null | undefined} version */
export const shortVersion = version => (version ?? '').replace(/(\+[0-9a-f]{7})[0-9a-f]+$/, '$1');

/**
 * Attempts so far, and at the most where that is known.
 * @param {number} made
 * @param {number | null | undefined} most
 */
export const attemptsOf = (made, most) => (most === null || most === undefined ? String(made) : `${made}/${most}`);

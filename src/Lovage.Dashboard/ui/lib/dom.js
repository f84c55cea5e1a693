// @ts-check
// The one door to the vendored libraries: every other module imports from here.
import { Fragment, h, render, options } from '../vendor/preact.js';
import * as hooks from '../vendor/hooks.js';
import * as signals from '../vendor/signals.js';
import htm from '../vendor/htm.js';

/**
 * @template T
 * @typedef {{ value: T, peek(): T, subscribe(fn: (value: T) => void): () => void }} Signal
 */

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = /** @type {any} */ (htm).bind(h);

/** @type {<T>(initial: T | (() => T)) => [T, (next: T | ((previous: T) => T)) => void]} */
export const useState = /** @type {any} */ (hooks).useState;
/** @type {<T>(initial: T) => { current: T }} */
export const useRef = /** @type {any} */ (hooks).useRef;
/** @type {(effect: () => (void | (() => void)), inputs?: any[]) => void} */
export const useEffect = /** @type {any} */ (hooks).useEffect;
/** @type {(effect: () => (void | (() => void)), inputs?: any[]) => void} */
export const useLayoutEffect = /** @type {any} */ (hooks).useLayoutEffect;
/** @type {<T>(make: () => T, inputs: any[]) => T} */
export const useMemo = /** @type {any} */ (hooks).useMemo;
/** @type {() => string} */
export const useId = /** @type {any} */ (hooks).useId;
/** @type {(handle?: (error: any) => void) => [any, () => void]} */
export const useErrorBoundary = /** @type {any} */ (hooks).useErrorBoundary;

/** @type {<T>(initial: T) => Signal<T>} */
export const signal = /** @type {any} */ (signals).signal;
/** @type {<T>(compute: () => T) => Signal<T>} */
export const computed = /** @type {any} */ (signals).computed;
/** @type {(run: () => (void | (() => void))) => () => void} */
export const effect = /** @type {any} */ (signals).effect;
/** @type {<T>(run: () => T) => T} */
export const batch = /** @type {any} */ (signals).batch;
/** @type {<T>(initial: T) => Signal<T>} */
export const useSignal = /** @type {any} */ (signals).useSignal;

/** Moves the focus to the page, without a ring and without a scroll. */
export const toMain = () => document.getElementById('main')?.focus({ preventScroll: true });

export { Fragment, h, options, render };

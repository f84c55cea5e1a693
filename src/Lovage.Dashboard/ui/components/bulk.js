// @ts-check
// Actions on all jobs that a filter matches: they say what they do to how many, and run as an operation.
import { html } from '../lib/dom.js';
import { can, get, has, post } from '../lib/api.js';
import { count, duration, number } from '../lib/format.js';
import { href, route } from '../lib/router.js';
import { s } from '../strings.en.js';
import { ask, toast } from './dialog.js';

const t = s.bulk;

/** Above so many jobs, run again spreads them by itself. */
const spreadAbove = 1000;

/** @param {string} action */
const destroys = action => action === 'delete' || action === 'cancel';

/**
 * Asks, then starts an operation over a filter.
 * @param {{ action: 'run_again'|'cancel'|'delete'|'move', q: string, expected: any }} what `expected`: the count that
 *   the person saw
 * @returns {Promise<any>} the operation, or null
 */
export async function startOperation({ action, q, expected }) {
    let seen = expected;
    for (;;) {
        const n = number(seen);
        const many = n > spreadAbove;
        /** @type {any} */
        let changed = null;
        const operation = await ask({
            title: t.title[action](count(seen)),
            body: html`<p>${t.filter} <code>${q || t.everything}</code></p>
                <p>${t.note[action]}</p>`,
            verb: t.verb[action](count(seen)),
            danger: destroys(action),
            typed: destroys(action) && n > 100 ? String(n) : undefined,
            reason: true,
            fields:
                action === 'run_again'
                    ? [
                          {
                              name: 'spread',
                              label: t.spread,
                              type: 'select',
                              value: many ? '600' : '0',
                              options: t.spreads,
                              hint: t.spreadHint,
                          },
                      ]
                    : action === 'move'
                      ? [{ name: 'queue', label: t.queue, required: true }]
                      : undefined,
            run: async values => {
                try {
                    return await post('api/operations', {
                        action,
                        q,
                        expected: n,
                        reason: values.reason,
                        ...(values.spread && values.spread !== '0' ? { spread_seconds: Number(values.spread) } : {}),
                        ...(values.queue ? { queue: values.queue } : {}),
                    });
                } catch (error) {
                    const fresh = /** @type {any} */ (error).problem?.expected;
                    if (/** @type {any} */ (error).status !== 409 || !fresh) throw error;
                    changed = fresh;
                    return null;
                }
            },
        });
        if (changed !== null) {
            toast(t.changed(count(changed)), 'plain');
            seen = changed;
            continue;
        }
        if (operation) {
            const spread = operation.spread_seconds ? t.over(duration(operation.spread_seconds)) : '';
            toast(t.started[action](count(number(seen)), spread), 'good', {
                label: t.watch,
                href: href(route.peek().path, { ...Object.fromEntries(route.peek().query), panel: 'operations' }),
            });
        }
        return operation;
    }
}

/** True when a group fails clearly more often than usual; one failure more is no rise. @param {any} group */
export const rising = group => group.rise >= 2 && group.hour >= 3;

/** Runs every failed and dead job of an error group again. @param {any} group */
export async function runGroupAgain(group) {
    const q = `fingerprint:${group.fingerprint} state:failed,dead`;
    try {
        const { count: expected } = await get('api/jobs', { q, limit: 1 });
        if (number(expected) === 0) {
            toast(t.noneLeft, 'plain');
            return null;
        }
        return await startOperation({ action: 'run_again', q, expected });
    } catch (error) {
        toast(/** @type {Error} */ (error).message, 'bad');
        return null;
    }
}

runGroupAgain.allowed = () => can('operate') && has('operations');

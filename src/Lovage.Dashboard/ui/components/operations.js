// @ts-check
// Bulk operations as the drawer and the page show them.
import { html, useEffect, useState } from '../lib/dom.js';
import { can, get, post, segment } from '../lib/api.js';
import { count, duration, number } from '../lib/format.js';
import { href } from '../lib/router.js';
import { useResource } from '../lib/stream.js';
import { s } from '../strings.en.js';
import { State } from './badge.js';
import { Button, Failure, Loading, Time } from './bits.js';
import { ask, toast } from './dialog.js';
import { Empty } from './empty.js';
import { Pager } from './table.js';

const t = s.operations;

/** @type {Record<string, string>} */
const looks = { running: 'running', done: 'succeeded', cancelled: 'cancelled', failed: 'failed' };

/** @param {any} o @param {() => void} after */
async function stop(o, after) {
    const left = Math.max(0, number(o.expected) - o.done - o.skipped);
    const done = await ask({
        title: t.stopTitle,
        body: html`<p>${t.stopNote(o.done, left)}</p>`,
        verb: t.stopVerb(left),
        danger: true,
        reason: true,
        run: values => post(`api/operations/${segment(o.id)}/cancel`, values),
    });
    if (!done) return;
    toast(done.sentence ?? t.stopped(done.done ?? o.done));
    after();
}

/** How far it has come, and the time that it still needs at this pace. @param {{ o: any }} props */
function Progress({ o }) {
    const all = number(o.expected);
    const past = o.done + o.skipped;
    const share = all ? Math.min(1, past / all) : o.state === 'done' ? 1 : 0;
    const spent = (Date.parse(o.finished_at ?? new Date().toISOString()) - Date.parse(o.created_at)) / 1000;
    const left = o.state === 'running' && past > 0 && spent > 2 && all > past ? (spent / past) * (all - past) : null;
    return html`<div class="op-bar">
            <svg
                class="depth"
                viewBox="0 0 1000 10"
                preserveAspectRatio="none"
                role="img"
                aria-label=${t.progress(past, count(o.expected))}
            >
                <rect class="depth-none" width="1000" height="10" />
                <rect class=${`op-${o.state}`} width=${share * 1000} height="10" /></svg
            ><span>${Math.round(share * 100)} %</span>
        </div>
        <p class="op-figures">
            <span><b>${count(o.done)}</b> ${t.of} ${count(o.expected)}</span
            >${o.skipped > 0 && html`<span class="dim">${t.skipped(o.skipped)}</span>`}
            ${
                left !== null && html`<span class="dim">${t.left(duration(Math.round(left)))}</span>`
            }${o.finished_at && html`<span class="dim">${t.took} ${duration(Math.max(0, spent))}</span>`}
        </p>`;
}

/** @param {{ o: any, after: () => void }} props */
const Operation = ({ o, after }) =>
    html`<li class="op" id=${`op-${o.id}`}>
        <div class="op-head">
            <strong>
                ${t.what[o.action]?.(count(o.expected), o.target?.queue) ?? o.action}${
                    o.spread_seconds ? html` <span class="dim">${t.over(duration(o.spread_seconds))}</span>` : ''
                }</strong
            >
            <${State} state=${looks[o.state] ?? o.state} word=${t.states[o.state] ?? o.state} />
        </div>
        <${Progress} o=${o} />
        ${o.error && html`<p class="bad small">${o.error}</p>`}
        <p class="op-note">
            <a class="mono" href=${href('jobs', { q: o.q })} title=${o.q}>${o.q || s.bulk.everything}</a>
        </p>
        <p class="op-note dim">
            ${o.by && `${o.by} · `}<${Time} at=${o.created_at} />${o.reason && ` · ${o.reason}`}
        </p>
        ${
            o.state === 'running' &&
            can('operate') &&
            html`<${Button} small kind="danger" onClick=${() => stop(o, after)}>${t.stop}<//>`
        }
    </li>`;

/** The list, newest first, kept fresh: running ones come by the stream, ended ones are read again. */
export function Operations() {
    const { data, error, reload } = useResource(
        'api/operations',
        { limit: 50 },
        {
            topic: 'operations',
            every: 2000,
            apply: (old, event) => {
                if (!event.items) return undefined;
                const fresh = new Map(event.items.map((/** @type {any} */ o) => [o.id, o]));
                const known = new Set(old.items.map((/** @type {any} */ o) => o.id));
                if (
                    event.items.some((/** @type {any} */ o) => !known.has(o.id)) ||
                    old.items.some((/** @type {any} */ o) => o.state === 'running' && !fresh.has(o.id))
                )
                    return undefined;
                return { ...old, items: old.items.map((/** @type {any} */ o) => fresh.get(o.id) ?? o) };
            },
        },
    );
    const [more, setMore] = useState(/** @type {any[]} */ ([]));
    const [next, setNext] = useState(/** @type {string | null | undefined} */ (undefined));
    const [busy, setBusy] = useState(false);
    useEffect(() => {
        if (next === undefined && data) setNext(data.next);
    }, [data]);
    if (error && !data) return html`<${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Loading} />`;
    const known = new Set(data.items.map((/** @type {any} */ o) => o.id));
    const items = [...data.items, ...more.filter(o => !known.has(o.id))];
    if (items.length === 0) return html`<${Empty} text=${t.empty} code=${t.emptyCode} />`;
    const read = async () => {
        setBusy(true);
        try {
            const page = await get('api/operations', { limit: 50, after: next });
            setMore([...more, ...page.items]);
            setNext(page.next);
        } catch (problem) {
            toast(/** @type {Error} */ (problem).message, 'bad');
        }
        setBusy(false);
    };
    return html`<ul class="ops">
            ${items.map(o => html`<${Operation} key=${o.id} o=${o} after=${reload} />`)}
        </ul>
        ${
            (next || more.length > 0) &&
            html`<${Pager} next=${next ?? null} shown=${items.length} more=${read} busy=${busy} />`
        }`;
}

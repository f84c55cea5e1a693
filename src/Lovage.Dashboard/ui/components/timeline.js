// @ts-check
// The attempts of a job, drawn to scale in time: waiting hatched, running solid, retry wait dotted.
import { html } from '../lib/dom.js';
import { clockTime, duration } from '../lib/format.js';
import { serverNow, tick } from '../lib/state.js';
import { s } from '../strings.pages.en.js';

const t = s.job;

/** @typedef {{ kind: string, seconds: number, label: string }} Part */

/**
 * Cuts a job's life into parts.
 * @param {any} job
 * @param {number} now
 * @returns {{ parts: Part[], from: number, to: number } | null}
 */
export function partsOf(job, now) {
    if (!job.enqueued_at) return null;
    const from = Date.parse(job.enqueued_at);
    /** @type {Part[]} */
    const parts = [];
    const add = (/** @type {string} */ kind, /** @type {number} */ seconds, /** @type {string} */ text) => {
        if (seconds > 0.0005) parts.push({ kind, seconds, label: `${text}: ${duration(seconds)}` });
    };
    let at = from;
    const pause = (/** @type {number} */ until, /** @type {number | null} */ wait, /** @type {boolean} */ first) => {
        const gap = Math.max(0, (until - at) / 1000);
        const queued = Math.min(gap, wait ?? (first ? gap : 0));
        add(first ? 'ahead' : 'retry', gap - queued, first ? t.part.ahead : t.part.retry);
        add('wait', queued, t.part.wait);
    };
    for (const [index, attempt] of job.attempts_list.entries()) {
        const start = Date.parse(attempt.started_at);
        if (!Number.isFinite(start)) continue;
        pause(start, attempt.wait_seconds, index === 0);
        const open = attempt.duration_seconds === null || attempt.duration_seconds === undefined;
        const end = open
            ? Math.max(start, job.state === 'running' ? now : start)
            : start + attempt.duration_seconds * 1000;
        const kind = open && job.state === 'running' ? 'running' : (attempt.end ?? 'other');
        add(
            `run part-${kind}`,
            Math.max(0.001, (end - start) / 1000),
            t.part.attempt(attempt.number, s.states[kind] ?? kind),
        );
        at = Math.max(at, end);
    }
    if (job.state === 'queued') add('wait', (now - at) / 1000, t.part.wait);
    if (job.state === 'scheduled') add('ahead', (now - at) / 1000, t.part.ahead);
    if (job.state === 'retrying') add('retry', (now - at) / 1000, t.part.retry);
    const waiting = ['queued', 'scheduled', 'retrying'].includes(job.state);
    return parts.length > 0 ? { parts, from, to: waiting || job.state === 'running' ? now : at } : null;
}

/** @param {{ job: any }} props */
export function Timeline({ job }) {
    if (['running', 'queued', 'scheduled', 'retrying'].includes(job.state)) void tick.value;
    const life = partsOf(job, serverNow());
    if (!life) return null;
    const total = Math.max(0.001, (life.to - life.from) / 1000);
    return html`<div class="timeline">
        <div class="timeline-bar" role="img" aria-label=${life.parts.map(p => p.label).join(', ')}>
            ${life.parts.map(
                (p, i) =>
                    html`<span
                        key=${i}
                        class=${`part part-${p.kind}`}
                        style=${{ flexGrow: String(1000 * Math.max(p.seconds / total, 1 / 400)) }}
                        title=${p.label}
                    ></span>`,
            )}
        </div>
        <div class="timeline-axis">
            <span>${clockTime(life.from)}</span><span>${t.total(duration(total))}</span
            ><span>${clockTime(life.to)}</span>
        </div>
        <div class="timeline-key" aria-hidden="true">
            <span><i class="part part-wait"></i>${t.part.wait}</span
            ><span><i class="part part-run"></i>${t.part.run}</span
            ><span><i class="part part-retry"></i>${t.part.retry}</span>
        </div>
    </div>`;
}

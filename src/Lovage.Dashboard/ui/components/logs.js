// @ts-check
import { html, useLayoutEffect, useRef } from '../lib/dom.js';
import { absolute, clockTime } from '../lib/format.js';
import { s } from '../strings.pages.en.js';
import { Copy } from './bits.js';

/** So many lines are drawn; older ones are counted. */
const most = 500;

/**
 * Log lines; while they come in, the newest stays in view if it was in view.
 * @param {{ lines: any[], live?: boolean }} props
 */
export function Logs({ lines, live }) {
    const host = useRef(/** @type {any} */ (null));
    const pinned = useRef(true);
    useLayoutEffect(() => {
        const element = host.current;
        if (element && live && pinned.current) element.scrollTop = element.scrollHeight;
    }, [lines.length]);
    if (lines.length === 0) return html`<p class="dim small logs-none">${live ? s.job.logsWait : s.job.logsNone}</p>`;
    const shown = lines.slice(-most);
    const text = lines.map(l => `${l.at} ${s.job.levels[l.level] ?? ''} ${l.category}: ${l.message}`).join('\n');
    return html`<div class="logs-box">
        <div
            class="logs"
            ref=${host}
            tabindex="0"
            role="log"
            aria-label=${s.job.logs}
            aria-live="off"
            onScroll=${(/** @type {any} */ e) => {
                pinned.current = e.target.scrollHeight - e.target.scrollTop - e.target.clientHeight < 24;
            }}
        >
            ${shown.length < lines.length && html`<p class="dim">${s.job.logsOlder(lines.length - shown.length)}</p>`}
            ${shown.map(
                (l, i) =>
                    html`<div key=${i} class=${`log log-${l.level}`}>
                        <time datetime=${l.at} title=${absolute(l.at)}>${clockTime(l.at)}</time>
                        <span class="log-level" title=${l.category}>${s.job.levels[l.level] ?? l.level}</span
                        ><span class="log-text">${l.message}</span>
                    </div>`,
            )}
        </div>
        <${Copy} text=${text} label=${s.job.copyLogs} />
    </div>`;
}

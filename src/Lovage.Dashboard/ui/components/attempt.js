// @ts-check
// One attempt of a job in the list of its attempts: how it ended, when, where, and on demand its error and logs.
import { html, useState } from '../lib/dom.js';
import { duration, workerName } from '../lib/format.js';
import { safeLink } from '../lib/router.js';
import { s } from '../strings.pages.en.js';
import { State } from './badge.js';
import { Time } from './bits.js';
import { ErrorView } from './error.js';
import { Icon } from './icon.js';
import { Find } from './jobs.js';
import { Logs } from './logs.js';

const t = s.job;

/** @param {{ url: unknown, children?: any }} props A link that a template made: only http and https become one. */
export function Out({ url, children }) {
    const safe = safeLink(url);
    return safe
        ? html`<a class="link out" href=${safe} target="_blank" rel="noopener noreferrer"
              >${children}<${Icon} name="out" size=${12}
          /></a>`
        : null;
}

/** @param {{ job: any, attempt: any, newest: boolean }} props */
export function Attempt({ job, attempt, newest }) {
    const running = attempt.end === null && job.state === 'running';
    const state = running ? 'running' : (attempt.end ?? 'other');
    const [open, setOpen] = useState(false);
    const logs = attempt.logs ?? [];
    const more = (!newest && attempt.error) || (!newest && logs.length > 0);
    return html`<li class="attempt">
        <div class="attempt-line">
            ${
                more
                    ? html`<button
                          type="button"
                          class="attempt-turn"
                          aria-expanded=${String(open)}
                          onClick=${() => setOpen(!open)}
                      >
                          <${Icon}
                              name=${open ? 'down' : 'right'}
                              size=${14}
                              label=${t.attemptMore(attempt.number)}
                          />
                      </button>`
                    : html`<span class="attempt-turn"></span>`
            }
            <span class="attempt-number">${attempt.number}</span><${State} state=${state} />
            <span class="attempt-times"
                ><${Time} at=${attempt.started_at} /><span>${t.waited(duration(attempt.wait_seconds))}</span>${
                    attempt.duration_seconds !== null &&
                    attempt.duration_seconds !== undefined &&
                    html`<span>${t.ran(duration(attempt.duration_seconds))}</span>`
                }</span
            >
            <span class="attempt-worker clip" title=${attempt.worker}
                >${
                    attempt.worker &&
                    html`<${Find} field="worker" value=${attempt.worker}>${workerName(attempt.worker)}<//>`
                }</span
            >
            <${Out} url=${attempt.log_url}>${t.logLink}<//>
        </div>
        ${
            attempt.error &&
            !open &&
            !newest &&
            html`<p class="attempt-error clip" title=${attempt.error.message}>${attempt.error.message}</p>`
        }
        ${
            open &&
            html`<div class="attempt-body">
                ${
                    attempt.error && html`<${ErrorView} error=${attempt.error} />`
                }${logs.length > 0 && html`<${Logs} lines=${logs} />`}
            </div>`
        }
    </li>`;
}

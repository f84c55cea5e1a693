// @ts-check
// A trigger as a form: cron or an interval, a time zone, and what it means while it is typed.
import { html, useEffect, useId, useState } from '../lib/dom.js';
import { post } from '../lib/api.js';
import { relative, absolute } from '../lib/format.js';
import { serverNow } from '../lib/state.js';
import { s } from '../strings.pages.en.js';
import { Icon } from './icon.js';

const t = s.schedules;

/** @returns {string[]} */
const zones = () => ['UTC', .../** @type {any} */ (Intl.supportedValuesOf?.('timeZone') ?? [])];

/**
 * The state of a trigger's form. `body` is what the API takes, or null while nothing is typed.
 * @param {{ cron?: string, every?: string, zone?: string, isEvery?: boolean }} [start]
 */
export function useTrigger(start = {}) {
    const [kind, setKind] = useState(start.isEvery ? 'every' : 'cron');
    const [cron, setCron] = useState(start.cron ?? '');
    const [every, setEvery] = useState(start.every ?? '');
    const [zone, setZone] = useState(start.zone ?? '');
    const seconds = Number(every);
    const body =
        kind === 'cron'
            ? cron.trim() === ''
                ? null
                : { cron: cron.trim(), ...(zone.trim() ? { time_zone: zone.trim() } : {}) }
            : every.trim() !== '' && seconds > 0
              ? { every_seconds: seconds }
              : null;
    return { kind, setKind, cron, setCron, every, setEvery, zone, setZone, body };
}

/** What the server says of the trigger. @param {any} body */
export function usePreview(body) {
    const key = JSON.stringify(body);
    const [state, setState] = useState(/** @type {any} */ ({ key: '', answer: null, error: null }));
    useEffect(() => {
        if (body === null) return undefined;
        let gone = false;
        const timer = setTimeout(
            () =>
                post('api/schedules/preview', body).then(
                    answer => {
                        if (!gone) setState({ key, answer, error: null });
                    },
                    error => {
                        if (!gone) setState({ key, answer: null, error });
                    },
                ),
            250,
        );
        return () => {
            gone = true;
            clearTimeout(timer);
        };
    }, [key]);
    return state.key === key && body !== null ? state : { key, answer: null, error: null };
}

/** The next times at which it fires. @param {{ times: string[], zone?: string | null }} props */
export const Fires = ({ times, zone }) =>
    html`<ol class="fires">
        ${times.map(
            time =>
                html`<li key=${time}>
                    <time datetime=${time} title=${absolute(time)}>${inZone(time, zone)}</time
                    ><span class="dim">${relative(time)}</span>
                </li>`,
        )}
    </ol>`;

/**
 * A time in a zone, UTC by default; this year and whole minutes go without saying.
 * @param {string} time
 * @param {string | null} [zone]
 */
export function inZone(time, zone) {
    const date = new Date(time);
    /** @type {Intl.DateTimeFormatOptions} */
    const shape = {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        hour: '2-digit',
        minute: '2-digit',
        hour12: false,
        timeZoneName: 'short',
    };
    if (date.getUTCFullYear() !== new Date(serverNow()).getUTCFullYear()) shape.year = 'numeric';
    if (date.getUTCSeconds() !== 0) shape.second = '2-digit';
    try {
        return new Intl.DateTimeFormat(undefined, { ...shape, timeZone: zone || 'UTC' }).format(date);
    } catch {
        return new Intl.DateTimeFormat(undefined, { ...shape, timeZone: 'UTC' }).format(date);
    }
}

/** @param {{ trigger: ReturnType<typeof useTrigger>, preview: any }} props */
export function TriggerFields({ trigger, preview }) {
    const id = useId();
    const { kind, error, answer } = { kind: trigger.kind, ...preview };
    return html`<div class="field">
            <span class="field-label" id=${`${id}-kind`}>${t.when}</span>
            <div class="choice" role="group" aria-labelledby=${`${id}-kind`}>
                ${[
                    ['cron', t.cron],
                    ['every', t.every],
                ].map(
                    ([key, word]) =>
                        html` <button
                            key=${key}
                            type="button"
                            aria-pressed=${String(key === kind)}
                            onClick=${() => trigger.setKind(key)}
                        >
                            ${word}
                        </button>`,
                )}
            </div>
        </div>
        ${
            kind === 'cron'
                ? html`<div class="form-grid top">
                      <div class="field">
                          <label for=${`${id}-cron`}>${t.cronLabel}</label>
                          <input
                              id=${`${id}-cron`}
                              class="mono"
                              value=${trigger.cron}
                              placeholder="0 7 * * MON-FRI"
                              maxlength="256"
                              autocomplete="off"
                              spellcheck="false"
                              aria-invalid=${error ? 'true' : undefined}
                              aria-describedby=${`${id}-hint`}
                              onInput=${(/** @type {any} */ e) => trigger.setCron(e.target.value)}
                          />
                          <p class="hint">${t.cronHint}</p>
                      </div>
                      <div class="field">
                          <label for=${`${id}-zone`}>${t.zone}</label
                          ><input
                              id=${`${id}-zone`}
                              value=${trigger.zone}
                              list=${`${id}-zones`}
                              placeholder="UTC"
                              autocomplete="off"
                              spellcheck="false"
                              onInput=${(/** @type {any} */ e) => trigger.setZone(e.target.value)}
                          />
                          <datalist id=${`${id}-zones`}>
                              ${zones().map(z => html`<option key=${z} value=${z}></option>`)}
                          </datalist>
                          <p class="hint">${t.zoneHint}</p>
                      </div>
                  </div>`
                : html`<div class="field">
                      <label for=${`${id}-every`}>${t.everyLabel}</label>
                      <input
                          id=${`${id}-every`}
                          value=${trigger.every}
                          inputmode="decimal"
                          placeholder="300"
                          autocomplete="off"
                          aria-describedby=${`${id}-hint`}
                          onInput=${(/** @type {any} */ e) => trigger.setEvery(e.target.value)}
                      />
                  </div>`
        }
        <div class="preview" id=${`${id}-hint`} role="status">
            ${
                error
                    ? html`<p class="bad"><${Icon} name="errors" /> ${error.title} ${error.detail}</p>`
                    : answer
                      ? html`<p><strong>${answer.words}</strong></p>
                            <${Fires} times=${answer.next} zone=${kind === 'cron' ? trigger.zone.trim() : null} />`
                      : html`<p class="dim">${trigger.body === null ? t.previewNone : t.previewing}</p>`
            }
        </div>`;
}

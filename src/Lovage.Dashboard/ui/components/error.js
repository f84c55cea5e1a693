// @ts-check
import { html, useState } from '../lib/dom.js';
import { s } from '../strings.pages.en.js';
import { Copy } from './bits.js';

const t = s.failures;

/**
 * An error: type and message, then the frames of the user's code; the rest on demand.
 * @param {{ error: any, href?: string }} props
 */
export function ErrorView({ error, href }) {
    const [all, setAll] = useState(false);
    const frames = error.frames ?? [];
    const own = frames.filter((/** @type {any} */ f) => f.is_user);
    const shown = all || own.length === 0 ? (all ? frames : frames.slice(0, 4)) : own;
    const rest = frames.length - shown.length;
    return html`<div class="error">
        <p class="error-type">${error.type}</p>
        <p class="error-message">${error.message}</p>
        ${
            frames.length > 0 &&
            html`<ol class="frames">
                ${shown.map(
                    (/** @type {any} */ f, /** @type {number} */ i) =>
                        html`<li key=${i} class=${f.is_user ? 'own' : ''}>${f.text}</li>`,
                )}
            </ol>`
        }
        <div class="row error-tools">
            ${
                (rest > 0 || all) &&
                html`<button type="button" class="link" aria-expanded=${String(all)} onClick=${() => setAll(!all)}>
                    ${all ? t.ownFrames : t.moreFrames(rest)}
                </button>`
            }
            ${href && html`<a class="link" href=${href}>${t.group}</a>`}
            <span class="push"></span>${
                error.traceback &&
                html`<span class="dim small">${t.copyTrace}</span
                    ><${Copy} text=${error.traceback} label=${t.copyTrace} />`
            }
        </div>
    </div>`;
}

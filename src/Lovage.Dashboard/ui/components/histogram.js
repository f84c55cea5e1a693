// @ts-check
import { html } from '../lib/dom.js';
import { age, count, duration, percent, short } from '../lib/format.js';
import { s } from '../strings.pages.en.js';

const t = s.metrics;

/** One unit, so that labels keep apart. @param {number} seconds */
const brief = seconds => (seconds < 60 ? duration(seconds) : age(seconds));

/**
 * How long things took, as bars from short to long; the marks are percentiles.
 * @param {{ title: string, bounds: number[], values: number[], colour: string,
 *   marks?: Record<string, number | null> }} props `values` has one more than `bounds`: what took longer than the
 *   last bound
 */
export function Histogram({ title, bounds, values, colour, marks = {} }) {
    const sum = values.reduce((a, b) => a + b, 0);
    if (sum === 0) return html`<p class="chart-few dim histogram-none">${t.nothing}</p>`;
    let first = values.findIndex(v => v > 0);
    let last = values.length - 1 - [...values].reverse().findIndex(v => v > 0);
    first = Math.max(0, first - 1);
    last = Math.min(values.length - 1, last + 1);
    const shown = values.slice(first, last + 1);
    const top = Math.max(...shown);
    const wide = 640 / shown.length;
    const word = (/** @type {number} */ i) =>
        i >= bounds.length ? t.over(duration(bounds[bounds.length - 1])) : t.upTo(duration(bounds[i]));
    const step = Math.ceil(shown.length / 6);
    /** @param {number} seconds Where a time lies among the bars, by its logarithm. */
    const place = seconds => {
        const at = bounds.findIndex(b => seconds <= b);
        const i = at < 0 ? bounds.length : at;
        const low = i === 0 ? bounds[0] / 4 : bounds[i - 1];
        const high = i >= bounds.length ? low * 4 : bounds[i];
        const inside = Math.max(0, Math.min(1, Math.log(Math.max(seconds, 1e-9) / low) / Math.log(high / low)));
        return Math.max(0, Math.min(640, (i - first + inside) * wide));
    };
    const label = `${title}. ${shown.map((v, i) => `${word(first + i)}: ${v}`).join(', ')}`;
    return html`<figure class="histogram">
        <svg viewBox="0 0 640 156" role="img" aria-label=${label}>
            <line class="histogram-base" x1="0" y1="132.5" x2="640" y2="132.5" />
            ${shown.map((v, i) => {
                const high = v === 0 ? 0 : Math.max(2, (v / top) * 108);
                return html`<g key=${i}
                    ><rect class="histogram-hit" x=${i * wide} y="0" width=${wide} height="132" />
                    <rect
                        class=${`histogram-bar ${colour}`}
                        x=${i * wide + 1}
                        y=${132 - high}
                        width=${Math.max(1, wide - 2)}
                        height=${high}
                    /><title>${word(first + i)}: ${count(v)} (${percent(v, sum)})</title></g
                >`;
            })}
            ${shown.map((_, i) =>
                i % step === 0 && first + i < bounds.length
                    ? html`<text
                          key=${i}
                          class="histogram-tick"
                          x=${(i + 1) * wide}
                          y="150"
                          text-anchor=${(i + 1) * wide > 610 ? 'end' : 'middle'}
                          >${brief(bounds[first + i])}</text
                      >`
                    : null,
            )}
            ${Object.entries(marks)
                .filter(([, v]) => v !== null && v !== undefined)
                .map(([name, v]) => {
                    const x = place(/** @type {number} */ (v));
                    return html`<g key=${name}>
                        <line class="histogram-mark" x1=${x} y1="6" x2=${x} y2="132" /><text
                            class="histogram-tick"
                            x=${Math.min(x + 4, 616)}
                            y="14"
                            >${name}</text
                        ></g
                    >`;
                })}
        </svg>
        <figcaption class="offscreen">${short(sum)}</figcaption>
    </figure>`;
}

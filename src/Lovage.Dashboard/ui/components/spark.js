// @ts-check
import { html } from '../lib/dom.js';

/**
 * A line without axes.
 * @param {{ values: number[] | null | undefined, label: string, width?: number, height?: number, kind?: string,
 *   bars?: boolean }} props
 */
export function Spark({ values, label, width = 96, height = 24, kind = '', bars }) {
    if (!values || values.length < 2) return html`<span class="dim">–</span>`;
    const top = Math.max(...values, 1e-9);
    const y = (/** @type {number} */ v) => +(height - 1.5 - (Math.max(0, v) / top) * (height - 3)).toFixed(1);
    if (bars) {
        const step = width / values.length;
        return html`<svg
            class=${`spark ${kind}`}
            width=${width}
            height=${height}
            viewBox=${`0 0 ${width} ${height}`}
            role="img"
            aria-label=${label}
        >
            ${values.map(
                (v, i) =>
                    html`<rect
                        key=${i}
                        class="spark-bar"
                        x=${+(i * step).toFixed(1)}
                        width=${+Math.max(1, step - 1).toFixed(1)}
                        y=${v ? y(v) : height - 1}
                        height=${v ? +(height - y(v)).toFixed(1) : 1}
                    />`,
            )}
        </svg>`;
    }
    const x = (/** @type {number} */ i) => +((i / (values.length - 1)) * (width - 2) + 1).toFixed(1);
    const line = values.map((v, i) => `${i ? 'L' : 'M'}${x(i)} ${y(v)}`).join('');
    return html`<svg
        class=${`spark ${kind}`}
        width=${width}
        height=${height}
        viewBox=${`0 0 ${width} ${height}`}
        role="img"
        aria-label=${label}
    >
        <path class="spark-area" d=${`${line}L${width - 1} ${height}L1 ${height}Z`} />
        <path class="spark-line" d=${line} />
    </svg>`;
}

/** A share as a bar. @param {{ value: number, label: string, kind?: string }} props */
export const Meter = ({ value, label, kind = '' }) =>
    html`<span class=${`meter ${kind}`} role="img" aria-label=${label}>
        <span style=${{ width: `${Math.round(Math.min(1, Math.max(0, value)) * 1000) / 10}%` }}></span
    ></span>`;

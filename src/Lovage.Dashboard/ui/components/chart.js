// @ts-check
import { html, useEffect, useRef, useState } from '../lib/dom.js';
import { absolute, hourMinute } from '../lib/format.js';
import { shade } from '../lib/state.js';
import { s } from '../strings.en.js';
import { Button } from './bits.js';

/**
 * A chart of lines over time, with its legend and the same figures as a table.
 * @param {{ label: string, times: number[], lines: import('../lib/charts.js').Line[],
 *   deploys?: import('../lib/charts.js').Deploy[], open?: boolean, height?: number, sync?: string, aside?: any }}
 *   props times in seconds since 1970; `open`: the last bucket is not full
 */
export function Chart({ label, times, lines, deploys = [], open = true, height = 160, sync, aside }) {
    const host = useRef(/** @type {any} */ (null));
    const [asTable, setAsTable] = useState(false);
    const [at, setAt] = useState(/** @type {number | null} */ (null));
    const tone = shade.value;
    const few = times.length < 2;
    const [near, setNear] = useState(false);
    // The library is loaded when the reader comes near the chart, so that the first page stays light.
    useEffect(() => {
        if (near || !host.current) return undefined;
        const watch = new IntersectionObserver(
            seen => {
                if (seen.some(entry => entry.isIntersecting)) setNear(true);
            },
            { rootMargin: '200px' },
        );
        watch.observe(host.current);
        return () => watch.disconnect();
    }, [near, asTable, few]);
    useEffect(() => {
        if (asTable || few || !near) return undefined;
        let end = () => {};
        let gone = false;
        import('../lib/charts.js').then(({ draw }) => {
            if (!gone && host.current)
                end = draw(host.current, { times, lines, deploys, open, height, sync, onCursor: setAt });
        });
        return () => {
            gone = true;
            end();
        };
    }, [times, lines, deploys, open, height, sync, tone, asTable, few, near]);
    const index = at === null ? times.length - (open && times.length > 2 ? 2 : 1) : Math.min(at, times.length - 1);
    const table = () =>
        html`<div class="chart-table" tabindex="0" role="region" aria-label=${label}>
            <table class="table dense">
                <thead>
                    <tr>
                        <th scope="col">${s.chart.time}</th>
                        ${lines.map(l => html`<th key=${l.key} scope="col" class="num">${l.label}</th>`)}
                    </tr>
                </thead>
                <tbody>
                    ${times
                        .map(
                            (t, i) =>
                                html`<tr key=${t}>
                                    <td title=${absolute(new Date(t * 1000).toISOString())}>
                                        ${hourMinute(t * 1000)}
                                    </td>
                                    ${lines.map(l => html`<td key=${l.key} class="num">${l.format(l.values[i])}</td>`)}
                                </tr>`,
                        )
                        .reverse()}
                </tbody>
            </table>
        </div>`;
    return html`<figure class="chart">
        <figcaption>
            <span class="chart-legend"
                >${lines.map(
                    l =>
                        html` <span key=${l.key} class="legend"
                            ><i style=${{ background: `var(${l.colour})` }}></i>${l.label}
                            <b>${few ? '–' : l.format(l.values[index] ?? null)}</b></span
                        >`,
                )}
                ${
                    !few &&
                    html`<span class="dim chart-at">${at === null ? '' : hourMinute(times[index] * 1000)}</span>`
                }</span
            >
            <span class="chart-tools"
                >${aside}<${Button}
                    kind="quiet"
                    small
                    icon=${asTable ? 'metrics' : 'table'}
                    label=${asTable ? s.chart.asChart : s.chart.asTable}
                    onClick=${() => setAsTable(!asTable)}
            /></span>
        </figcaption>
        ${
            few
                ? html`<p class="chart-few dim" style=${{ height: `${height}px` }}>${s.chart.few}</p>`
                : asTable
                  ? table()
                  : html`<div
                        class="plot"
                        ref=${host}
                        role="img"
                        aria-label=${s.chart.label(
                            label,
                            lines.map(l => `${l.label} ${l.format(l.values[times.length - 1] ?? null)}`).join(', '),
                        )}
                        style=${{ height: `${height}px` }}
                    ></div>`
        }
    </figure>`;
}

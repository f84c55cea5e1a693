// @ts-check
// Draws time series with uPlot: area under a thin line, three horizontal lines, the open bucket dashed, deploys as
// marks.
import uPlot from '../vendor/uplot.js';

/**
 * @typedef {{ key: string, label: string, colour: string, fill?: boolean, time?: boolean, values: (number | null)[],
 *   format: (value: number | null, top?: number) => string }} Line
 * @typedef {{ at: string, version: string }} Deploy
 */

/** Resolves a custom property to a colour that a canvas knows. @param {Element} host @param {string} name */
export function colour(host, name) {
    const probe = document.createElement('i');
    probe.style.color = `var(${name})`;
    host.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
}

/** @param {string} value @param {number} alpha */
const faded = (value, alpha) => `color-mix(in srgb, ${value} ${alpha * 100}%, transparent)`;

/** @param {Element} host @param {string} value @param {number} alpha */
function resolveFaded(host, value, alpha) {
    const probe = document.createElement('i');
    probe.style.color = faded(value, alpha);
    host.append(probe);
    const out = getComputedStyle(probe).color;
    probe.remove();
    return out;
}

/** Seconds that halve well. */
const seconds = [
    1, 2, 4, 10, 20, 40, 60, 120, 240, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 345_600,
];

/** Round figures for three horizontal lines. @param {number} top @param {boolean} [time] */
export function ceiling(top, time = false) {
    if (!(top > 0)) return 1;
    if (time && top > 1 && top <= 345_600) return seconds.find(n => n >= top) ?? top;
    const size = 10 ** Math.floor(Math.log10(top));
    const step = [1, 1.5, 2, 3, 4, 6, 8, 10].find(n => n * size >= top) ?? 10;
    return step * size;
}

/**
 * Which values stand alone: a line does not show them, a point does.
 * @param {(number | null)[]} values
 */
const alone = values => {
    const at = values.flatMap((v, i) => (v !== null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
    return () => at;
};

/**
 * Draws a chart into an element and gives back what changes and ends it.
 * @param {HTMLElement} host
 * @param {{ times: number[], lines: Line[], deploys: Deploy[], open: boolean, height: number, sync?: string,
 *   onCursor: (index: number | null) => void }} chart times in seconds
 */
export function draw(host, chart) {
    const paint = Object.fromEntries(
        ['--text-2', '--line', '--border', ...chart.lines.map(l => l.colour)].map(n => [n, colour(host, n)]),
    );
    const font = `11px ${getComputedStyle(host).fontFamily}`;
    const top = ceiling(
        Math.max(0, ...chart.lines.flatMap(l => l.values.map(v => v ?? 0))),
        chart.lines.some(l => l.time),
    );
    const format = chart.lines[0]?.format ?? String;
    // The axis is as wide as its longest label, or a label loses its head.
    const labels = Math.max(46, ...[0, top / 2, top].map(v => format(v, top).length * 6.5 + 12));
    const last = chart.times.length - 1;
    const cut = chart.open && last > 1;
    /** @type {any[]} */
    const series = [{}];
    /** @type {any[]} */
    const data = [chart.times];
    for (const line of chart.lines) {
        const stroke = paint[line.colour];
        const fill = line.fill === false ? undefined : resolveFaded(host, stroke, 0.12);
        const points = { show: true, size: 5, fill: stroke, filter: alone(line.values) };
        series.push({ label: line.label, stroke, width: 1.5, fill, points });
        data.push(cut ? line.values.map((v, i) => (i === last ? null : v)) : line.values);
        if (cut) {
            series.push({ label: line.label, stroke, width: 1.5, dash: [3, 3], points: { show: false } });
            data.push(line.values.map((v, i) => (i >= last - 1 ? v : null)));
        }
    }
    const marks = (/** @type {any} */ u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.textAlign = 'left';
        ctx.textBaseline = 'alphabetic';
        ctx.font = font.replace('11px', `${10 * devicePixelRatio}px`);
        ctx.fillStyle = ctx.strokeStyle = paint['--text-2'];
        ctx.lineWidth = devicePixelRatio;
        for (const deploy of chart.deploys) {
            const at = Date.parse(deploy.at) / 1000;
            if (at < chart.times[0] || at > chart.times[last]) continue;
            const x = Math.round(u.valToPos(at, 'x', true)) + 0.5;
            ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
            ctx.beginPath();
            ctx.moveTo(x, bbox.top);
            ctx.lineTo(x, bbox.top + bbox.height);
            ctx.stroke();
            const text = String(deploy.version).slice(0, 16);
            const wide = ctx.measureText(text).width;
            ctx.fillText(
                text,
                Math.min(x + 4 * devicePixelRatio, bbox.left + bbox.width - wide),
                bbox.top + 9 * devicePixelRatio,
            );
        }
        ctx.restore();
    };
    const days = chart.times.length > 1 && chart.times[last] - chart.times[0] > 172_800;
    const clock = new Intl.DateTimeFormat(
        undefined,
        days ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit', hour12: false },
    );
    const plot = new /** @type {any} */ (uPlot)(
        {
            width: Math.max(120, host.clientWidth),
            height: chart.height,
            legend: { show: false },
            cursor: {
                y: false,
                points: { size: 6 },
                drag: { x: false, y: false },
                sync: chart.sync ? { key: chart.sync } : undefined,
            },
            scales: { x: { time: true }, y: { range: [0, top] } },
            series,
            axes: [
                {
                    stroke: paint['--text-2'],
                    font,
                    grid: { show: false },
                    ticks: { show: false },
                    size: 24,
                    gap: 4,
                    space: 80,
                    values: (/** @type {any} */ _u, /** @type {number[]} */ splits) =>
                        splits.map(v => clock.format(v * 1000)),
                },
                {
                    stroke: paint['--text-2'],
                    font,
                    grid: { stroke: paint['--line'], width: 1 },
                    ticks: { show: false },
                    size: labels,
                    gap: 6,
                    splits: () => [0, top / 2, top],
                    values: (/** @type {any} */ _u, /** @type {number[]} */ splits) =>
                        splits.map(v => format(v, top)),
                },
            ],
            hooks: { draw: [marks], setCursor: [(/** @type {any} */ u) => chart.onCursor(u.cursor.idx ?? null)] },
        },
        data,
        host,
    );
    const watch = new ResizeObserver(() => {
        if (host.clientWidth > 0) plot.setSize({ width: host.clientWidth, height: chart.height });
    });
    watch.observe(host);
    return () => {
        watch.disconnect();
        plot.destroy();
    };
}

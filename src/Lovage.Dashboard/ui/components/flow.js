// @ts-check
// The lines of throughput and of the oldest waiting job, of all queues or of one.
import { useMemo } from '../lib/dom.js';
import { duration, rate } from '../lib/format.js';

/**
 * @param {any} chart a series of the API, or null while it is not here
 * @param {{ succeeded: string, enqueued: string, failed: string, oldestWaiting: string }} words
 */
export const useFlow = (chart, words) =>
    useMemo(() => {
        if (!chart) return null;
        const points = chart.points;
        const per = (/** @type {string} */ key) =>
            points.map((/** @type {any} */ p) => (p[key] === null ? null : p[key] / chart.step));
        const line = (
            /** @type {'succeeded'|'enqueued'|'failed'} */ key,
            /** @type {string} */ colour,
            fill = false,
        ) => ({
            key,
            label: words[key],
            colour,
            fill,
            values: per(key),
            format: rate,
        });
        return {
            times: points.map((/** @type {any} */ p) => Date.parse(p.at) / 1000),
            flow: [line('succeeded', '--good', true), line('enqueued', '--queued'), line('failed', '--bad')],
            wait: [
                {
                    key: 'oldest',
                    label: words.oldestWaiting,
                    colour: '--scheduled',
                    time: true,
                    values: points.map((/** @type {any} */ p) => p.oldest),
                    format: duration,
                },
            ],
        };
    }, [chart]);

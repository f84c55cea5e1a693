// @ts-check
// Edits a job's arguments and runs them as a new job.
import { html } from '../lib/dom.js';
import { post, segment } from '../lib/api.js';
import { parse, stringify } from '../lib/json.js';
import { s } from '../strings.pages.en.js';
import { ask } from './dialog.js';

const t = s.job;

/** @param {any} job @returns {Promise<any>} the server's answer with the new id, or null */
export function editAndRun(job) {
    const named = job.arguments !== null;
    const open = named ? job.arguments.filter((/** @type {any} */ a) => !a.hidden) : [];
    const hidden = named
        ? job.arguments.filter((/** @type {any} */ a) => a.hidden).map((/** @type {any} */ a) => a.name)
        : [];
    const text = named
        ? stringify(Object.fromEntries(open.map((/** @type {any} */ a) => [a.name, a.value])), 2)
        : (job.message?.text ?? '[[], {}, {}]');
    return ask({
        title: t.editTitle(job.name),
        body: html`<p>${t.editNote}</p>
            ${hidden.length > 0 && html`<p>${t.editHidden(hidden.join(', '))}</p>`}`,
        verb: t.editVerb,
        reason: true,
        fields: [
            {
                name: 'json',
                label: named ? t.args : t.body,
                type: 'json',
                value: text,
                rows: Math.min(18, Math.max(5, text.split('\n').length + 1)),
                required: true,
            },
        ],
        run: async values => {
            try {
                parse(values.json);
            } catch (error) {
                throw Object.assign(new Error(t.notJson), {
                    title: t.notJson,
                    detail: /** @type {Error} */ (error).message,
                });
            }
            // The text goes out as it was typed: a number keeps its digits.
            const reason = values.reason ? `,"reason":${JSON.stringify(values.reason)}` : '';
            return post(
                `api/jobs/${segment(job.id)}/edit`,
                `{"${named ? 'arguments' : 'body'}":${values.json}${reason}}`,
            );
        },
    });
}

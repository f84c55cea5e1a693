// @ts-check
// One enqueue call as code: C#, HTTP by curl, and Python by Celery.
import { BigNumber, stringify } from './json.js';

/**
 * @typedef {{ name: string, args: any, queue: string, delay: number | null, priority: number | null,
 *   tags: string[] }} Call
 */

/** @param {string} value A text as a literal that C#, Python and JSON read alike. */
const text = value =>
    JSON.stringify(value).replace(
        /[\u007f-\u009f\u2028\u2029\ufeff]/g,
        c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );

/** @param {any} value */
const isPlain = value =>
    value === null ||
    ['string', 'boolean'].includes(typeof value) ||
    (typeof value === 'number' && Math.abs(value) < 2 ** 31);

/** @param {Call} call @param {string[] | null} order the parameters in their order, when they are known */
export function csharp(call, order) {
    const values = Array.isArray(call.args)
        ? call.args
        : (order || Object.keys(call.args).length === 0) &&
            Object.keys(call.args).every((key, i) => order?.[i] === key)
          ? Object.values(call.args)
          : null;
    // A lone null would be no array of arguments.
    const job =
        values && values.every(isPlain)
            ? `Job.Create(${[call.name, ...values]
                  .map(v =>
                      typeof v === 'string'
                          ? text(v)
                          : v === null && values.length === 1
                            ? '(object?)null'
                            : String(v),
                  )
                  .join(', ')})`
            : `Job.Create(${text(call.name)}, JobArguments.FromJson(JsonElement.Parse(\n    """\n    ${stringify(
                  call.args,
                  4,
              ).replaceAll('\n', '\n    ')}\n    """)))`;
    const more = [
        call.queue && `Queue = ${text(call.queue)}`,
        call.delay !== null && `Delay = TimeSpan.FromSeconds(${call.delay})`,
        call.priority !== null && `Priority = ${call.priority}`,
        call.tags.length > 0 && `Tags = [${call.tags.map(text).join(', ')}]`,
    ].filter(Boolean);
    return `await jobs.EnqueueAsync(${job}${more.length ? `\n    with { ${more.join(', ')} }` : ''});`;
}

/** The body of the console's own call. @param {Call} call */
export const body = call => ({
    name: call.name,
    arguments: call.args,
    ...(call.queue ? { queue: call.queue } : {}),
    ...(call.delay !== null ? { delay_seconds: call.delay } : {}),
    ...(call.priority !== null ? { priority: call.priority } : {}),
    ...(call.tags.length ? { tags: call.tags } : {}),
});

/** @param {Call} call @param {string} address */
export const curl = (call, address) =>
    `curl ${quote(address)} \\\n` +
    "  -H 'Content-Type: application/json' -H 'X-Lovage: 1' \\\n" +
    `  -d ${quote(stringify(body(call)))}`;

/** A text for a POSIX shell. @param {string} value */
const quote = value => `'${value.replaceAll("'", `'\\''`)}'`;

/** @param {Call} call */
export function python(call) {
    const lines = [
        `app.send_task(`,
        `    ${text(call.name)},`,
        Array.isArray(call.args) ? `    args=${literal(call.args)},` : `    kwargs=${literal(call.args)},`,
        call.queue && `    queue=${text(call.queue)},`,
        call.delay !== null && `    countdown=${call.delay},`,
        call.priority !== null && `    priority=${call.priority},`,
        call.tags.length > 0 && `    headers={"lovage_tags": ${literal(call.tags)}},`,
        `)`,
    ];
    return lines.filter(Boolean).join('\n');
}

/** @param {any} value @returns {string} */
function literal(value) {
    if (value === null) return 'None';
    if (value === true) return 'True';
    if (value === false) return 'False';
    if (typeof value === 'string') return text(value);
    if (value instanceof BigNumber || typeof value === 'number') return stringify(value);
    if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
    return `{${Object.entries(value)
        .map(([key, item]) => `${text(key)}: ${literal(item)}`)
        .join(', ')}}`;
}

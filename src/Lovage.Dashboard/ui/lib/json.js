// @ts-check
// JSON that keeps big numbers: a number that JavaScript would change stays as its source text.

/** A number of the source that a JavaScript number cannot hold. */
export class BigNumber {
    /** @param {string} text */
    constructor(text) {
        this.text = text;
    }
    valueOf() {
        return Number(this.text);
    }
    toString() {
        return this.text;
    }
}

/** @param {string} source @param {number} value */
function isLossy(source, value) {
    if (/^-?\d+$/.test(source)) return source.length > 15 && String(value) !== source;
    return (
        source
            .replace(/[eE].*$/, '')
            .replace(/\D/g, '')
            .replace(/^0+/, '').length > 17 || !Number.isFinite(value)
    );
}

/**
 * Reads JSON. Numbers that would lose digits become `BigNumber`.
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
    if (!/\d{16}|[eE]\d{3}/.test(text)) return JSON.parse(text);
    return JSON.parse(
        text,
        /** @type {any} */ (
            (
                /** @type {string} */ _key,
                /** @type {any} */ value,
                /** @type {{ source?: string } | undefined} */ context,
            ) =>
                typeof value === 'number' && context?.source !== undefined && isLossy(context.source, value)
                    ? new BigNumber(context.source)
                    : value
        ),
    );
}

/**
 * Writes a value that `parse` read, with every digit.
 * @param {any} value
 * @param {number} [indent]
 * @param {string} [pad]
 * @returns {string}
 */
export function stringify(value, indent = 0, pad = '') {
    if (value instanceof BigNumber) return value.text;
    if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
    const inner = pad + ' '.repeat(indent);
    const parts = Array.isArray(value)
        ? value.map(item => stringify(item, indent, inner))
        : Object.entries(value).map(
              ([key, item]) => `${JSON.stringify(key)}:${indent ? ' ' : ''}${stringify(item, indent, inner)}`,
          );
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
    if (parts.length === 0) return open + close;
    if (indent === 0) return open + parts.join(',') + close;
    return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${pad}${close}`;
}

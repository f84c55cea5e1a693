// @ts-check
// Fields of a form from the JSON schema of a job's arguments, and what a person typed as JSON.
import { BigNumber, parse, stringify } from './json.js';
import { s } from '../strings.pages.en.js';

const t = s.enqueue;

/**
 * @typedef {{ name: string,
 *   kind: 'string'|'integer'|'number'|'boolean'|'enum'|'date-time'|'date'|'uuid'|'list'|'json', nullable: boolean,
 *   required: boolean, preset?: any, about?: string, min?: number, max?: number, above?: number, below?: number,
 *   shortest?: number, longest?: number, secret?: boolean, options?: any[] }} Field
 */

/** @param {any} schema @returns {any} A choice between one schema and null is that schema, nullable. */
function unwrap(schema) {
    const some = schema?.anyOf ?? schema?.oneOf;
    if (!Array.isArray(some)) return schema ?? {};
    const rest = some.filter((/** @type {any} */ x) => x?.type !== 'null');
    return rest.length === 1 ? { ...schema, ...rest[0], nullable: rest.length < some.length } : {};
}

/** @param {any} schema @param {string[]} types @returns {Field['kind']} */
function kindOf(schema, types) {
    if (Array.isArray(schema.enum)) return 'enum';
    if (types.includes('integer')) return 'integer';
    if (types.includes('number')) return 'number';
    if (types.length !== 1) return 'json';
    if (types[0] === 'boolean') return 'boolean';
    if (types[0] === 'array') return 'list';
    if (types[0] !== 'string') return 'json';
    return schema.format === 'date-time' || schema.format === 'date' || schema.format === 'uuid'
        ? schema.format
        : 'string';
}

/** @param {any} schema the schema of the arguments object @returns {Field[]} */
export function fieldsOf(schema) {
    const required = new Set(schema?.required ?? []);
    return Object.entries(schema?.properties ?? {}).map(([name, raw]) => {
        const one = unwrap(raw);
        const all = [one.type ?? []].flat();
        const types = all.filter((/** @type {string} */ x) => x !== 'null');
        const options = Array.isArray(one.enum) ? one.enum.filter((/** @type {any} */ x) => x !== null) : undefined;
        return {
            name,
            kind: kindOf(one, types),
            required: required.has(name),
            options,
            nullable: one.nullable === true || all.includes('null') || (one.enum?.includes(null) ?? false),
            preset: one.default,
            about: one.description ?? one.title,
            min: one.minimum,
            max: one.maximum,
            above: one.exclusiveMinimum,
            below: one.exclusiveMaximum,
            shortest: one.minLength,
            longest: one.maxLength,
            secret: one.writeOnly === true,
        };
    });
}

/** What a field shows at first. @param {Field} field */
export function initial(field) {
    if (field.preset === undefined || field.preset === null)
        return field.kind === 'boolean' && field.required && !field.nullable ? 'false' : '';
    return show(field, field.preset);
}

/** A value as the text of its field. @param {Field} field @param {any} value @returns {string} */
export function show(field, value) {
    if (value === null || value === undefined) return '';
    if (field.kind === 'json' || field.kind === 'list') return stringify(value, 2);
    if (field.kind === 'enum') return stringify(value);
    if (field.kind === 'date-time') return local(String(value)) ?? '';
    return typeof value === 'string' ? value : stringify(value);
}

/** @param {string} time @returns {string | null} */
function local(time) {
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) return null;
    return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** @param {string} text @returns {any} undefined when it is no JSON number */
function numberOf(text) {
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined;
    return parse(text);
}

/** @param {Field} field @param {any} value */
function range(field, value) {
    const n = Number(value);
    if (field.min !== undefined && n < field.min) return t.atLeast(field.min);
    if (field.above !== undefined && n <= field.above) return t.moreThan(field.above);
    if (field.below !== undefined && n >= field.below) return t.lessThan(field.below);
    return field.max !== undefined && n > field.max ? t.atMost(field.max) : null;
}

/**
 * Reads what a person typed.
 * @param {Field} field
 * @param {string} text
 * @returns {{ value?: any, error?: string }} no value: the argument is left out
 */
export function read(field, text) {
    const bare = text.trim();
    if (bare === '') {
        if (!field.required) return {};
        return field.nullable ? { value: null } : { error: t.needed };
    }
    switch (field.kind) {
        case 'boolean':
            return { value: bare === 'true' };
        case 'enum':
            return { value: parse(bare) };
        case 'integer': {
            if (!/^-?\d+$/.test(bare)) return { error: t.noInteger };
            const value = Number.isSafeInteger(Number(bare))
                ? Number(bare)
                : new BigNumber(bare.replace(/^(-?)0+(?=\d)/, '$1'));
            const error = range(field, value);
            return error ? { error } : { value };
        }
        case 'number': {
            const value = numberOf(bare);
            if (value === undefined) return { error: t.noNumber };
            const error = range(field, value);
            return error ? { error } : { value };
        }
        case 'date-time': {
            const date = new Date(bare);
            return Number.isNaN(date.getTime()) ? { error: t.noTime } : { value: date.toISOString() };
        }
        case 'uuid':
            return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(bare) ? { value: bare } : { error: t.noUuid };
        case 'list':
        case 'json': {
            const { value, error } = json(bare);
            if (error) return { error };
            return field.kind === 'list' && !Array.isArray(value) && !(value === null && field.nullable)
                ? { error: t.noList }
                : { value };
        }
        default: {
            if (field.longest !== undefined && text.length > field.longest)
                return { error: t.tooLong(field.longest) };
            return field.shortest !== undefined && text.length < field.shortest
                ? { error: t.tooShort(field.shortest) }
                : { value: text };
        }
    }
}

/** @param {string} text @returns {{ value?: any, error?: string }} */
export function json(text) {
    try {
        return { value: parse(text) };
    } catch (error) {
        return { error: t.noJson(/** @type {Error} */ (error).message) };
    }
}

/**
 * All arguments of a form.
 * @param {Field[]} fields
 * @param {Record<string, string>} texts
 * @returns {{ value: Record<string, any>, errors: Record<string, string> }}
 */
export function readAll(fields, texts) {
    /** @type {Record<string, any>} */
    const value = {};
    /** @type {Record<string, string>} */
    const errors = {};
    for (const field of fields) {
        const one = read(field, texts[field.name] ?? '');
        if (one.error) errors[field.name] = one.error;
        else if (one.value !== undefined) value[field.name] = one.value;
    }
    return { value, errors };
}

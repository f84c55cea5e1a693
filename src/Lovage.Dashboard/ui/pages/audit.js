// @ts-check
import { html, useState, useEffect } from '../lib/dom.js';
import { get } from '../lib/api.js';
import { json } from '../lib/schema.js';
import { href, route, setQuery } from '../lib/router.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Button, Failure, Head, Loading, Section, Time } from '../components/bits.js';
import { show, toast } from '../components/dialog.js';
import { Empty } from '../components/empty.js';
import { Filter } from '../components/filter.js';
import { Json } from '../components/json.js';
import { Pager, Table } from '../components/table.js';
import { s } from '../strings.pages.en.js';

const t = s.audit;

/**
 * A state of before or after: JSON as a tree, any other text as text.
 * @param {{ text: string | null, label: string }} props
 */
function Side({ text, label }) {
    const read = text === null ? null : json(text);
    return html`<div class="diff-side">
        <h3>${label}</h3>
        ${
            text === null
                ? html`<p class="dim">${t.nothing}</p>`
                : read && !read.error && read.value !== null && typeof read.value === 'object'
                  ? html`<${Json} value=${read.value} label=${label} />`
                  : html`<pre class="diff-text" tabindex="0">${text}</pre>`
        }
    </div>`;
}

/** @param {any} row */
const open = row =>
    show({
        title: row.who ? `${row.who}: ${row.action}` : row.action,
        wide: true,
        draw: () =>
            html`<p class="dim wrap">
                    ${row.target}${row.reason && html`<br />${t.because} ${row.reason}`}<br />
                    <${Time} at=${row.at} />${' · '}
                    ${t.sources[row.source] ?? row.source}${row.address && ` · ${row.address}`}
                </p>
                <div class="diff">
                    <${Side} text=${row.before} label=${t.before} /><${Side} text=${row.after} label=${t.after} />
                </div>`,
    });

/** The list with one more filter. @param {string} key @param {string} value */
const only = (key, value) => href('audit', { ...Object.fromEntries(route.value.query), [key]: value });

/** @type {import('../components/table.js').Column[]} */
const columns = [
    { key: 'at', title: t.when, class: 'nowrap', cell: r => html`<${Time} at=${r.at} />` },
    {
        key: 'who',
        title: t.who,
        class: 'narrow',
        from: 640,
        cell: r =>
            r.who
                ? html`<a class="clip" href=${only('who', r.who)} title=${t.only(r.who)}>${r.who}</a>`
                : html`<span class="dim">–</span>`,
    },
    {
        key: 'action',
        title: t.action,
        from: 640,
        cell: r =>
            html`<a class="mono nowrap action" href=${only('action', r.action)} title=${t.only(r.action)}
                >${r.action}</a
            >`,
    },
    {
        key: 'target',
        title: t.target,
        grow: true,
        class: 'two',
        cell: r =>
            html`<span class="phone-line clip"
                    >${r.who && html`<b>${r.who}</b> `}<span class="mono">${r.action}</span></span
                >
                <a class="clip" href=${only('target', r.target)} title=${t.only(r.target)}>${r.target}</a
                >${r.reason && html`<span class="clip small dim" title=${r.reason}>${r.reason}</span>`}`,
    },
    {
        key: 'source',
        title: t.source,
        from: 900,
        cell: r => html`<span class="dim nowrap" title=${r.address ?? ''}>${t.sources[r.source] ?? r.source}</span>`,
    },
    {
        key: 'change',
        title: t.change,
        hideTitle: true,
        class: 'act',
        cell: r =>
            html`<${Button}
                small
                kind="quiet"
                icon="right"
                label=${t.show(r.action, r.target)}
                onClick=${() => open(r)}
            />`,
    },
];

/** @param {{ query: URLSearchParams }} props */
export default function Audit({ query }) {
    const filter = {
        who: query.get('who') ?? '',
        action: query.get('action') ?? '',
        target: query.get('target') ?? '',
    };
    const { data, error, reload } = useResource('api/audit', filter);
    const [more, setMore] = useState({ items: /** @type {any[]} */ ([]), next: /** @type {string | null} */ (null) });
    const [busy, setBusy] = useState(false);
    useEffect(() => {
        if (data) setMore({ items: [], next: data.next });
    }, [data]);
    useTitle(s.nav.audit);
    const filtered = Object.values(filter).some(Boolean);
    const head = html`<${Head} title=${s.nav.audit} sub=${t.sub} />`;
    if (error && !data) return html`${head}<${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`${head}<${Loading} />`;
    if (data.items.length === 0 && !filtered)
        return html`${head}<${Section} flush><${Empty} text=${t.empty} code=${t.emptyCode} /><//>`;
    const rows = [...data.items, ...more.items];
    const known = (/** @type {string} */ key) => [...new Set(rows.map(r => r[key]))];
    const next = async () => {
        setBusy(true);
        try {
            const page = await get('api/audit', { ...filter, after: more.next });
            setMore(old => ({ items: [...old.items, ...page.items], next: page.next }));
        } catch (problem) {
            toast(/** @type {Error} */ (problem).message, 'bad');
        }
        setBusy(false);
    };
    return html`${head}${error && html`<${Failure} error=${error} retry=${reload} />`}
        <div class="row tools">
            <${Filter} exact name="who" value=${filter.who} label=${t.who} options=${known('who')} /><${Filter}
                exact
                name="action"
                value=${filter.action}
                label=${t.action}
                options=${known('action')}
            /><${Filter} exact name="target" value=${filter.target} label=${t.target} options=${known('target')} />
            ${
                filtered &&
                html`<${Button}
                    small
                    kind="quiet"
                    onClick=${() => setQuery({ who: null, action: null, target: null })}
                    >${t.clear}<//
                >`
            }
        </div>
        <${Section} flush
            >${
                rows.length === 0
                    ? html`<${Empty} text=${t.noMatch} />`
                    : html`<${Table}
                          label=${s.nav.audit}
                          columns=${columns}
                          rows=${rows}
                          rowKey=${(/** @type {any} */ r) => String(r.id)}
                      />`
            }<//
        >
        ${
            (more.next || more.items.length > 0) &&
            html`<${Pager} next=${more.next} shown=${rows.length} more=${next} busy=${busy} />`
        }`;
}

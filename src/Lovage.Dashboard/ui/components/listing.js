// @ts-check
// A page with one list that is all here: a filter, a choice of views, columns to choose, and the rows in parts.
import { html } from '../lib/dom.js';
import { useTitle } from '../lib/title.js';
import { s } from '../strings.pages.en.js';
import { Choice, Failure, Head, Loading, Section } from './bits.js';
import { Empty } from './empty.js';
import { Filter, Rest, useFirst } from './filter.js';
import { ColumnMenu, Table, useColumns } from './table.js';

/** The text and the view that the address holds. @param {URLSearchParams} query */
export const chosen = query => ({
    view: query.get('view') ?? 'all',
    text: (query.get('find') ?? '').toLowerCase(),
});

/** True when one of the values holds the text. @param {string} text @param {any[]} values */
export const holds = (text, values) => values.some(x => String(x).toLowerCase().includes(text));

/**
 * @param {{
 *   name: string, title: string, sub: any, actions?: any, query: URLSearchParams,
 *   resource: { data: any, error: any, reload: () => void },
 *   items: any[], rows: any[], columns: import('./table.js').Column[],
 *   words: { find: string, views: any, noMatch: string, empty: string, emptyCode: string },
 *   rowKey: (row: any) => string, href: (row: any) => string, children?: any,
 * }} props `items`: all of them; `rows`: those that filter and view leave; `children`: what stands below the list
 */
export function Listing({
    name,
    title,
    sub,
    actions,
    query,
    resource,
    items,
    rows,
    columns,
    words,
    rowKey,
    href,
    children,
}) {
    const { data, error, reload } = resource;
    const [shown, turn, on] = useColumns(name, columns);
    const part = useFirst(rows);
    useTitle(title);
    if (error && !data) return html`<${Head} title=${title} /><${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Head} title=${title} /><${Loading} />`;
    if (items.length === 0)
        return html`<${Head} title=${title}>${actions}<//
            ><${Section} flush><${Empty} text=${words.empty} code=${words.emptyCode} /><//>`;
    return html`<${Head} title=${title} sub=${sub}>${actions}<//>
        ${error && html`<${Failure} error=${error} retry=${reload} />`}
        <div class="row tools">
            <${Filter} name="find" value=${query.get('find') ?? ''} label=${words.find} />
            <${Choice}
                label=${s.queues.show}
                name="view"
                value=${chosen(query).view}
                fallback="all"
                options=${words.views}
            /><span class="tools-end"><${ColumnMenu} columns=${columns} on=${on} turn=${turn} /></span>
        </div>
        <${Section} flush
            >${
                rows.length === 0
                    ? html`<${Empty} text=${words.noMatch} />`
                    : html`<${Table}
                          label=${title}
                          columns=${shown}
                          rows=${part.shown}
                          rowKey=${rowKey}
                          href=${href}
                          steady
                      />`
            }<//
        >
        <${Rest} part=${part} />${children}`;
}

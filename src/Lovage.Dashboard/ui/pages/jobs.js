// @ts-check
import { html, useEffect, useState } from '../lib/dom.js';
import { can, has, segment } from '../lib/api.js';
import { count, number } from '../lib/format.js';
import { useJobs } from '../lib/jobs.js';
import { go, href, setQuery } from '../lib/router.js';
import { useTitle } from '../lib/title.js';
import { Button, Failure, Head, Loading, Menu, Notice, Section } from '../components/bits.js';
import { startOperation } from '../components/bulk.js';
import { Empty } from '../components/empty.js';
import { allowed, jobColumns } from '../components/jobs.js';
import { QualifierField } from '../components/search.js';
import { ColumnMenu, JobTable, Pager, useColumns } from '../components/table.js';
import { s } from '../strings.pages.en.js';

const t = s.jobs;
const states = ['queued', 'running', 'scheduled', 'retrying', 'succeeded', 'failed', 'dead', 'cancelled', 'expired'];

/** The states that a search names. @param {string} q */
const statesOf = q => /(?:^|\s)state:(\S+)/.exec(q)?.[1].split(',') ?? [];

/** Turns one state of a search on or off. @param {string} q @param {string} state */
function turnState(q, state) {
    const now = statesOf(q);
    const next = now.includes(state) ? now.filter(x => x !== state) : [...now, state];
    const rest = q
        .replace(/(^|\s)state:\S+/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
    return [next.length > 0 ? `state:${next.join(',')}` : '', rest].filter(Boolean).join(' ');
}

/** The list of jobs: a search, the rows, and actions on many. @param {{ query: URLSearchParams }} props */
export default function Jobs({ query }) {
    const q = query.get('q') ?? '';
    const { list, rows, error, busy, fresh, load, more } = useJobs(q, id =>
        go(`jobs/${segment(id)}`, { replace: true }),
    );
    const [selected, setSelected] = useState(() => new Set());
    const [columns, turn, on] = useColumns('jobs', jobColumns);
    useTitle(q ? t.titleOf(q) : t.title);

    useEffect(() => setSelected(new Set()), [q]);
    const now = statesOf(q);
    const bulk = can('operate') && has('operations');
    const chosen = [...selected];
    const target =
        chosen.length > 0 ? { q: `id:${chosen.join(',')}`, expected: chosen.length } : { q, expected: list.count };
    const run = async (/** @type {any} */ action) => {
        if (await startOperation({ action, ...target })) {
            setSelected(new Set());
            load();
        }
    };
    const touched =
        chosen.length > 0
            ? rows.filter((/** @type {any} */ j) => selected.has(j.id)).map((/** @type {any} */ j) => j.state)
            : now.length > 0
              ? now
              : states;
    const some = (/** @type {'run_again'|'move'|'cancel'|'delete'} */ action) =>
        touched.some((/** @type {string} */ state) => allowed(state)[action]);
    const may = { run_again: some('run_again'), move: some('move'), cancel: some('cancel'), delete: some('delete') };
    const n = chosen.length > 0 ? String(chosen.length) : count(list.count);
    return html`<${Head} title=${t.title}>
            ${
                bulk &&
                rows.length > 0 &&
                html`<${Menu}
                    kind="plain"
                    label=${chosen.length > 0 ? t.bulkSelected(chosen.length) : t.bulkAll(n)}
                    items=${[
                        may.run_again && {
                            label: s.bulk.verb.run_again(n),
                            icon: 'turn',
                            run: () => run('run_again'),
                        },
                        may.move && { label: s.bulk.verb.move(n), icon: 'move', run: () => run('move') },
                        may.cancel && {
                            label: s.bulk.verb.cancel(n),
                            icon: 'cross',
                            danger: true,
                            run: () => run('cancel'),
                        },
                        may.delete && {
                            label: s.bulk.verb.delete(n),
                            icon: 'trash',
                            danger: true,
                            run: () => run('delete'),
                        },
                    ].filter(Boolean)}
                    ><span>${chosen.length > 0 ? t.bulkSelected(chosen.length) : t.bulkAll(n)}</span><//
                >`
            }
            ${rows.length > 0 && html`<${ColumnMenu} columns=${jobColumns} on=${on} turn=${turn} />`}<//
        >
        <div class="filters">
            <${QualifierField}
                id="search"
                value=${q}
                label=${t.filter}
                placeholder=${t.placeholder}
                onSearch=${(/** @type {string} */ text) => (text === q ? load() : setQuery({ q: text }))}
            />
            <div class="state-filter" role="group" aria-label=${t.byState}>
                ${states.map(
                    state =>
                        html`<a
                            key=${state}
                            class=${`state-pill state-${state}`}
                            href=${href('jobs', { q: turnState(q, state) })}
                            aria-current=${now.includes(state) ? 'true' : undefined}
                            >${s.states[state]}</a
                        >`,
                )}
            </div>
        </div>
        ${error && html`<${Failure} error=${error} retry=${load} />`}
        ${list.note && html`<${Notice}>${list.note}<//>`}
        ${
            chosen.length > 0 &&
            html`<div class="selection" role="status">
                <b>${t.selected(chosen.length)}</b>
                ${
                    bulk &&
                    may.run_again &&
                    html`<${Button} small onClick=${() => run('run_again')}>${s.bulk.verb.run_again(n)}<//>`
                }
                <button type="button" class="link" onClick=${() => setSelected(new Set())}>${t.selectNone}</button>
                ${
                    number(list.count) > chosen.length &&
                    html`<span class="dim">${t.selectAllNote(count(list.count))}</span>`
                }
            </div>`
        }
        ${fresh !== 0 && html`<button type="button" class="fresh" onClick=${load}>${t.fresh(fresh)}</button>`}
        ${
            list.items === null
                ? !error && html`<${Loading} rows=${12} />`
                : rows.length === 0
                  ? html`<${Section}
                        >${
                            q
                                ? html`<${Empty} text=${t.noMatch}
                                      ><p><a href="jobs">${t.clear}</a></p><//
                                  >`
                                : html`<${Empty} text=${t.empty} code=${s.overview.emptyCode} />`
                        }<//
                    >`
                  : html`<${Section} flush
                            ><${JobTable}
                                label=${t.title}
                                columns=${columns}
                                rows=${rows}
                                selected=${bulk ? selected : undefined}
                                onSelect=${bulk ? setSelected : undefined}
                        /><//>
                        <${Pager}
                            next=${list.next}
                            shown=${rows.length}
                            total=${list.count && count(list.count)}
                            more=${more}
                            busy=${busy}
                        />`
        }`;
}

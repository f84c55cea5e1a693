// @ts-check
import { html } from '../lib/dom.js';
import { count, duration, short } from '../lib/format.js';
import { serverNow, tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { State } from '../components/badge.js';
import { Failure, Head, Loading, Notice, Section, Time } from '../components/bits.js';
import { Empty } from '../components/empty.js';
import { Figures, Rest, useFirst } from '../components/filter.js';
import { Table } from '../components/table.js';
import { s } from '../strings.pages.en.js';

const t = s.local;

/** The server lists so many unfinished tasks at the most. */
const listed = 200;

/** @param {any} r */
const nameCell = r =>
    html`<span class="clip" title=${r.name}>${r.name}</span
        >${r.error && html`<span class="clip small bad" title=${r.error}>${r.error}</span>`}`;

/** @param {{ rows: any[] }} props */
function Running({ rows }) {
    void tick.value;
    const part = useFirst(rows, 50);
    return html`<${Section} title=${t.runsNow} flush
            >${
                rows.length === 0
                    ? html`<p class="calm">${t.runsNothing}</p>`
                    : html`<${Table}
                          label=${t.runsNow}
                          columns=${[
                              { key: 'name', title: t.task, grow: true, cell: nameCell },
                              {
                                  key: 'kind',
                                  title: t.kind,
                                  cell: (/** @type {any} */ r) =>
                                      html`<span class="dim nowrap">${t.kinds[r.kind] ?? r.kind}</span>`,
                              },
                              {
                                  key: 'for',
                                  title: t.runsFor,
                                  num: true,
                                  cell: (/** @type {any} */ r) =>
                                      html`<b
                                          >${duration(
                                              Math.max(r.seconds, (serverNow() - Date.parse(r.started_at)) / 1000),
                                          )}</b
                                      >`,
                              },
                          ]}
                          rows=${part.shown}
                          rowKey=${(/** @type {any} */ r) => r.id}
                          steady
                      />`
            }<//
        ><${Rest} part=${part} />`;
}

/** @param {{ rows: any[] }} props */
function Recent({ rows }) {
    const part = useFirst(rows, 50);
    return html`<${Section} title=${t.recent} flush
            >${
                rows.length === 0
                    ? html`<p class="calm">${t.recentNone}</p>`
                    : html`<${Table}
                          label=${t.recent}
                          columns=${[
                              {
                                  key: 'outcome',
                                  title: t.outcome,
                                  cell: (/** @type {any} */ r) => html`<${State} state=${r.outcome} />`,
                              },
                              { key: 'name', title: t.task, grow: true, class: 'two', cell: nameCell },
                              {
                                  key: 'kind',
                                  title: t.kind,
                                  from: /** @type {const} */ (640),
                                  cell: (/** @type {any} */ r) =>
                                      html`<span class="dim nowrap">${t.kinds[r.kind] ?? r.kind}</span>`,
                              },
                              {
                                  key: 'ran',
                                  title: t.ran,
                                  num: true,
                                  cell: (/** @type {any} */ r) => duration(r.seconds),
                              },
                              {
                                  key: 'at',
                                  title: t.started,
                                  from: /** @type {const} */ (640),
                                  class: 'nowrap',
                                  cell: (/** @type {any} */ r) => html`<${Time} at=${r.started_at} />`,
                              },
                          ]}
                          rows=${part.shown}
                          rowKey=${(/** @type {any} */ r) => `${r.started_at} ${r.name} ${r.seconds}`}
                      />`
            }<//
        ><${Rest} part=${part} />`;
}

export default function Local() {
    const { data, error, reload } = useResource('api/local', {}, { topic: 'local', every: 1000 });
    useTitle(s.nav.local);
    if (error && !data) return html`<${Head} title=${s.nav.local} /><${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Head} title=${s.nav.local} /><${Loading} />`;
    const never = data.running.length === 0 && data.recent.length === 0 && data.succeeded + data.failed === 0;
    const open = `${short(data.running.length)}${data.running.length >= listed ? '+' : ''}`;
    const full = data.capacity > 0 && data.waiting / data.capacity > 0.8;
    return html`<${Head} title=${s.nav.local} sub=${t.sub} />
        ${error && html`<${Failure} error=${error} retry=${reload} />`}
        ${
            never
                ? html`<${Section} flush><${Empty} text=${t.empty} code=${t.emptyCode} /><//>`
                : html` ${
                          data.refused > 0 &&
                          html`<${Notice} kind="bad" icon="errors"
                              ><strong>${t.refusedHead(data.refused)}</strong> ${t.refusedNote}<//
                          >`
                      }
                      <${Figures}
                          items=${[
                              [
                                  t.unfinished,
                                  html`${open} <span class="figure-of">${t.of} ${short(data.capacity)}</span>`,
                              ],
                              [t.waiting, short(data.waiting), full ? 'bad' : undefined],
                              [t.succeeded, short(data.succeeded)],
                              [t.failed, short(data.failed), data.failed ? 'bad' : undefined],
                              [t.refused, count(data.refused), data.refused ? 'bad' : undefined],
                          ]}
                      />
                      <div class="stack"><${Running} rows=${data.running} /><${Recent} rows=${data.recent} /></div>`
        }`;
}

// @ts-check
import { html, useEffect, useRef, useState } from '../lib/dom.js';
import { can, get, has, segment } from '../lib/api.js';
import { count, number } from '../lib/format.js';
import { go, href, setQuery } from '../lib/router.js';
import { listen } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Button, Failure, Head, Loading, Menu, Notice, Section } from '../components/bits.js';
import { startOperation } from '../components/bulk.js';
import { toast } from '../components/dialog.js';
import { Empty } from '../components/empty.js';
import { jobColumns } from '../components/jobs.js';
import { QualifierField } from '../components/search.js';
import { ColumnMenu, Pager, Table, useColumns } from '../components/table.js';
import { s } from '../strings.en.js';

const t = s.jobs;
const limit = 50;
const states = ['queued', 'running', 'scheduled', 'retrying', 'succeeded', 'failed', 'dead', 'cancelled', 'expired'];

/** The states that a search names. @param {string} q */
const statesOf = q => /(?:^|\s)state:(\S+)/.exec(q)?.[1].split(',') ?? [];

/** Turns one state of a search on or off. @param {string} q @param {string} state */
function turnState(q, state) {
  const now = statesOf(q);
  const next = now.includes(state) ? now.filter(x => x !== state) : [...now, state];
  const rest = q.replace(/(^|\s)state:\S+/g, ' ').replace(/\s+/g, ' ').trim();
  return [next.length > 0 ? `state:${next.join(',')}` : '', rest].filter(Boolean).join(' ');
}

/** The list of jobs: a search, the rows, and actions on many. @param {{ query: URLSearchParams }} props */
export default function Jobs({ query }) {
  const q = query.get('q') ?? '';
  const [list, setList] = useState(/** @type {any} */ ({ items: null, next: null, count: null, note: null }));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const [fresh, setFresh] = useState(0);
  const [selected, setSelected] = useState(() => new Set());
  const [columns, turn, on] = useColumns('jobs', jobColumns);
  const latest = useRef(q);
  latest.current = q;
  useTitle(q ? t.titleOf(q) : t.title);

  const load = async () => {
    setBusy(true);
    try {
      const page = await get('api/jobs', { q, limit });
      if (latest.current !== q) return;
      if (page.job) { go(`jobs/${segment(page.job)}`, { replace: true }); return; }
      setList(page);
      setFresh(0);
      setError(null);
    } catch (problem) {
      if (latest.current === q) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const more = async () => {
    setBusy(true);
    try {
      const page = await get('api/jobs', { q, limit, after: list.next });
      if (latest.current !== q) return;
      const known = new Set(list.items.map((/** @type {any} */ j) => j.id));
      setList({ ...list, items: [...list.items, ...page.items.filter((/** @type {any} */ j) => !known.has(j.id))], next: page.next });
    } catch (problem) {
      toast(/** @type {Error} */ (problem).message, 'bad');
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => { setSelected(new Set()); load(); }, [q]);

  // Rows never move under the reader: a hint looks for new ones, and a button shows them.
  useEffect(() => {
    /** @type {number | undefined} */
    let timer;
    const look = async () => {
      timer = undefined;
      try {
        const page = await get('api/jobs', { q, limit });
        if (latest.current !== q || page.job) return;
        setList((/** @type {any} */ old) => {
          if (old.items === null || old.items.length === 0) return page;
          const byId = new Map(page.items.map((/** @type {any} */ j) => [j.id, j]));
          const known = new Set(old.items.map((/** @type {any} */ j) => j.id));
          const oldest = page.items.findIndex((/** @type {any} */ j) => known.has(j.id));
          setFresh(oldest < 0 ? page.items.length : page.items.slice(0, oldest).filter((/** @type {any} */ j) => !known.has(j.id)).length);
          return { ...old, count: page.count ?? old.count, items: old.items.map((/** @type {any} */ j) => byId.get(j.id) ?? j) };
        });
      } catch {
        // The banner of the shell says that the server is silent; the rows stay.
      }
    };
    const stop = listen('jobs', () => { timer ??= setTimeout(look, 2000); });
    return () => { clearTimeout(timer); stop(); };
  }, [q]);

  const rows = list.items ?? [];
  const now = statesOf(q);
  const bulk = can('operate') && has('operations');
  const chosen = [...selected];
  const target = chosen.length > 0 ? { q: `id:${chosen.join(',')}`, expected: chosen.length } : { q, expected: list.count };
  const run = async (/** @type {any} */ action) => { if (await startOperation({ action, ...target })) { setSelected(new Set()); load(); } };
  const n = chosen.length > 0 ? String(chosen.length) : count(list.count);
  return html`<${Head} title=${t.title}>
      ${bulk && rows.length > 0 && html`<${Menu} kind="plain" label=${chosen.length > 0 ? t.bulkSelected(chosen.length) : t.bulkAll(n)} items=${[
        { label: s.bulk.verb.run_again(n), icon: 'turn', run: () => run('run_again') },
        { label: s.bulk.verb.move(n), icon: 'move', run: () => run('move') },
        { label: s.bulk.verb.cancel(n), icon: 'cross', danger: true, run: () => run('cancel') },
        { label: s.bulk.verb.delete(n), icon: 'trash', danger: true, run: () => run('delete') },
      ]}><span>${chosen.length > 0 ? t.bulkSelected(chosen.length) : t.bulkAll(n)}</span><//>`}
      <${ColumnMenu} columns=${jobColumns} on=${on} turn=${turn} /><//>
    <div class="filters"><${QualifierField} value=${q} label=${t.filter} placeholder=${t.placeholder} onSearch=${(/** @type {string} */ text) => (text === q ? load() : setQuery({ q: text }))} />
      <div class="state-filter" role="group" aria-label=${t.byState}>${states.map(state => html`<a key=${state} class=${`state-pill state-${state}`} href=${href('jobs', { q: turnState(q, state) })}
        aria-current=${now.includes(state) ? 'true' : undefined}>${s.states[state]}</a>`)}</div></div>
    ${error && html`<${Failure} error=${error} retry=${load} />`}
    ${list.note && html`<${Notice}>${list.note}<//>`}
    ${chosen.length > 0 && html`<div class="selection" role="status"><b>${t.selected(chosen.length)}</b>
      ${bulk && html`<${Button} small onClick=${() => run('run_again')}>${s.bulk.verb.run_again(n)}<//>`}
      <button type="button" class="link" onClick=${() => setSelected(new Set())}>${t.selectNone}</button>
      ${number(list.count) > chosen.length && html`<span class="dim">${t.selectAllNote(count(list.count))}</span>`}</div>`}
    ${fresh > 0 && html`<button type="button" class="fresh" onClick=${load}>${t.fresh(fresh >= limit ? `${limit}+` : fresh)}</button>`}
    ${list.items === null ? !error && html`<${Loading} rows=${12} />`
      : rows.length === 0 ? html`<${Section}>${q ? html`<${Empty} text=${t.noMatch}><p><a href="jobs">${t.clear}</a></p><//>` : html`<${Empty} text=${t.empty} code=${s.overview.emptyCode} />`}<//>`
      : html`<${Section} flush><${Table} label=${t.title} columns=${columns} rows=${rows} rowKey=${(/** @type {any} */ j) => j.id} href=${(/** @type {any} */ j) => `jobs/${segment(j.id)}`}
          selected=${bulk ? selected : undefined} onSelect=${bulk ? setSelected : undefined} /><//>
        <${Pager} next=${list.next} shown=${rows.length} total=${list.count && count(list.count)} more=${more} busy=${busy} />`}`;
}

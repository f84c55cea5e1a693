// @ts-check
import { html } from '../lib/dom.js';
import { duration, shortVersion } from '../lib/format.js';
import { href } from '../lib/router.js';
import { session } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Chip, State } from '../components/badge.js';
import { Facts, Failure, Head, Loading, Notice, Section, Time } from '../components/bits.js';
import { Empty } from '../components/empty.js';
import { Filter, Rest, useFirst } from '../components/filter.js';
import { quote } from '../components/search.js';
import { Table } from '../components/table.js';
import { s } from '../strings.pages.en.js';

const t = s.system;
const qualifiers = [
    'id',
    'state',
    'queue',
    'name',
    'worker',
    'since',
    'until',
    'root',
    'schedule',
    'fingerprint',
    'tag',
    'args',
];

/** @type {Record<string, string>} */
const looks = { healthy: 'succeeded', degraded: 'retrying', unhealthy: 'failed' };

/** @param {string} status */
const look = status => looks[status.toLowerCase()] ?? status;

/** @param {any} data */
function sentence(data) {
    const ill = data.health.filter((/** @type {any} */ h) => h.status.toLowerCase() !== 'healthy');
    return [
        data.storage.up ? t.storageUp : t.storageDown,
        ill.length ? t.illOf(ill.map((/** @type {any} */ h) => h.name)) : data.health.length ? t.allHealthy : '',
        data.warnings.length > 0 && t.warningsOf(data.warnings.length),
    ]
        .filter(Boolean)
        .join(' ');
}

/** A limit's value with its unit; seconds in words. @param {{ text: string, unit: string }} props */
function Value({ text, unit }) {
    const n = Number(text);
    if (text === 'none' || text === '' || Number.isNaN(n)) return text || '–';
    return unit === 's' ? duration(n) : html`${n.toLocaleString()} <span class="dim">${unit}</span>`;
}

/** @param {{ limits: any[], text: string }} props */
function Limits({ limits, text }) {
    const changed = limits.filter(l => l.value !== l.default).length;
    const rows = limits.filter(l => `${l.key} ${l.text}`.toLowerCase().includes(text.toLowerCase()));
    const part = useFirst(
        [...rows].sort(
            (a, b) => Number(b.value !== b.default) - Number(a.value !== a.default) || a.key.localeCompare(b.key),
        ),
        40,
    );
    /** @type {import('../components/table.js').Column[]} */
    const columns = [
        {
            key: 'key',
            title: t.setting,
            grow: true,
            class: 'two',
            cell: l =>
                html`<span class="clip mono" title=${l.key}>${l.key}</span
                    ><span class="clip small dim" title=${l.text}>${l.text}</span>`,
        },
        {
            key: 'value',
            title: t.value,
            num: true,
            cell: l =>
                html`<span class=${l.value !== l.default ? 'changed' : ''} title=${l.value}
                    ><${Value} text=${l.value} unit=${l.unit}
                /></span>`,
        },
        {
            key: 'default',
            title: t.default,
            num: true,
            from: 640,
            cell: l =>
                html`<span class="dim"
                    >${l.value === l.default ? t.same : html`<${Value} text=${l.default} unit=${l.unit} />`}</span
                >`,
        },
    ];
    return html`<${Section}
            title=${t.limits(changed)}
            flush
            aside=${html`<${Filter} name="find" value=${text} label=${t.find} />`}
            >${
                rows.length === 0
                    ? html`<${Empty} text=${t.noMatch} />`
                    : html`<${Table}
                          label=${t.limitsOf}
                          columns=${columns}
                          rows=${part.shown}
                          rowKey=${(/** @type {any} */ l) => l.key}
                      />`
            }<//
        ><${Rest} part=${part} />`;
}

/** @param {{ jobs: any[] }} props */
function Jobs({ jobs }) {
    const part = useFirst(jobs, 40);
    /** @type {import('../components/table.js').Column[]} */
    const columns = [
        {
            key: 'name',
            title: t.job,
            grow: true,
            class: 'two',
            cell: j =>
                html`<span class="clip"
                        ><a href=${href('jobs', { q: `name:${quote(j.name)}` })} title=${j.name}>${j.name}</a></span
                    >
                    <span class="clip small dim mono" title=${j.handler}>${j.handler}</span>`,
        },
        {
            key: 'queue',
            title: s.enqueue.queue,
            class: 'narrow',
            from: 640,
            cell: j => html`<span class="clip">${j.queue ?? html`<span class="dim">${t.byDefault}</span>`}</span>`,
        },
        {
            key: 'attempts',
            title: t.attempts,
            num: true,
            cell: j => j.max_attempts ?? html`<span class="dim">${t.byDefault}</span>`,
        },
        {
            key: 'retry',
            title: t.retry,
            from: 900,
            cell: j => html`<span class="clip dim" title=${j.retry}>${j.retry ?? t.byDefault}</span>`,
        },
    ];
    return html`<${Section} title=${t.jobs(jobs.length)} flush
            >${
                jobs.length === 0
                    ? html`<${Empty} text=${t.noJobs} code=${t.noJobsCode} />`
                    : html`<${Table}
                          label=${t.jobs(jobs.length)}
                          columns=${columns}
                          rows=${part.shown}
                          rowKey=${(/** @type {any} */ j) => j.name}
                          href=${(/** @type {any} */ j) => href('jobs', { q: `name:${quote(j.name)}` })}
                      />`
            }<//
        ><${Rest} part=${part} />`;
}

/** @param {{ health: any[] }} props */
const Health = ({ health }) =>
    html`<${Section} title=${t.health} flush
        >${
            health.length === 0
                ? html`<${Empty} text=${t.noHealth} code=${t.noHealthCode} />`
                : html`<ul class="health">
                      ${health.map(
                          h =>
                              html`<li key=${h.name}>
                                  <span class="clip mono" title=${h.name}>${h.name}</span
                                  ><${State}
                                      state=${look(h.status)}
                                      word=${h.status.toLowerCase()}
                                  />${h.description && html`<p class="dim small">${h.description}</p>`}
                              </li>`,
                      )}
                  </ul>`
        }<//
    >`;

/** @param {{ features: any }} props */
const Features = ({ features }) =>
    html`<${Section} title=${t.features}>
        <${Facts}
            facts=${['history', 'workers', 'schedules', 'control', 'audit', 'operations'].map(key => [
                t.feature[key],
                features[key]
                    ? html`<${State} state="done" word=${t.yes} />`
                    : html`<${State} state="cancelled" word=${t.no} />`,
            ])}
        />
        <p class="small feature-note">
            ${t.searchBy} ${features.qualifiers.map((/** @type {string} */ q) => html`<${Chip} key=${q}>${q}<//> `)}
        </p>
        ${
            qualifiers.some(q => !features.qualifiers.includes(q)) &&
            html`<p class="small dim">${t.notBy(qualifiers.filter(q => !features.qualifiers.includes(q)))}</p>`
        }<//
    >`;

/** @param {{ query: URLSearchParams }} props */
export default function System({ query }) {
    const { data, error, reload } = useResource('api/system', {}, { topic: 'pulse', every: 10_000 });
    useTitle(s.nav.system);
    if (error && !data) return html`<${Head} title=${s.nav.system} /><${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Head} title=${s.nav.system} /><${Loading} />`;
    const me = session.value;
    return html`<${Head} title=${s.nav.system} sub=${sentence(data)} />
        ${error && html`<${Failure} error=${error} retry=${reload} />`}
        <div class="notices">
            ${
                !data.storage.up &&
                html`<${Notice} kind="bad" icon="errors"><strong>${t.storageDown}</strong> ${data.storage.error}<//>`
            }
            ${data.warnings.map(
                (/** @type {string} */ w) => html`<${Notice} key=${w} kind="warn" icon="errors">${w}<//>`,
            )}
        </div>
        <div class="split">
            <div class="stack">
                <${Limits} limits=${data.limits} text=${query.get('find') ?? ''} /><${Jobs} jobs=${data.jobs} />
            </div>
            <div class="stack">
                <${Section} title=${t.storage}
                    ><${Facts}
                        facts=${[
                            [t.kind, data.storage.description],
                            [
                                t.state,
                                data.storage.up
                                    ? html`<${State} state="done" word=${t.up} />`
                                    : html`<${State} state="failed" word=${t.down} />`,
                            ],
                            [t.since, html`<${Time} at=${data.storage.since} />`],
                        ]} /><//
                ><${Health} health=${data.health} />
                <${Section} title=${t.runtime}
                    ><${Facts}
                        facts=${[
                            [t.app, me ? `${me.app} ${shortVersion(me.version)}` : null],
                            [t.environment, me?.environment],
                            ['.NET', data.runtime.dotnet.replace(/^\.NET\s*/, '')],
                            [t.os, data.runtime.os],
                            [t.cpus, data.runtime.cpus],
                            [t.memory, `${Math.round(data.runtime.memory_mb).toLocaleString()} MB`],
                        ]}
                /><//>
                <${Features} features=${data.features} />
            </div>
        </div>`;
}

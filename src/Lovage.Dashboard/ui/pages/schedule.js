// @ts-check
import { html } from '../lib/dom.js';
import { can, segment } from '../lib/api.js';
import { absolute, count, relative } from '../lib/format.js';
import { stringify } from '../lib/json.js';
import { href } from '../lib/router.js';
import { tick } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { State } from '../components/badge.js';
import { Button, Facts, Failure, Head, Id, Loading, Menu, Notice, Section, Soft, Time } from '../components/bits.js';
import { Rest, useFirst } from '../components/filter.js';
import { Json } from '../components/json.js';
import { quote } from '../components/search.js';
import { resume, runNow, scheduleActions, toCode } from '../components/schedule-actions.js';
import { Table } from '../components/table.js';
import { Fires, inZone } from '../components/trigger-form.js';
import { s } from '../strings.pages.en.js';
import { Origin, ScheduleState, inWords } from './schedules.js';

const t = s.schedules;

/** @type {Record<string, string>} What became of a tick, as a state that has a colour. */
const looks = { fired: 'succeeded', queued: 'queued', skipped: 'cancelled', missed: 'failed', manual: 'succeeded' };

/** @param {{ c: any }} props */
function Ticks({ c }) {
    const part = useFirst(c.ticks, 50);
    /** @type {import('../components/table.js').Column[]} */
    const columns = [
        {
            key: 'status',
            title: t.became,
            class: 'still',
            cell: r =>
                html`<${State} state=${looks[r.status] ?? r.status} word=${t.became_[r.status] ?? r.status} />`,
        },
        {
            key: 'tick',
            title: t.tick,
            grow: true,
            class: 'two',
            cell: r =>
                html`<span class="clip" title=${absolute(r.tick)}>
                        ${
                            r.job
                                ? html`<a href=${`jobs/${segment(r.job)}`}>${inZone(r.tick, c.time_zone)}</a>`
                                : inZone(r.tick, c.time_zone)
                        }</span
                    >
                    <span class="clip small dim"
                        >${r.count > 1 ? html`${t.until} ${inZone(r.through, c.time_zone)}` : relative(r.tick)}</span
                    >`,
        },
        {
            key: 'count',
            title: t.count,
            num: true,
            from: 640,
            cell: r => (r.count > 1 ? html`<b>${count(r.count)}</b>` : '1'),
        },
        {
            key: 'job',
            title: t.job,
            from: 640,
            cell: r =>
                r.job
                    ? html`<${Id} id=${r.job} href=${`jobs/${segment(r.job)}`} />`
                    : html`<span class="dim">${t.noJob}</span>`,
        },
        {
            key: 'recorded',
            title: t.recorded,
            from: 900,
            class: 'nowrap',
            cell: r => html`<${Time} at=${r.recorded_at} />`,
        },
    ];
    return html`<${Section}
            title=${t.history}
            flush
            aside=${html`<a href=${href('jobs', { q: `schedule:${quote(c.id)}` })}>${t.allJobs}</a>`}
            >${
                c.ticks.length === 0
                    ? html`<p class="calm">${t.noTicks}</p>`
                    : html`<${Table}
                          label=${t.history}
                          columns=${columns}
                          rows=${part.shown}
                          rowKey=${(/** @type {any} */ r) => `${r.tick} ${r.status} ${r.recorded_at}`}
                          href=${(/** @type {any} */ r) => (r.job ? `jobs/${segment(r.job)}` : null)}
                          steady
                      />`
            }<//
        ><${Rest} part=${part} />`;
}

/** @param {{ c: any }} props */
const Arguments = ({ c }) =>
    c.arguments === null || c.arguments === undefined || c.arguments.length === 0
        ? null
        : html`<${Section} title=${s.enqueue.arguments}>
              <${Facts}
                  facts=${c.arguments.map((/** @type {any} */ a) => [
                      a.name,
                      a.hidden
                          ? html`<span class="dim"> ${t.hidden}</span>`
                          : a.value !== null && typeof a.value === 'object'
                            ? html`<${Json} value=${a.value} label=${a.name} />`
                            : html`<code>${stringify(a.value)}</code>`,
                  ])}
          /><//>`;

/** @param {{ params: Record<string, string> }} props */
export default function Schedule({ params }) {
    const {
        data: c,
        error,
        reload,
    } = useResource(`api/schedules/${segment(params.id)}`, {}, { topic: 'schedules', every: 3000 });
    void tick.value;
    useTitle(params.id);
    const back = { href: 'schedules', text: s.nav.schedules };
    if (error && !c)
        return html`<${Head} title=${params.id} back=${back} /><${Failure} error=${error} retry=${reload} />`;
    if (!c) return html`<${Head} title=${params.id} back=${back} /><${Loading} />`;
    const late = (c.late_seconds ?? 0) > 0;
    const rest = scheduleActions(c, reload).slice(can('operate') ? 1 : 0);
    if (rest[0] === null) rest.shift();
    return html`<${Head} title=${c.id} back=${back} sub=${html`<span class="cap">${inWords(c)}.</span>`}>
            ${
                can('operate') &&
                html`<${Button}
                    icon="play"
                    kind=${c.state === 'active' ? 'primary' : 'plain'}
                    onClick=${() => runNow(c, reload)}
                    >${t.run}<//
                >`
            }
            ${rest.length > 0 && html`<${Menu} label=${s.queues.actionsOf(c.id)} items=${rest} />`}<//
        >
        ${error && html`<${Failure} error=${error} retry=${reload} />`}
        <div class="notices">
            ${late && html`<${Notice} kind="bad" icon="clock"><strong>${t.lateHead}</strong> ${t.lateNote}<//>`}
            ${
                c.state === 'broken' &&
                html`<${Notice} kind="bad" icon="broken"><strong>${t.brokenHead}</strong> ${c.reason}<//>`
            }
            ${
                c.state === 'paused' &&
                html`<${Notice}
                    kind="warn"
                    icon="pause"
                    action=${
                        can('operate') && html`<${Button} small onClick=${() => resume(c, reload)}>${t.resume}<//>`
                    }
                    ><strong> ${t.pausedHead}</strong> ${c.reason ?? s.queues.noReason}<//
                >`
            }
            ${
                c.edited &&
                html`<${Notice}
                    kind="warn"
                    icon="edit"
                    action=${
                        can('administer') &&
                        html`<${Button} small onClick=${() => toCode(c, reload)}>${t.backToCode}<//>`
                    }
                    ><strong> ${t.overrideHead}</strong> ${c.code ? t.codeSays(c.code.words) : ''}<//
                >`
            }
        </div>
        <div class="split">
            <div class="stack"><${Ticks} c=${c} /></div>
            <div class="stack">
                <${Section} title=${t.nextFires}
                    >${
                        c.state !== 'active'
                            ? html`<p class="dim">${t.noNext[c.state] ?? t.noNext.ended}</p>`
                            : c.next.length === 0
                              ? html`<p class="dim">${t.noNext.ended}</p>`
                              : html`<${Fires} times=${c.next} zone=${c.time_zone} />`
                    }<//
                >
                <${Section} title=${s.workers.facts}
                    ><${Facts}
                        facts=${[
                            [t.state, html`<${ScheduleState} c=${c} />`],
                            [
                                t.job,
                                html`<a href=${href('jobs', { q: `name:${quote(c.job.name)}` })}
                                    ><${Soft} text=${c.job.name}
                                /></a>`,
                            ],
                            [s.enqueue.queue, html`<a href=${`queues/${segment(c.job.queue)}`}>${c.job.queue}</a>`],
                            [t.trigger, html`<code>${c.trigger}</code>`],
                            [t.zone, c.time_zone],
                            [t.last, c.last_tick ? html`<${Time} at=${c.last_tick} />` : t.notYet],
                            [
                                t.lastJob,
                                c.last_job &&
                                    html`<a href=${`jobs/${segment(c.last_job.id)}`}
                                        ><${State} state=${c.last_job.state}
                                    /></a>`,
                            ],
                            [t.fired, count(c.fired)],
                            [t.missed, html`<span class=${c.missed ? 'warn' : ''}>${count(c.missed)}</span>`],
                            [t.skipped, count(c.skipped)],
                            [t.misfire, t.misfires[c.misfire] ?? c.misfire],
                            [t.overlap, t.overlaps[c.overlap] ?? c.overlap],
                            [t.origin, html`<${Origin} c=${c} />`],
                        ]} /><//
                ><${Arguments} c=${c} />
            </div>
        </div>`;
}

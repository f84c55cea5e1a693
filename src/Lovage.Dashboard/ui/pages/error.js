// @ts-check
import { html } from '../lib/dom.js';
import { segment } from '../lib/api.js';
import { count, relative, short } from '../lib/format.js';
import { useJobs } from '../lib/jobs.js';
import { href } from '../lib/router.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Button, Copy, Facts, Failure, Head, Loading, Section, Soft, Time } from '../components/bits.js';
import { rising, runGroupAgain } from '../components/bulk.js';
import { ErrorView } from '../components/error.js';
import { jobColumns } from '../components/jobs.js';
import { Spark } from '../components/spark.js';
import { JobTable } from '../components/table.js';
import { s } from '../strings.pages.en.js';

const t = s.failures;

/** One group of failures. @param {{ params: { fingerprint: string } }} props */
export default function ErrorGroup({ params }) {
    const {
        data: g,
        error,
        reload,
    } = useResource(`api/errors/${segment(params.fingerprint)}`, {}, { topic: 'errors', every: 5000 });
    const q = `fingerprint:${params.fingerprint}`;
    const { list, rows, fresh, load } = useJobs(q);
    const type = g ? g.type.slice(g.type.lastIndexOf('.') + 1) : '';
    useTitle(g ? `${type} · ${g.job}` : t.title);
    if (error && !g)
        return html`<${Head} title=${t.error} back=${{ href: 'errors', text: t.title }} /><${Failure}
                error=${error}
                retry=${reload}
            />`;
    if (!g) return html`<${Loading} />`;
    const to = (/** @type {string} */ since) => href('jobs', { q: `${q} since:${since}` });
    const run = async () => {
        if (await runGroupAgain(g)) {
            reload();
            load();
        }
    };
    return html`<${Head}
            back=${{ href: 'errors', text: t.title }}
            title=${html`${type} <span class="dim">${t.inJob} <${Soft} text=${g.job} /></span>`}
            sub=${t.groupSay(short(g.day), relative(g.last_seen))}
        >
            ${
                runGroupAgain.allowed() &&
                html`<${Button} kind="primary" icon="turn" onClick=${run}>${t.runWhole}<//>`
            }<//
        >
        ${error && html`<${Failure} error=${error} retry=${reload} beside />`}
        <div class="split">
            <div class="stack">
                <${Section} title=${t.sample} class="section-error"
                    >${
                        g.error
                            ? html`<${ErrorView} error=${g.error} />`
                            : html`<p class="error-type">${g.type}</p>
                                  <p>${g.message}</p>`
                    }<//
                >
                <${Section}
                    title=${t.jobs}
                    flush
                    aside=${html`<a href=${href('jobs', { q })}
                        >${t.allJobs}${list.count ? html` (${count(list.count)})` : ''}</a
                    >`}
                >
                    ${
                        fresh !== 0 &&
                        html`<button type="button" class="fresh" onClick=${load}>${s.jobs.fresh(fresh)}</button>`
                    }
                    ${
                        list.items === null
                            ? html`<${Loading} rows=${4} />`
                            : html`<${JobTable}
                                  label=${t.jobs}
                                  columns=${jobColumns.filter(c =>
                                      ['state', 'name', 'attempts', 'when'].includes(c.key),
                                  )}
                                  rows=${rows.slice(0, 10)}
                              />`
                    }<//
                >
            </div>
            <div class="stack">
                <${Section} title=${t.counts}
                    ><dl class="quad">
                        <div>
                            <dt>${t.hour}</dt>
                            <dd class=${rising(g) ? 'bad' : ''}><a href=${to('1h')}>${short(g.hour)}</a></dd>
                        </div>
                        <div>
                            <dt>${t.day}</dt>
                            <dd><a href=${to('24h')}>${short(g.day)}</a></dd>
                        </div>
                        <div>
                            <dt>${t.week}</dt>
                            <dd><a href=${to('7d')}>${short(g.week)}</a></dd>
                        </div>
                    </dl>
                    <div class="hours-box">
                        <${Spark}
                            bars
                            values=${g.spark}
                            label=${t.perHour}
                            width=${300}
                            height=${56}
                            kind="bad"
                        /><span class="dim small">${t.perHour}</span>
                    </div><//
                >
                <${Section} title=${s.job.facts}
                    ><${Facts}
                        facts=${[
                            [t.job, html`<a href=${href('jobs', { q: `name:${g.job}` })}>${g.job}</a>`],
                            [
                                t.rise,
                                g.rise === null || g.rise === undefined
                                    ? null
                                    : html`<span class=${rising(g) ? 'bad' : ''}>${t.usual(g.rise)}</span>`,
                            ],
                            [t.first, html`<${Time} at=${g.first_seen} />`],
                            [t.last, html`<${Time} at=${g.last_seen} />`],
                            [
                                t.queues,
                                html`<span class="row"
                                    >${g.queues.map(
                                        (/** @type {string} */ name) =>
                                            html`<a key=${name} href=${`queues/${segment(name)}`}>${name}</a>`,
                                    )}</span
                                >`,
                            ],
                            [t.frame, html`<span class="mono">${g.frame}</span>`],
                            [
                                t.fingerprint,
                                html`<span class="id"
                                    ><span class="mono">${g.fingerprint}</span><${Copy} text=${g.fingerprint}
                                /></span>`,
                            ],
                        ]}
                /><//>
            </div>
        </div>`;
}

// @ts-check
import { html, useId, useState } from '../lib/dom.js';
import { can, post, segment, url } from '../lib/api.js';
import { stringify } from '../lib/json.js';
import { setQuery } from '../lib/router.js';
import { session } from '../lib/state.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { body, csharp, curl, python } from '../lib/snippets.js';
import { Arguments, useArguments } from '../components/arguments.js';
import { Copy, Failure, Head, Loading, Notice, Section } from '../components/bits.js';
import { toast } from '../components/dialog.js';
import { Empty } from '../components/empty.js';
import { s } from '../strings.pages.en.js';

const t = s.enqueue;
const hidden = '•••';

/**
 * The code beside the form: it follows what is typed; sensitive values are not repeated there.
 * @param {{ call: import('../lib/snippets.js').Call, order: string[] | null, kind: string }} props
 */
function Code({ call, order, kind }) {
    const text =
        kind === 'python' ? python(call) : kind === 'http' ? curl(call, url('api/jobs').href) : csharp(call, order);
    return html`<${Section}
        title=${t.same}
        aside=${html`<div class="choice" role="group" aria-label=${t.language}>
            ${t.languages.map(
                (/** @type {[string, string]} */ [key, word]) =>
                    html` <button
                        key=${key}
                        type="button"
                        aria-pressed=${String(key === kind)}
                        onClick=${() => setQuery({ code: key === 'csharp' ? null : key }, { replace: true })}
                    >
                        ${word}
                    </button>`,
            )}
        </div>`}
    >
        <div class="code code-flat">
            <pre tabindex="0" aria-label=${t.same}><code>${text}</code></pre>
            <${Copy} text=${text} />
        </div>
        <p class="hint">${t.codeHint[kind]}</p><//
    >`;
}

/** The choice of a job: a list to type into. @param {{ items: any[], name: string }} props */
function JobName({ items, name }) {
    const id = useId();
    const [text, setText] = useState(name);
    const [from, setFrom] = useState(name);
    if (from !== name) {
        setFrom(name);
        setText(name);
    }
    const commit = (/** @type {string} */ value) => {
        if (value !== name) setQuery({ name: value }, { replace: name === '' });
    };
    return html`<div class="field">
        <label for=${id}>${t.job}</label>
        <input
            id=${id}
            class="mono"
            value=${text}
            list=${`${id}-list`}
            placeholder=${items[0]?.name ?? 'mail.welcome'}
            autocomplete="off"
            spellcheck="false"
            maxlength="200"
            onInput=${(/** @type {any} */ e) => {
                setText(e.target.value);
                if (items.some(i => i.name === e.target.value)) commit(e.target.value);
            }}
            onChange=${(/** @type {any} */ e) => commit(e.target.value.trim())}
        />
        <datalist id=${`${id}-list`}>
            ${items.map(i => html`<option key=${i.name} value=${i.name}></option>`)}
        </datalist>
    </div>`;
}

/** @param {{ items: any[], query: URLSearchParams }} props */
function Form({ items, query }) {
    const id = useId();
    const name = query.get('name') ?? '';
    const entry = items.find(i => i.name === name) ?? null;
    const form = useArguments(entry);
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(/** @type {any} */ (null));
    const [more, setMore] = useState({ queue: '', delay: '', priority: '', tags: '' });
    const change = (/** @type {string} */ key) => (/** @type {any} */ e) =>
        setMore(old => ({ ...old, [key]: e.target.value }));
    const tags = more.tags
        .split(',')
        .map(x => x.trim())
        .filter(Boolean);
    const wrong = {
        delay: more.delay !== '' && !(Number(more.delay) >= 0) ? t.noDelay : null,
        priority: more.priority !== '' && !/^\d$/.test(more.priority) ? t.noPriority : null,
        tags: tags.length > 8 || tags.some(x => x.length > 64) ? t.noTags : null,
    };
    const call = (/** @type {any} */ args) => ({
        name,
        args,
        queue: more.queue.trim(),
        delay: more.delay === '' || wrong.delay ? null : Number(more.delay),
        priority: more.priority === '' || wrong.priority ? null : Number(more.priority),
        tags,
    });
    const shown =
        Array.isArray(form.partial) || form.sensitive.size === 0
            ? form.partial
            : Object.fromEntries(
                  Object.entries(form.partial).map(([key, value]) => [key, form.sensitive.has(key) ? hidden : value]),
              );
    const submit = async (/** @type {Event} */ event) => {
        event.preventDefault();
        form.attempt();
        if (busy || name === '' || form.value === null || Object.values(wrong).some(Boolean)) {
            requestAnimationFrame(() =>
                /** @type {HTMLElement | null} */ (document.querySelector('main [aria-invalid=true]'))?.focus(),
            );
            return;
        }
        setBusy(true);
        setError(null);
        try {
            const answer = await post('api/jobs', stringify(body(call(form.value))));
            toast(answer.sentence ?? t.done(name), 'good', { label: t.watch, href: `jobs/${segment(answer.id)}` });
        } catch (problem) {
            setError(problem);
        } finally {
            setBusy(false);
        }
    };
    const field = (
        /** @type {'queue'|'delay'|'priority'|'tags'} */ key,
        /** @type {any} */ extra,
        /** @type {string} */ hint,
        /** @type {string | null} */ bad = null,
    ) =>
        html`<div class="field">
            <label for=${`${id}-${key}`}>${t[key]}</label>
            <input
                id=${`${id}-${key}`}
                value=${more[key]}
                onInput=${change(key)}
                autocomplete="off"
                aria-invalid=${bad ? 'true' : undefined}
                aria-describedby=${`${id}-${key}-hint`}
                ...${extra}
            />
            <p id=${`${id}-${key}-hint`} class=${bad ? 'hint bad' : 'hint'}>${bad ?? hint}</p>
        </div>`;
    const kind = t.languages.some((/** @type {string[]} */ l) => l[0] === query.get('code'))
        ? /** @type {string} */ (query.get('code'))
        : 'csharp';
    return html`<div class="form-split">
        <form onSubmit=${submit} novalidate>
            <${Section}>
                <${JobName} items=${items} name=${name} />
                ${
                    name !== '' &&
                    html`<div class="form-notice">
                            ${
                                entry === null
                                    ? html`<${Notice}>${t.unknown}<//>`
                                    : entry.workers === 0
                                      ? html`<${Notice} kind="warn" icon="errors">${t.noWorker}<//>`
                                      : html`<p class="hint">${t.workers(entry.workers)}</p>`
                            }
                        </div>
                        <${Arguments} form=${form} />
                        <fieldset class="form-part">
                            <legend class="offscreen">${t.delivery}</legend>
                            <div class="form-head"><h3>${t.delivery}</h3></div>
                            <div class="form-grid">
                                ${field(
                                    'queue',
                                    { placeholder: entry?.queue ?? 'default', maxlength: 200 },
                                    t.queueHint(entry?.queue),
                                )}
                                ${field('delay', { inputmode: 'decimal', placeholder: '0' }, t.delayHint, wrong.delay)}
                                ${field(
                                    'priority',
                                    { inputmode: 'numeric', placeholder: '0' },
                                    t.priorityHint,
                                    wrong.priority,
                                )}
                                ${field('tags', { placeholder: 'order:42, tenant:acme' }, t.tagsHint, wrong.tags)}
                            </div>
                        </fieldset>
                        ${error && html`<${Failure} error=${error} />`}
                        <div class="form-end">
                            <button
                                type="submit"
                                class="button button-primary"
                                disabled=${busy}
                                aria-busy=${busy ? 'true' : undefined}
                            >
                                ${t.verb(call(null).delay)}
                            </button>
                            <span class="dim small"
                                >${t.target(more.queue.trim() || entry?.queue || t.itsQueue)}</span
                            >
                        </div>`
                }
            <//>
        </form>
        <div>
            ${
                name === ''
                    ? items.length > 0 &&
                      html`<${Section} title=${t.known}
                          ><ul class="names">
                              ${items.slice(0, 100).map(
                                  i =>
                                      html`<li key=${i.name}>
                                          <a
                                              class="clip mono"
                                              href=${`enqueue?name=${segment(i.name)}`}
                                              title=${i.name}
                                              >${i.name}</a
                                          >
                                      </li>`,
                              )}
                          </ul>
                          ${items.length > 100 && html`<p class="dim small">${s.table.shown(100, items.length)}</p>`}<//
                      >`
                    : html`<${Code}
                          call=${call(shown)}
                          order=${form.fields?.map(f => f.name) ?? null}
                          kind=${kind}
                      />`
            }
        </div>
    </div>`;
}

/** @param {{ query: URLSearchParams }} props */
export default function Enqueue({ query }) {
    const { data, error, reload } = useResource('api/catalog');
    useTitle(s.nav.enqueue);
    if (!can('operate'))
        return html`<${Head} title=${s.nav.enqueue} /><${Notice} icon="lock"
                >${session.value?.read_only ? s.readOnlyNote : t.forbidden}<//
            >`;
    if (error && !data) return html`<${Head} title=${s.nav.enqueue} /><${Failure} error=${error} retry=${reload} />`;
    if (!data) return html`<${Head} title=${s.nav.enqueue} /><${Loading} />`;
    return html`<${Head} title=${s.nav.enqueue} sub=${t.sub} />
        ${
            data.items.length === 0 &&
            !query.get('name') &&
            html`<${Section} flush><${Empty} text=${t.empty} code=${t.emptyCode} /><//>
                <div class="gap"></div>`
        }
        <${Form} items=${data.items} query=${query} />`;
}

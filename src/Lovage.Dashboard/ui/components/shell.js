// @ts-check
// What stands around every page: rail, top bar, banner, dialogs.
import { Fragment, html, toMain, useEffect, useState } from '../lib/dom.js';
import { clockTime, number, short } from '../lib/format.js';
import { has } from '../lib/api.js';
import { href, route } from '../lib/router.js';
import { liveChoice, liveState, operations, pulse, session, staleSince, theme } from '../lib/state.js';
import { reconnect } from '../lib/stream.js';
import { s } from '../strings.en.js';
import { Button, Menu } from './bits.js';
import { DialogHost, show } from './dialog.js';
import { Help } from './help.js';
import { Icon, Mark } from './icon.js';
import { TopSearch } from './search.js';

/**
 * @typedef {{ path: string, icon: string, text: string, feature?: string, count?: () => any, bad?: boolean,
 *   gap?: boolean }} Place
 */

/** @type {Place[]} */
const places = [
    { path: '', icon: 'overview', text: s.nav.overview },
    { path: 'jobs', icon: 'jobs', text: s.nav.jobs, count: () => pulse.value?.waiting },
    { path: 'running', icon: 'running', text: s.nav.running },
    {
        path: 'errors',
        icon: 'errors',
        text: s.nav.errors,
        count: () => (pulse.value ? number(pulse.value.failed_hour) + number(pulse.value.dead) : 0),
        bad: true,
    },
    { path: 'queues', icon: 'queues', text: s.nav.queues, gap: true },
    { path: 'workers', icon: 'workers', text: s.nav.workers, feature: 'workers' },
    { path: 'schedules', icon: 'schedules', text: s.nav.schedules, feature: 'schedules' },
    { path: 'metrics', icon: 'metrics', text: s.nav.metrics, feature: 'history', gap: true },
    { path: 'enqueue', icon: 'enqueue', text: s.nav.enqueue },
    { path: 'local', icon: 'local', text: s.nav.local },
    { path: 'audit', icon: 'audit', text: s.nav.audit, feature: 'audit' },
    { path: 'system', icon: 'system', text: s.nav.system },
];

/** @param {string} path */
const isHere = path => route.value.path === path || (path !== '' && route.value.path.startsWith(`${path}/`));

/** @param {{ place: Place }} props */
function RailLink({ place }) {
    const n = place.count?.();
    const shown = number(n) > 0;
    return html`<a
        href=${place.path || '.'}
        aria-current=${isHere(place.path) ? 'page' : undefined}
        title=${place.text}
    >
        <${Icon} name=${place.icon} /><span class="rail-text">${place.text}</span> ${
            shown &&
            html`<span class=${`rail-count${place.bad ? ' bad' : ''}`}
                >${short(number(n))}${typeof n === 'object' && !n.is_exact ? '+' : ''}<span class="offscreen"
                    >${` ${place.bad ? s.nav.failedOrDead : s.nav.waiting}`}</span
                ></span
            >`
        }</a
    >`;
}

function Rail() {
    const [more, setMore] = useState(false);
    useEffect(() => setMore(false), [route.value]);
    const known = places.filter(p => !p.feature || has(p.feature));
    const first = ['', 'jobs', 'errors', 'queues'];
    const key = (/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Escape') setMore(false);
    };
    return html`<nav class=${`rail${more ? ' rail-open' : ''}`} aria-label=${s.nav.label} onKeyDown=${key}>
        <a class="brand" href="." aria-label=${s.nav.home}><${Mark} /><span class="rail-text">Lovage</span></a>
        <ul>
            ${known.map(
                p =>
                    html`<li
                        key=${p.path}
                        class=${`${first.includes(p.path) ? 'rail-first' : ''}${p.gap ? ' rail-gap' : ''}`}
                    >
                        <${RailLink} place=${p} />
                    </li>`,
            )}
            <li class="rail-more">
                <button type="button" aria-expanded=${String(more)} onClick=${() => setMore(!more)}>
                    <${Icon} name=${more ? 'cross' : 'more'} /><span class="rail-text"
                        >${more ? s.close : s.nav.more}</span
                    >
                </button>
            </li>
        </ul>
    </nav>`;
}

function Live() {
    const state = liveState.value;
    const item = (/** @type {string} */ key, /** @type {string} */ text, /** @type {string} */ note) => ({
        label: text,
        note,
        checked: liveChoice.value === key,
        radio: true,
        run: () => {
            key === 'live' ? reconnect() : (liveChoice.value = key);
        },
    });
    return html`<${Menu}
        label=${s.live.label(s.live[state])}
        items=${[
            item('live', s.live.live, s.live.liveNote),
            item('polling', s.live.polling, s.live.pollingNote),
            item('paused', s.live.paused, s.live.pausedNote),
        ]}
    >
        <span class=${`live live-${state}`}><i></i><span>${s.live[state]}</span></span><//
    >`;
}

function Theme() {
    const item = (/** @type {string} */ key, /** @type {string} */ icon) => ({
        label: s.theme[key],
        icon,
        checked: theme.value === key,
        radio: true,
        run: () => {
            theme.value = key;
        },
    });
    return html`<${Menu}
        label=${s.theme.label}
        icon=${{ auto: 'auto', light: 'sun', dark: 'moon' }[theme.value] ?? 'auto'}
        items=${[item('auto', 'auto'), item('light', 'sun'), item('dark', 'moon')]}
    />`;
}

function Bar() {
    const me = session.value;
    const environment = me?.environment ?? '';
    const production = /^prod/i.test(environment);
    const running = operations.value.filter(o => o.state === 'running').length;
    return html`<header class="bar">
        <a class="brand bar-brand" href="." aria-label=${s.nav.home}><${Mark} /></a>
        <${TopSearch} />
        <div class="bar-end">
            ${
                running > 0 &&
                html`<a
                    class="chip chip-plain"
                    href=${href(route.value.path, { ...Object.fromEntries(route.value.query), panel: 'operations' })}
                    ><${Icon} name="operations" size=${12} /><span class="wide-only"
                        >${s.operations.running(running)}</span
                    ><span class="narrow-only">${running}</span></a
                >`
            }
            ${
                me?.read_only &&
                html`<span class="chip chip-plain" title=${s.readOnlyNote}
                    ><${Icon} name="lock" size=${12} /><span class="wide-only">${s.readOnly}</span></span
                >`
            }
            ${
                environment &&
                html`<span
                    class=${`env${production ? ' env-production' : ''}`}
                    title=${s.environment(me.app, me.version, environment)}
                    ><b class="wide-only">${me.app}</b> ${environment}</span
                >`
            }
            <${Live} />
            <${Menu}
                label=${me?.user ? s.userMenu(me.user) : s.more}
                items=${[
                    {
                        label: s.operations.title,
                        icon: 'operations',
                        href: href(route.value.path, {
                            ...Object.fromEntries(route.value.query),
                            panel: 'operations',
                        }),
                    },
                    { label: s.help.title, icon: 'keyboard', note: '?', run: help },
                    { line: true, class: 'narrow-item' },
                    ...['auto', 'light', 'dark'].map(key => ({
                        label: `${s.theme.label}: ${s.theme[key]}`,
                        class: 'narrow-item',
                        checked: theme.value === key,
                        radio: true,
                        run: () => {
                            theme.value = key;
                        },
                    })),
                ]}
                ><${Icon}
                    name=${me?.user ? 'user' : 'menu'}
                />${me?.user && html`<span class="wide-only user">${me.user}</span>`}<//
            >
            <span class="wide-only"><${Theme} /></span>
        </div>
    </header>`;
}

/** The keyboard's help. */
export const help = () => show({ title: s.help.title, draw: () => html`<${Help} />` });

function Banner() {
    const since = staleSince.value;
    const state = liveState.value;
    const storage = pulse.value?.storage_up ?? session.value?.storage?.up;
    return html`<${Fragment}
        >${
            since !== null &&
            html`<div class="banner banner-bad" role="alert">
                <${Icon} name="errors" />
                <p>${s.stale(clockTime(since))}</p>
                <${Button} small onClick=${reconnect}>${s.again}<//>
            </div>`
        }
        ${
            since === null &&
            storage === false &&
            html`<div class="banner banner-bad" role="alert">
                <${Icon} name="errors" />
                <p>${s.storageDown}</p>
            </div>`
        }
        ${
            since === null &&
            state === 'polling' &&
            liveChoice.value === 'live' &&
            html`<div class="banner" role="status">
                <${Icon} name="info" />
                <p>${s.fellBack}</p>
                <${Button} small onClick=${reconnect}>${s.again}<//>
            </div>`
        }<//
    >`;
}

/** @param {{ children?: any, panel?: any }} props */
export function Shell({ children, panel }) {
    return html`<a
            class="skip"
            href="#main"
            onClick=${(/** @type {Event} */ e) => {
                e.preventDefault();
                toMain();
            }}
            >${s.skip}</a
        >
        <${Rail} />
        <div class="column">
            <${Bar} /><${Banner} />
            <main id="main" tabindex="-1">${children}</main>
        </div>
        ${panel}<${DialogHost} />`;
}

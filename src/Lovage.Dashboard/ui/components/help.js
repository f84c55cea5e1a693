// @ts-check
import { html } from '../lib/dom.js';
import { s } from '../strings.en.js';

/** The list of keys. */
export const Help = () =>
    html`<table class="table keys">
            <tbody>
                ${s.help.keys.map(
                    (/** @type {[string, string]} */ [keys, text]) =>
                        html`<tr key=${keys}>
                            <th scope="row">
                                ${keys.split(' ').map((/** @type {string} */ k) => html`<kbd key=${k}>${k}</kbd> `)}
                            </th>
                            <td>${text}</td>
                        </tr>`,
                )}
            </tbody>
        </table>
        <p class="dim">${s.help.note}</p>`;

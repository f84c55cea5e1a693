// @ts-check
import { html } from '../lib/dom.js';
import { Copy } from './bits.js';

/**
 * An empty page teaches: one sentence and the two lines of code that would fill it.
 * @param {{ text: any, code?: string, children?: any }} props
 */
export const Empty = ({ text, code, children }) =>
    html`<div class="empty">
        <p>${text}</p>
        ${
            code &&
            html`<div class="code">
                <pre tabindex="0"><code>${code}</code></pre>
                <${Copy} text=${code} />
            </div>`
        }${children}
    </div>`;

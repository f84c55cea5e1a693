// @ts-check
import { html } from '../lib/dom.js';
import { useTitle } from '../lib/title.js';
import { Head, Section } from '../components/bits.js';
import { Drawer } from '../components/drawer.js';
import { Operations } from '../components/operations.js';
import { s } from '../strings.en.js';

const t = s.operations;

function Page() {
    useTitle(t.title);
    return html`<${Head} title=${t.title} sub=${t.sub} /><${Section} flush><${Operations} /><//>`;
}

/**
 * The page where the address is its own; the drawer over any other page.
 * @param {{ params?: Record<string, string> }} props
 */
export default function OperationsPanel({ params }) {
    return params
        ? html`<${Page} />`
        : html`<${Drawer} title=${t.title}
              ><${Operations} />
              <p class="drawer-more"><a href="operations">${t.page}</a></p><//
          >`;
}

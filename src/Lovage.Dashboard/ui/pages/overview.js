// @ts-check
import { html } from '../lib/dom.js';
import { useResource } from '../lib/stream.js';
import { useTitle } from '../lib/title.js';
import { Failure, Head, Loading } from '../components/bits.js';

/** The overview: first a sentence, then numbers. */
export default function Overview() {
  const { data, error, reload } = useResource('api/overview', {}, { topic: 'overview' });
  useTitle(data?.verdict.sentence ?? 'Overview');
  if (error && !data) return html`<${Failure} error=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} />`;
  return html`<${Head} title=${data.verdict.sentence} />`;
}

/** The `format`s gojsonschema checks; any other is passed over. */

import { rethrowOverflow } from '../../stack.ts';
import { parseUrl } from '../go/url.ts';
import { parseAddress } from '../net/ip.ts';
import { compileRegex } from '../regex/cache.ts';
import { parseTime } from '../time/parse.ts';

const accepts = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch (error) {
    rethrowOverflow(error);
    return false;
  }
};

const time =
  (...layouts: string[]) =>
  (text: string) =>
    layouts.some((layout) => accepts(() => parseTime(layout, text)));
const matches = (pattern: RegExp) => (text: string) => pattern.test(text);
const hostname =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]))*$/;
const email = (text: string) => /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/.test(text);
const uri = (text: string) =>
  accepts(() => parseUrl(text)) && parseUrl(text).scheme !== '' && !text.includes('\\');
const uriReference = (text: string) => accepts(() => parseUrl(text)) && !text.includes('\\');

export const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', time('2006-01-02')],
  ['time', time('15:04:05Z07:00', '15:04:05')],
  [
    'date-time',
    time(
      '15:04:05',
      '15:04:05Z07:00',
      '2006-01-02',
      '2006-01-02T15:04:05Z07:00',
      '2006-01-02T15:04:05.999999999Z07:00',
    ),
  ],
  ['hostname', (text) => text.length < 256 && hostname.test(text)],
  ['email', email],
  ['idn-email', email],
  ['ipv4', (text) => parseAddress(text) !== undefined && text.includes('.')],
  ['ipv6', (text) => parseAddress(text) !== undefined && text.includes(':')],
  ['uri', uri],
  ['uri-reference', uriReference],
  ['iri', uri],
  ['iri-reference', uriReference],
  ['uri-template', (text) => uriReference(text) && /^[^{}]*(?:\{[^}]*\}[^{]*)*$/.test(parseUrl(text).path)],
  ['uuid', matches(/^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i)],
  ['regex', (text) => text === '' || accepts(() => compileRegex(text))],
  ['json-pointer', matches(/^(?:\/(?:[^~/]|~0|~1)*)*$/)],
  ['relative-json-pointer', matches(/^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/)],
]);

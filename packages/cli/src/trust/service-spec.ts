import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';

/** A service as cosign's flags describe one: `url=https://…,start-time=2026-01-01T00:00:00Z`. */
export type ServiceSpec = Readonly<Record<string, string>>;

/** @throws USAGE for anything that is not `key=value,…`, a key that is unknown or twice, and a key that is missing */
export function parseServiceSpec(
  flag: string,
  text: string,
  required: readonly string[],
  optional: readonly string[],
): ServiceSpec {
  const spec = new Map<string, string>();
  for (const pair of text.split(',')) {
    const [, key, value] = /^\s*([a-z-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (key === undefined || spec.has(key) || ![...required, ...optional].includes(key)) {
      throw wrong(flag, [...required, ...optional], pair);
    }
    spec.set(key, value ?? '');
  }
  const missing = required.find((key) => !spec.get(key));
  if (missing !== undefined) throw wrong(flag, required, `no ${missing}`);
  return Object.fromEntries([...spec].filter(([, value]) => value !== ''));
}

/** @throws USAGE */
export function parseSpecTime(flag: string, text: string): Date {
  const time = new Date(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? text : '');
  if (!Number.isNaN(time.getTime())) return time;
  throw cliErrors.error('USAGE', {
    message: `--${flag} has a time that is none`,
    expected: 'RFC 3339: 2026-01-31T12:00:00Z',
    found: printable(text, 60),
  });
}

function wrong(flag: string, keys: readonly string[], found: string) {
  return cliErrors.error('USAGE', {
    message: `--${flag} describes a service as key=value, separated by commas`,
    expected: keys.join(', '),
    found: printable(found, 100),
  });
}

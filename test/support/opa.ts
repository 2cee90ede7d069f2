/** OPA as an oracle: one server, asked query by query. */
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from './process.ts';

/** What a query came to: every binding of `x` as JSON text with the numbers as written, or the error codes. */
export type Answer = { readonly values: readonly string[] } | { readonly errors: readonly string[] };

export interface Opa {
  query(query: string, input: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** A number as it was written, however large. */
class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `JSON.parse` that keeps every digit of every number. */
function parseExact(text: string): unknown {
  // Node hands a reviver the source text of a number in its third argument.
  const revive = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? new ExactNumber(normalNumber(context!.source!)) : value;
  return JSON.parse(text, revive);
}

/** JSON text with sorted keys and one spelling of every number. */
function format(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(format).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${format(member)}`).join(',')}}`;
}

/** JSON text in the one form in which equal values are equal texts. */
export function canonical(text: string): string {
  return format(parseExact(text));
}

/** `1.50e1`, `15.0` and `15` are one number. Digits are kept exactly. */
function normalNumber(source: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    source,
  )!;
  const digits = `${whole}${fraction}`.replace(/^0+(?=\d)/, '');
  const scale = Number(exponent) - fraction.length;
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${scale + digits.length - significant.length}`;
}

/** Starts an OPA that listens on a socket in `directory`. */
export async function startOpa(program: string, directory: string): Promise<Opa> {
  const socketPath = join(directory, 'opa.sock');
  const args = [
    'run',
    '--server',
    '--addr',
    `unix://${socketPath}`,
    '--disable-telemetry',
    '--log-level',
    'info',
  ];
  const server = await startServer(program, args, /Server initialized|Initializing server/);
  const post = (path: string, body: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const outgoing = request({ socketPath, path, method: 'POST' }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      });
      outgoing.on('error', reject).end(body);
    });
  // The log line stands before the socket does.
  for (let attempt = 0; ; attempt++) {
    try {
      await post('/v1/query', JSON.stringify({ query: 'true' }));
      break;
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(100);
    }
  }
  return {
    async query(query, input) {
      const { status, text } = await post('/v1/query', JSON.stringify({ query, input }));
      if (status !== 200) {
        const body = JSON.parse(text) as { code: string; errors?: { code: string }[] };
        return { errors: (body.errors ?? [body]).map(({ code }) => code) };
      }
      const { result = [] } = parseExact(text) as { result?: { x: unknown }[] };
      return { values: result.map(({ x }) => format(x)).sort() };
    },
    stop: server.stop,
  };
}

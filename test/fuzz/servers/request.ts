import { damageBytes, damageDer } from './damage-bytes.ts';
import { damageJson, damageText } from './damage-json.ts';
import type { Random } from './random.ts';
import type { Sending } from './wire.ts';

/** A request as a client means it. */
export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
}

export type Body =
  | { readonly json: unknown }
  | { readonly form: Readonly<Record<string, string>> }
  | { readonly der: Uint8Array }
  | { readonly bytes: Uint8Array };

/** A request that is sent, and whether anything about it was made wrong. */
export interface Sent {
  readonly method: string;
  readonly target: string;
  readonly head: string;
  readonly body: Uint8Array;
  readonly sending: Sending;
  readonly damaged: boolean;
}

const methods = [
  'GET',
  'CONNECT',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'get',
];

const segments = [
  '..',
  '.',
  '%2e%2e',
  '%2E%2e%2f',
  '..%2f..%2f..%2f..%2fetc%2fpasswd',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%c0%ae',
  '%f0%9f%99%82',
  '',
  '//',
  '//[',
  '\\..\\',
  ';a=b',
  '__proto__',
  'constructor',
  '*',
  ':name',
  '{}',
  '+',
  '-1',
  '0',
  '99999999999999999999',
  'x'.repeat(300),
  'x'.repeat(9000),
];

const headers: readonly (readonly [string, string])[] = [
  ['Content-Type', 'text/plain'],
  ['Content-Type', 'application/json; charset=utf-16'],
  ['Content-Type', 'multipart/form-data; boundary=x'],
  ['Content-Type', ''],
  ['Content-Encoding', 'gzip'],
  ['Expect', '100-continue'],
  ['Expect', 'something'],
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Authorization', 'Bearer x'],
  ['Authorization', 'Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.'],
  ['Authorization', `Basic ${'A'.repeat(2000)}`],
  ['Authorization', 'Basic %%%'],
  ['Host', ''],
  ['Host', 'evil.example:99999'],
  ['Host', 'a b'],
  ['Host', '[::'],
  ['Host', 'x/../y?z#@'],
  ['Range', 'bytes=0-0'],
  ['Range', 'bytes=-1'],
  ['Range', 'bytes=5-2'],
  ['Range', `bytes=${'0-1,'.repeat(500)}0-1`],
  ['Range', 'bytes=99999999999999999999-'],
  ['Content-Range', '5-2'],
  ['Content-Range', '0-99999999999999'],
  ['Content-Range', 'bytes 3-7/*'],
  ['If-None-Match', '*'],
  ['If-Range', '"x"'],
  ['Content-Length', '-1'],
  ['Content-Length', '99999999999999999999'],
  ['Content-Length', '0x10'],
  ['Transfer-Encoding', 'identity'],
  ['Transfer-Encoding', 'gzip, chunked'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['Cookie', 'a=b; __proto__=1'],
  ['X-Long', 'x'.repeat(20_000)],
];

/** The request, undamaged or with something about it wrong, in one of the ways that bodies are sent. */
export function prepare(request: Request, random: Random): Sent {
  const damaged = random.chance(0.85);
  const parts = damaged
    ? random.pick(['body', 'body', 'body', 'path', 'query', 'head', 'method', 'frame'])
    : '';
  const method = parts === 'method' ? random.pick(methods) : request.method;
  let target = request.path;
  if (parts === 'path') target = damagePath(target, random);
  if (parts === 'query') target = damageQuery(target, random);
  const body = encode(request.body, parts === 'body' ? random : undefined);
  const fields = new Map<string, string>([
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
    ...typeOf(request.body),
    ...Object.entries(request.headers ?? {}),
  ]);
  if (parts === 'head') {
    for (let i = 0; i <= random.below(3); i++) {
      const [name, value] = random.pick(headers);
      fields.set(name, value);
    }
    const [own] = random.pick([...fields]);
    if (random.chance(0.3)) fields.set(own, damageText(fields.get(own)!, random).replaceAll(/[^\t -~]/g, ''));
    if (random.chance(0.1)) fields.delete(own);
  }
  const frame =
    parts === 'frame'
      ? random.pick([
          'chunks',
          'half',
          'half-chunk',
          'bad-chunk',
          'longer',
          'shorter',
          'pipelined',
          'slowly',
        ] as const)
      : 'whole';
  const chunked = frame === 'chunks' || frame === 'half-chunk' || frame === 'bad-chunk';
  if (chunked) fields.set('Transfer-Encoding', 'chunked');
  else if ((body.length > 0 || method !== 'GET') && !fields.has('Content-Length')) {
    const length =
      { longer: body.length + 10, shorter: Math.max(0, body.length - 3) }[frame as string] ?? body.length;
    fields.set('Content-Length', String(length));
  }
  const head = `${method} ${target} HTTP/1.1\r\n${[...fields].map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return { method, target, head, body, sending: framed(Buffer.from(head), body, frame, random), damaged };
}

function framed(head: Uint8Array, body: Uint8Array, frame: string, random: Random): Sending {
  const half = body.subarray(0, random.below(body.length + 1));
  const chunk = (bytes: Uint8Array) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const end = Buffer.from('0\r\n\r\n');
  switch (frame) {
    case 'chunks': {
      const rest = body.subarray(half.length);
      const chunks = [half, rest].filter(({ length }) => length > 0).map(chunk);
      return { pieces: [head, ...chunks, end], cut: false };
    }
    case 'half':
      return { pieces: [head, half], cut: true };
    case 'half-chunk':
      return { pieces: [head, chunk(body).subarray(0, half.length + 3)], cut: true };
    case 'bad-chunk':
      return {
        pieces: [
          head,
          Buffer.from(random.pick(['zz\r\n', '-1\r\n', 'ffffffffffffffffff\r\n', '1\nx\n0\n\n'])),
          body,
          end,
        ],
        cut: true,
      };
    case 'longer':
      return { pieces: [head, body], cut: true };
    case 'pipelined':
      return {
        pieces: [
          Buffer.concat([head, body, Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')]),
        ],
        cut: false,
      };
    case 'slowly':
      return {
        pieces: [head.subarray(0, 9), head.subarray(9), half, body.subarray(half.length)],
        cut: false,
      };
    default:
      return { pieces: [head, body], cut: false };
  }
}

/** In the place of a path: what Node passes on, and no URL comes of. */
const targets = [
  '*',
  '//',
  '//[',
  '/\\[',
  'http://',
  'http://[',
  'http://evil.example',
  'a:b',
  '//a:99999/',
  '?',
  'x',
];

function damagePath(target: string, random: Random): string {
  if (random.chance(0.1)) return random.pick(targets);
  const [path = '', query] = target.split('?', 2);
  const parts = path.split('/');
  const at = 1 + random.below(parts.length);
  const segment = random.pick(segments);
  if (random.chance(0.5)) parts.splice(at, 1, segment);
  else parts.splice(at, 0, segment);
  const damaged = parts.join('/').replaceAll(/[^!-~]/g, '');
  const absolute = random.chance(0.05) ? `http://evil.example${damaged}` : damaged;
  return `${absolute === '' ? '/' : absolute}${query === undefined ? '' : `?${query}`}`;
}

function damageQuery(target: string, random: Random): string {
  const [path = '', query = ''] = target.split('?', 2);
  const pairs = [...new URLSearchParams(query)];
  const [name, value] = pairs[random.below(pairs.length)] ?? ['n', '1'];
  const changed = random.pick([
    damageText(value, random),
    '',
    '-1',
    '1e9',
    '99999999999999999999',
    '%00',
    '*',
    '__proto__',
    'x'.repeat(3000),
  ]);
  const query2 = new URLSearchParams(random.chance(0.7) ? pairs.filter((pair) => pair[0] !== name) : pairs);
  query2.append(name, changed);
  const encoded = query2.toString();
  return `${path}?${random.chance(0.1) ? `${encoded}&%zz=%` : encoded}`;
}

function typeOf(body: Body | undefined): (readonly [string, string])[] {
  if (body === undefined) return [];
  if ('json' in body) return [['Content-Type', 'application/json']];
  return 'form' in body ? [['Content-Type', 'application/x-www-form-urlencoded']] : [];
}

function encode(body: Body | undefined, random: Random | undefined): Uint8Array {
  if (body === undefined) return random === undefined ? new Uint8Array() : random.bytes(random.below(40));
  if ('json' in body)
    return Buffer.from(random === undefined ? JSON.stringify(body.json) : damageJson(body.json, random));
  if ('der' in body) return random === undefined ? body.der : damageDer(body.der, random);
  if ('bytes' in body) return random === undefined ? body.bytes : damageBytes(body.bytes, random);
  const form = new URLSearchParams(body.form).toString();
  return Buffer.from(random === undefined ? form : damageQuery(`?${form}`, random).slice(1));
}

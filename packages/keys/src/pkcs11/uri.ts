import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';

/** What a PKCS#11 URI (RFC 7512) names: a key in a token, and how to get at it. Absent: anything will do. */
export interface TokenUri {
  readonly modulePath: string;
  readonly token: string | undefined;
  readonly manufacturer: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  readonly slotId: number | undefined;
  /** Label of the object. */
  readonly object: string | undefined;
  readonly id: Uint8Array | undefined;
  readonly pin: PinSource | undefined;
}

export type PinSource =
  | { readonly kind: 'value'; readonly value: string }
  /** Absolute path of a file with the PIN in its first line. */
  | { readonly kind: 'file'; readonly path: string };

const maxLength = 4096;
const pathAttributes = [
  'token',
  'manufacturer',
  'model',
  'serial',
  'slot-id',
  'object',
  'id',
  'type',
] as const;
const queryAttributes = ['module-path', 'pin-value', 'pin-source'] as const;

/**
 * Reads a PKCS#11 URI (RFC 7512 §2.3) that names a private key: by token or slot, and by object or id, as cosign asks.
 * The module is the one of `module-path`, else of COSIGN_PKCS11_MODULE_PATH. Attributes that are not known are refused:
 * what they would have told apart is not known either. No error holds the PIN.
 *
 * @throws KEY_REFERENCE_INVALID
 */
export function parseTokenUri(uri: string, environment: NodeJS.ProcessEnv): TokenUri {
  if (uri.length > maxLength) throw invalid(`it is longer than ${maxLength} characters`);
  const [, path, query = ''] = /^pkcs11:([^?#]*)(?:\?([^#]*))?$/.exec(uri) ?? [];
  if (path === undefined) throw invalid('it is not of the form pkcs11:PATH?QUERY');
  const named = attributes(path, ';', pathAttributes);
  // RFC 7512 has `&`; cosign takes `;` too.
  const asked = attributes(query, /[&;]/, queryAttributes);
  const text = (name: string): string | undefined => decodeText(named.get(name), name);
  const slot = text('slot-id');
  if (slot !== undefined && !/^\d{1,10}$/.test(slot)) throw invalid('slot-id is not a whole number');
  const type = text('type');
  if (type !== undefined && type !== 'private') throw invalid('type is not private');
  const idBytes = named.get('id');
  const id = idBytes === undefined || idBytes.length === 0 ? undefined : Uint8Array.from(idBytes);
  const parsed = {
    modulePath: modulePath(decodeText(asked.get('module-path'), 'module-path'), environment),
    token: text('token'),
    manufacturer: text('manufacturer'),
    model: text('model'),
    serial: text('serial'),
    slotId: slot === undefined ? undefined : Number(slot),
    object: text('object'),
    id,
    pin: pinSource(asked),
  };
  if ([parsed.token, parsed.serial, parsed.slotId].every((value) => value === undefined))
    throw invalid('it names no token: token, serial or slot-id is missing');
  if (parsed.object === undefined && id === undefined)
    throw invalid('it names no key: object or id is missing');
  return parsed;
}

/** The module to load. @throws KEY_REFERENCE_INVALID */
export function modulePath(given: string | undefined, environment: NodeJS.ProcessEnv): string {
  const path = given || environment['COSIGN_PKCS11_MODULE_PATH'];
  if (!path) {
    throw invalid('there is no module to load: module-path is missing', {
      expected: '?module-path=/PATH/OF/MODULE.so, or COSIGN_PKCS11_MODULE_PATH',
    });
  }
  if (/^(?:\/|[A-Za-z]:[\\/])/.test(path)) return path;
  throw invalid('the path of the module is not absolute', { found: printable(path) });
}

/** A PKCS#11 URI of a key, with what cosign writes: token, slot-id, id, object, and the module. Never with a PIN. */
export function formatTokenUri(key: {
  readonly modulePath: string;
  readonly token: string;
  readonly slotId: number;
  readonly id: Uint8Array;
  readonly object: string;
}): string {
  const path = [
    ...(key.token === '' ? [] : [`token=${encode(key.token)}`]),
    `slot-id=${key.slotId}`,
    ...(key.id.byteLength === 0
      ? []
      : [`id=${Array.from(key.id, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`]),
    ...(key.object === '' ? [] : [`object=${encode(key.object)}`]),
  ];
  return `pkcs11:${path.join(';')}?module-path=${encode(key.modulePath).replaceAll('%2F', '/')}`;
}

/** Everything is escaped that RFC 7512 §2.3 does not allow as it is, and a little more. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
}

/** The attributes by name, their values percent-decoded. Each at most once (RFC 7512 §2.3). */
function attributes(
  text: string,
  separator: string | RegExp,
  known: readonly string[],
): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const part of text.split(separator)) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0));
    if (!known.includes(name)) throw invalid(`${printable(name, 40)} is no attribute that is understood`);
    if (found.has(name)) throw invalid(`${name} is there twice`);
    found.set(name, percentDecode(part.slice(at + 1), name));
  }
  return found;
}

function percentDecode(text: string, name: string): Buffer {
  if (!/^(?:[!-$&-~]|%[0-9A-Fa-f]{2})*$/.test(text)) throw invalid(`${name} is not percent-encoded`);
  const latin = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(latin, 'latin1');
}

function decodeText(bytes: Buffer | undefined, name: string): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(`${name} is not UTF-8`);
  }
}

function pinSource(asked: ReadonlyMap<string, Buffer>): PinSource | undefined {
  const value = decodeText(asked.get('pin-value'), 'pin-value');
  const source = decodeText(asked.get('pin-source'), 'pin-source');
  if (value !== undefined && source !== undefined) throw invalid('it has pin-value and pin-source');
  if (value !== undefined) return { kind: 'value', value };
  if (source === undefined) return undefined;
  // §2.4 leaves the form open: a path and a file URI are read; programs (`|command`) are not run.
  const path = source.replace(/^file:(?:\/\/(?=\/))?/, '');
  if (path.startsWith('/')) return { kind: 'file', path };
  throw invalid('pin-source is not the absolute path of a file', { expected: 'pin-source=file:/PATH' });
}

/** Never with what the URI says: a PIN may be in it. */
function invalid(problem: string, more: { readonly expected?: string; readonly found?: string } = {}) {
  return keysErrors.error('KEY_REFERENCE_INVALID', {
    message: `the PKCS#11 URI cannot be used: ${problem}`,
    expected: 'pkcs11:token=LABEL;object=LABEL?module-path=/PATH',
    ...more,
  });
}

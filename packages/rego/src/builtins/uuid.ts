/** `uuid.rfc4122`, `uuid.parse` (RFC 4122). */
import { keyOf, RegoNumber, RegoObject, type Value } from '../values/index.ts';
import { stringOperand } from './operands.ts';
import { registerBuiltin } from './registry.ts';
import { type BuiltinContext, T } from './types.ts';

registerBuiltin(
  'uuid.rfc4122',
  { args: [T.string], result: T.string, nondeterministic: true },
  (context, name) => {
    const key = `uuid.rfc4122-${keyOf(name)}`;
    const known = context.cache.get(key);
    if (typeof known === 'string') return known;
    const uuid = randomUuid(context);
    context.cache.set(key, uuid);
    return uuid;
  },
);

function randomUuid(context: BuiltinContext): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(context.random() * 256));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Bare, with dashes, in braces, or as a URN. */
const forms = [
  /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i,
  /^urn:uuid:([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i,
  /^.([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12}).$/is,
  /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i,
];

/** 100 ns intervals between 1582-10-15 and 1970-01-01. */
const gregorianOffset = 122_192_928_000_000_000n;

registerBuiltin('uuid.parse', { args: [T.string], result: T.object([T.string, T.any]) }, (_context, text) => {
  const operand = stringOperand(text, 1);
  const match = forms.map((form) => form.exec(operand)).find((found) => found !== null);
  if (match === undefined || match === null) return undefined;
  const bytes = Buffer.from(match.slice(1).join(''), 'hex');
  const version = bytes[6]! >> 4;
  const fields: [string, Value][] = [
    ['variant', variantOf(bytes[8]!)],
    ['version', version],
  ];
  if (version === 1 || version === 2) fields.push(...timeFields(bytes));
  if (version === 2) {
    fields.push(['domain', ['Person', 'Group', 'Org'][bytes[9]!] ?? `Domain${bytes[9]}`]);
    fields.push(['id', bytes.readUInt32BE(0)]);
  }
  return RegoObject.of(fields);
});

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

function timeFields(bytes: Buffer): [string, Value][] {
  const ticks =
    BigInt(bytes.readUInt32BE(0)) |
    (BigInt(bytes.readUInt16BE(4)) << 32n) |
    (BigInt(bytes.readUInt16BE(6) & 0xfff) << 48n);
  const node = bytes.subarray(10);
  return [
    ['time', RegoNumber.fromBigInt(BigInt.asIntN(64, (ticks - gregorianOffset) * 100n))],
    ['nodeid', Array.from(node, (byte) => byte.toString(16).padStart(2, '0')).join('-')],
    ['macvariables', `${node[0]! & 2 ? 'local' : 'global'}:${node[0]! & 1 ? 'multicast' : 'unicast'}`],
    ['clocksequence', bytes.readUInt16BE(8) & 0x3fff],
  ];
}

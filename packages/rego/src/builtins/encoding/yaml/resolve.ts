/** What an unquoted YAML scalar means to go-yaml v2: YAML 1.1 words and numbers, timestamps as strings. */
import { type Num, numberFromDouble, RegoNumber } from '../../../values/index.ts';
import { formatFloat } from '../../go/float.ts';

export type Resolved = null | boolean | number | bigint | string;

const words: ReadonlyMap<string, Resolved> = new Map<string, Resolved>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, Number.POSITIVE_INFINITY] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/** Integers come back as bigint, floats as number; words in quotes never get here. */
export function resolvePlain(text: string): Resolved {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (/^\./.test(text)) return /^\.\d+(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
  if (!/^[-+0-9]/.test(text) || isTimestamp(text)) return text;
  const plain = text.replaceAll('_', '');
  const integer = goInteger(plain);
  if (integer !== undefined) return integer;
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) {
    const double = Number(plain);
    return Number.isFinite(double) ? double : text;
  }
  return text;
}

/** `strconv.ParseInt` with base 0 (so `0x`, `0b`, `0o` and a leading 0 for octal), else `ParseUint`. */
function goInteger(text: string): bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(text);
  if (match === null || text.length > 80) return undefined;
  const digits = /^0[0-7]+$/.test(match[2]!) ? `0o${match[2]!.slice(1)}` : match[2]!;
  const magnitude = BigInt(digits);
  const value = match[1] === '-' ? -magnitude : magnitude;
  if (BigInt.asIntN(64, value) === value) return value;
  return match[1] === '' && BigInt.asUintN(64, value) === value ? value : undefined;
}

function isTimestamp(text: string): boolean {
  return /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)|\s+\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)?$/.test(
    text,
  );
}

/** The number JSON shows for it. Floats are written as `encoding/json` does. */
export function numberOf(value: number | bigint): Num {
  return typeof value === 'bigint' ? RegoNumber.fromBigInt(value) : numberFromDouble(value);
}

/** A map key as `sigs.k8s.io/yaml` turns it into a string (floats through 32 bits, which is what it does). */
export function keyText(key: Resolved): string | undefined {
  switch (typeof key) {
    case 'string':
      return key;
    case 'boolean':
    case 'bigint':
      return String(key);
    case 'number':
      if (Number.isNaN(key)) return '.nan';
      if (!Number.isFinite(key)) return key > 0 ? '.inf' : '-.inf';
      return formatFloat(key, 'g', -1);
    default:
      return undefined;
  }
}

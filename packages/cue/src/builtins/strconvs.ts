import { type Place, unsupported } from '../syntax/source.ts';
import type { Concrete } from '../values/concrete.ts';
import { type CueNumber, int } from '../values/number.ts';
import { bool, Kind, string } from '../values/scalar.ts';
import { count, func, text } from './define.ts';
import type { Package } from './types.ts';

const S = Kind.string;
const I = Kind.int;
const trues = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const falses = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
const digits = '0123456789abcdefghijklmnopqrstuvwxyz';

function base(value: Concrete | undefined, at: Place): number {
  const found = count(value, at);
  if (found < 2 || found > 36) throw unsupported(at, 'such a base');
  return found;
}

/** An int of so many bits; what is wrong where it is none. */
function parsed(value: string, radix: number, bits: number, signed: boolean, at: Place): Concrete | string {
  if (bits < 1 || bits > 64) throw unsupported(at, 'an int of such a size');
  const sign = signed ? /^[+-]?/.exec(value)![0] : '';
  const body = value.slice(sign.length).toLowerCase();
  if (body === '' || body.length > 64) return 'no int';
  let size = 0n;
  for (const digit of body) {
    const worth = digits.indexOf(digit);
    if (worth < 0 || worth >= radix) return 'no int';
    size = size * BigInt(radix) + BigInt(worth);
  }
  const found = sign === '-' ? -size : size;
  const half = 1n << BigInt(bits - 1);
  const [low, high] = signed ? [-half, half - 1n] : [0n, 2n * half - 1n];
  return found < low || found > high ? 'an int out of range' : int(found);
}

/** Package `strconv`. */
export const strconvs: Package = new Map([
  [
    'Atoi',
    func([S], ([s], at) => {
      if (!/^[+-]?\d+$/.test(text(s))) return 'no int';
      if (text(s).length > 64) throw unsupported(at, 'an int of so many digits');
      return int(BigInt(text(s).replace(/^\+/, '')));
    }),
  ],
  [
    'ParseInt',
    func([S, I, I], ([s, radix, bits], at) => parsed(text(s), base(radix, at), count(bits, at), true, at)),
  ],
  [
    'ParseUint',
    func([S, I, I], ([s, radix, bits], at) => parsed(text(s), base(radix, at), count(bits, at), false, at)),
  ],
  [
    'FormatInt',
    func([I, I], ([n, radix], at) => string((n as CueNumber).coefficient.toString(base(radix, at)))),
  ],
  [
    'ParseBool',
    func([S], ([s]) => (trues.has(text(s)) ? bool(true) : falses.has(text(s)) ? bool(false) : 'no bool')),
  ],
  ['FormatBool', func([Kind.bool], ([b]) => string(String((b as { value: boolean }).value)))],
]);

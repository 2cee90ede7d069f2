import type { Check } from '../eval/checks.ts';
import { int } from '../values/number.ts';
import { Kind } from '../values/scalar.ts';

/** Types by name, as sets of kinds. */
export const types: ReadonlyMap<string, number> = new Map([
  ['_', Kind.top],
  ['bool', Kind.bool],
  ['int', Kind.int],
  ['float', Kind.float],
  ['number', Kind.number],
  ['string', Kind.string],
  ['bytes', Kind.bytes],
]);

const between = (low: bigint, high: bigint): readonly Check[] => [
  { kind: 'bound', operator: '>=', operand: int(low), text: `>=${low}` },
  { kind: 'bound', operator: '<=', operand: int(high), text: `<=${high}` },
];

const within = (largest: bigint): readonly Check[] => [
  { kind: 'bound', operator: '>=', operand: int(-largest), text: `>=-${largest}` },
  { kind: 'bound', operator: '<=', operand: int(largest), text: `<=${largest}` },
];

/** Numbers, ints among them, that a float of a size reaches. CUE writes the larger border with 40 digits. */
export const sizedFloats: ReadonlyMap<string, readonly Check[]> = new Map([
  ['float32', within(340282346638528859811704183484516925440n)],
  ['float64', within(1797693134862315708145274237317043567981n * 10n ** 269n)],
]);

/** Ints of a size. */
export const sizedInts: ReadonlyMap<string, readonly Check[]> = new Map([
  ['uint', [{ kind: 'bound', operator: '>=', operand: int(0), text: '>=0' }]],
  ['rune', between(0n, 0x10ffffn)],
  ...[8n, 16n, 32n, 64n, 128n].flatMap((bits): [string, readonly Check[]][] => [
    [`uint${bits}`, between(0n, 2n ** bits - 1n)],
    [`int${bits}`, between(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n)],
  ]),
]);

const functions = ['len', 'close', 'and', 'or', 'div', 'mod', 'quo', 'rem', 'error', 'matchN', 'matchIf'];

/** What a name means that nothing declares. */
export const predeclared: ReadonlySet<string> = new Set([
  ...types.keys(),
  ...sizedInts.keys(),
  ...sizedFloats.keys(),
  ...functions,
]);

/** What CUE knows besides, and this evaluator does not. */
export const unknown: ReadonlySet<string> = new Set(['self']);

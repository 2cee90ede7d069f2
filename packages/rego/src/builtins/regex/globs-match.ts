/**
 * `regex.globs_match`: is there a text that both globs match? Globs here are characters, `.`, sets such as `[a-z]`, each
 * with an optional `*` or `+`. The rules are those of the library OPA uses (yashtewari/glob-intersection), which finds no
 * intersection where a starred token would have to match nothing at the end of the text; memoised, so that time is
 * polynomial where that library's is exponential.
 */
import { BuiltinError } from '../types.ts';

interface Token {
  /** What one repetition matches; undefined is any character. */
  readonly set: CharacterSet | undefined;
  readonly flag: '' | '+' | '*';
}

type CharacterSet = readonly (readonly [low: number, high: number])[];

/** Tokens of the longest glob looked at, and characters of its text. */
const maxTokens = 2_000;
const maxLength = 16 * maxTokens;

export function globsIntersect(a: string, b: string, charge: (steps: number) => void): boolean {
  if (Math.max(a.length, b.length) > maxLength)
    throw new BuiltinError(`glob of more than ${maxLength} characters`);
  const left = simplify(parseGlob(a));
  const right = simplify(parseGlob(b));
  if (Math.max(left.length, right.length) > maxTokens) {
    throw new BuiltinError(`glob of more than ${maxTokens} parts`);
  }
  const trimmed = trim(left, right);
  return trimmed !== undefined && new Search(...trimmed, charge).normal(0, 0, false);
}

function matches(a: Token, b: Token): boolean {
  const { set } = a;
  const other = b.set;
  if (set === undefined || other === undefined) return true;
  return set.some(([low, high]) => other.some(([from, to]) => low <= to && from <= high));
}

/** Compares the parts without repetition at both ends, and leaves one token of each. */
function trim(a: readonly Token[], b: readonly Token[]): [readonly Token[], readonly Token[]] | undefined {
  let start = 0;
  while (start < a.length && start < b.length && a[start]!.flag === '' && b[start]!.flag === '') {
    if (!matches(a[start]!, b[start]!)) return undefined;
    start++;
  }
  if (start > 0) start--;
  let i = a.length - 1;
  let j = b.length - 1;
  for (; i >= start && j >= start && a[i]!.flag === '' && b[j]!.flag === ''; i--, j--) {
    if (!matches(a[i]!, b[j]!)) return undefined;
  }
  const kept = i < a.length - 1 ? 1 : 0;
  return [a.slice(start, i + 1 + kept), b.slice(start, j + 1 + kept)];
}

class Search {
  private readonly memo = new Map<number, boolean>();
  private readonly a: readonly Token[];
  private readonly b: readonly Token[];
  private readonly charge: (steps: number) => void;

  constructor(a: readonly Token[], b: readonly Token[], charge: (steps: number) => void) {
    this.a = a;
    this.b = b;
    this.charge = charge;
  }

  /** Do the rests of the first from `i` and the second from `j` intersect? Swapped, the second glob comes first. */
  normal(i: number, j: number, swapped: boolean): boolean {
    const key = (i * (maxTokens + 1) + j) * 2 + Number(swapped);
    const known = this.memo.get(key);
    if (known !== undefined) return known;
    const answer = this.search(i, j, swapped);
    this.memo.set(key, answer);
    return answer;
  }

  private search(i: number, j: number, swapped: boolean): boolean {
    const [first, second] = swapped ? [this.b, this.a] : [this.a, this.b];
    for (; i < first.length && j < second.length; i++, j++) {
      this.charge(1);
      const { flag } = first[i]!;
      if (flag === '+') return this.plus(i, j, swapped);
      if (flag === '*') return this.star(i, j, swapped);
      if (second[j]!.flag === '+') return this.plus(j, i, !swapped);
      if (second[j]!.flag === '*') return this.star(j, i, !swapped);
      if (!matches(first[i]!, second[j]!)) return false;
    }
    return i === first.length && j === second.length;
  }

  private plus(i: number, j: number, swapped: boolean): boolean {
    const [repeated, other] = swapped ? [this.b, this.a] : [this.a, this.b];
    if (!matches(repeated[i]!, other[j]!)) return false;
    return this.star(i, j + 1, swapped) || (other[j]!.flag !== '' && this.normal(i + 1, j, swapped));
  }

  private star(i: number, j: number, swapped: boolean): boolean {
    const [repeated, other] = swapped ? [this.b, this.a] : [this.a, this.b];
    const next = repeated[i + 1];
    for (; j < other.length; j++) {
      this.charge(1);
      const token = other[j]!;
      if (next !== undefined && matches(token, next) && this.normal(i + 1, j, swapped)) return true;
      if (!matches(token, repeated[i]!)) return false;
    }
    return next === undefined;
  }
}

/** Neighbouring repetitions of one thing are one. */
function simplify(tokens: readonly Token[]): readonly Token[] {
  const out: Token[] = [];
  for (const token of tokens) {
    const last = out.at(-1);
    const same = last !== undefined && last.flag !== '' && token.flag !== '' && sameSet(last.set, token.set);
    if (same)
      out[out.length - 1] = { set: last.set, flag: last.flag === '+' || token.flag === '+' ? '+' : '*' };
    else out.push(token);
  }
  return out;
}

function sameSet(a: CharacterSet | undefined, b: CharacterSet | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function parseGlob(text: string): readonly Token[] {
  const runes = Array.from(text, (character) => character.codePointAt(0)!);
  const bad = (at: number, what: string) =>
    new BuiltinError(`input:${text}, pos:${at}, ${what}: the input provided is invalid`);
  const tokens: Token[] = [];
  let at = 0;
  const next = (): { rune: number; escaped: boolean } => {
    if (runes[at] !== 0x5c) return { rune: runes[at++]!, escaped: false };
    if (at + 1 >= runes.length) throw bad(at, 'input ends with a \\ (escape) character');
    at += 2;
    return { rune: runes[at - 1]!, escaped: true };
  };
  const parseSet = (): CharacterSet => {
    const ranges: [number, number][] = [];
    let previous: number | undefined;
    while (at < runes.length) {
      const { rune, escaped } = next();
      if (!escaped && rune === 0x5d) return ranges;
      if (escaped || rune !== 0x2d) {
        ranges.push([rune, rune]);
        previous = rune;
        continue;
      }
      if (previous === undefined)
        throw bad(at, "range character '-' must be preceded by a Unicode character");
      if (at >= runes.length - 1)
        throw bad(at, "range character '-' must be followed by a Unicode character");
      const end = next();
      if (!end.escaped && (end.rune === 0x5d || end.rune === 0x2d)) {
        throw bad(at, "range character '-' cannot be followed by a special symbol");
      }
      if (end.rune < previous) {
        const [high, low] = [String.fromCodePoint(end.rune), String.fromCodePoint(previous)];
        throw bad(at, `range is out of order: '${high}' comes before '${low}' in Unicode`);
      }
      ranges.push([previous, end.rune]);
      previous = undefined;
    }
    throw bad(at, 'found [ without matching ]');
  };
  while (at < runes.length) {
    const { rune, escaped } = next();
    let set: CharacterSet | undefined = [[rune, rune]];
    if (!escaped) {
      if (rune === 0x2e) set = undefined;
      else if (rune === 0x5b) set = parseSet();
      else if (rune === 0x5d) throw bad(at, "set-close ']' with no preceding '['");
      else if (rune === 0x2b || rune === 0x2a) {
        throw bad(at, `flag '${String.fromCodePoint(rune)}' must be preceded by a non-flag`);
      }
    }
    const flag = runes[at] === 0x2b ? '+' : runes[at] === 0x2a ? '*' : '';
    if (flag !== '') at++;
    tokens.push({ set, flag });
  }
  return tokens;
}

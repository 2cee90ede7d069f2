import { compareDigits, compareText, isDigits } from './order.ts';

/**
 * Maven's version order (https://maven.apache.org/pom.html#version-order-specification): tokens split at `.`, `-` and
 * between digits and letters, each compared together with the separator before it. No regard to case.
 */
export function compareMaven(a: string, b: string): number {
  const left = tokens(a);
  const right = tokens(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareTokens(left[i] ?? padding(right[i]!), right[i] ?? padding(left[i]!));
    if (order !== 0) return order;
  }
  return 0;
}

interface Token {
  readonly separator: '.' | '-';
  readonly text: string;
}

/** In their order; the empty one is the release itself. */
const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const aliases: Readonly<Record<string, string>> = { cr: 'rc', ga: '', final: '', release: '' };
const beforeDigits: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

function tokens(version: string): readonly Token[] {
  const all: Token[] = [];
  // Split, keeping `.`, `-`, or nothing between digits and letters, which counts as `-`.
  for (const match of version
    .toLowerCase()
    .matchAll(/([.-]|^|(?<=[0-9])(?=[^0-9.-])|(?<=[^0-9.-])(?=[0-9]))([0-9]+|[^0-9.-]+|)/g)) {
    const [, separator, written = ''] = match;
    const end = match.index + match[0].length;
    const followed = /[0-9]/.test(version[end] ?? '');
    const text =
      written === '' ? '0' : ((followed ? beforeDigits[written] : undefined) ?? aliases[written] ?? written);
    all.push({ separator: separator === '.' || match.index === 0 ? '.' : '-', text });
  }
  return withoutNulls(all);
}

/** Drops null values (`0`, the release) at the end, and before each hyphen. */
function withoutNulls(all: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  for (let i = all.length - 1; i >= 0; i--) {
    const next = kept.at(-1);
    const last = next === undefined || next.separator === '-';
    if (!(last && isNull(all[i]!.text))) kept.push(all[i]!);
  }
  return kept.reverse();
}

function isNull(text: string): boolean {
  return /^0*$/.test(text);
}

/** What stands for a token that one side does not have: zero for a number after a dot, else the release. */
function padding(other: Token): Token {
  return { separator: other.separator, text: kind(other) === dotNumber ? '0' : '' };
}

const dotNumber = 3;

/** `.qualifier` < `-qualifier` < `-number` < `.number`. */
function kind(token: Token): number {
  if (isDigits(token.text)) return token.separator === '-' ? 2 : dotNumber;
  return token.separator === '-' ? 1 : 0;
}

function compareTokens(a: Token, b: Token): number {
  const order = kind(a) - kind(b);
  if (order !== 0) return order;
  if (isDigits(a.text)) return compareDigits(a.text, b.text);
  return rank(a.text) - rank(b.text) || compareText(a.text, b.text);
}

/** Words that are not known come after all that are. */
function rank(text: string): number {
  const known = qualifiers.indexOf(text);
  return known < 0 ? qualifiers.length : known;
}

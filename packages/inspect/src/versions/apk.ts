import { compareDigits, compareText } from './order.ts';

/**
 * Alpine, Wolfi, Chainguard: `number{.number}…{letter}{_suffix{number}}…{~hash}{-r#}` (apk-package(5), apk-tools 3).
 * Where a version leaves the grammar, its remaining text is compared; a malformed revision is not compared at all.
 */
export function compareApk(a: string, b: string): number {
  const tokensA = tokens(a);
  const tokensB = tokens(b);
  // Both end with `end` or `invalid`, and neither kind is followed by anything, so the loop ends there.
  for (let i = 0; ; i++) {
    const left = tokensA[i]!;
    const right = tokensB[i]!;
    const order = rank(left) - rank(right) || compareTokens(left, right);
    if (order !== 0 || left.kind === 'end' || left.kind === 'invalid') return order;
  }
}

type Kind =
  | 'invalid'
  | 'end'
  | 'revision'
  | 'hash'
  | 'suffixNumber'
  | 'suffix'
  | 'letter'
  | 'digits'
  | 'first';

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

/** Where two versions differ in kind: the one that goes on is newer, with a later part of the grammar counting less. */
const ranks: Readonly<Record<Kind, number>> = {
  invalid: 1,
  end: 2,
  revision: 3,
  hash: 4,
  suffixNumber: 5,
  suffix: 6,
  letter: 7,
  digits: 8,
  first: 9,
};

const preReleases = ['alpha', 'beta', 'pre', 'rc'];
const suffixes = [...preReleases, 'cvs', 'svn', 'git', 'hg', 'p'];

/** A pre-release suffix is older than having nothing more. */
function rank(token: Token): number {
  return token.kind === 'suffix' && preReleases.includes(token.text) ? 0 : ranks[token.kind];
}

function compareTokens(a: Token, b: Token): number {
  switch (a.kind) {
    case 'digits':
      // As in Gentoo: with a leading zero the digits are a fraction, compared as text.
      return a.text.startsWith('0') || b.text.startsWith('0')
        ? compareText(a.text, b.text)
        : compareDigits(a.text, b.text);
    case 'first':
    case 'suffixNumber':
    case 'revision':
      return compareDigits(a.text, b.text);
    case 'suffix':
      return suffixes.indexOf(a.text) - suffixes.indexOf(b.text);
    default:
      return compareText(a.text, b.text);
  }
}

const grammar: readonly (readonly [kind: Kind, pattern: RegExp, after: readonly Kind[]])[] = [
  ['digits', /\.([0-9]+)/y, ['first', 'digits']],
  ['letter', /([a-z])/y, ['first', 'digits']],
  [
    'suffix',
    /_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(?![a-z])/y,
    ['first', 'digits', 'letter', 'suffix', 'suffixNumber'],
  ],
  ['suffixNumber', /([0-9]+)/y, ['suffix']],
  ['hash', /~([0-9a-f]+)/y, ['first', 'digits', 'letter', 'suffix', 'suffixNumber']],
  ['revision', /-r([0-9]*)$/y, ['first', 'digits', 'letter', 'suffix', 'suffixNumber', 'hash']],
];

function tokens(version: string): readonly Token[] {
  const first = /^[0-9]+/.exec(version)?.[0];
  if (first === undefined) return [{ kind: 'invalid', text: version }];
  const result: Token[] = [{ kind: 'first', text: first }];
  for (let position = first.length; position < version.length; ) {
    const before = result.at(-1)!.kind;
    const found = grammar.flatMap(([kind, pattern, after]) => {
      pattern.lastIndex = position;
      const match = after.includes(before) ? pattern.exec(version) : null;
      return match === null ? [] : [{ kind, text: match[1]!, length: match[0].length }];
    })[0];
    if (found === undefined) {
      return [...result, { kind: 'invalid', text: version[position] === '-' ? '' : version.slice(position) }];
    }
    result.push({ kind: found.kind, text: found.text });
    position += found.length;
  }
  return [...result, { kind: 'end', text: '' }];
}

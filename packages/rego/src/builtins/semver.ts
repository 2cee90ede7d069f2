/** `semver.compare`, `semver.is_valid` (Semantic Versioning 2.0.0, as leniently as OPA reads it). */
import { compareStrings } from '../values/index.ts';
import { stringOperand } from './operands.ts';
import { registerBuiltin } from './registry.ts';
import { BuiltinError, T } from './types.ts';

interface Version {
  /** Digits. */
  readonly core: readonly string[];
  readonly preRelease: string;
}

registerBuiltin('semver.is_valid', { args: [T.any], result: T.boolean }, (_context, text) => {
  return typeof text === 'string' && parseVersion(text) !== undefined;
});

registerBuiltin('semver.compare', { args: [T.string, T.string], result: T.number }, (_context, a, b) => {
  const [left, right] = [stringOperand(a, 1), stringOperand(b, 2)];
  const versions = [left, right].map((text, index) => {
    const version = parseVersion(text);
    if (version === undefined) {
      throw new BuiltinError(`operand ${index + 1}: string "${text}" is not a valid SemVer`);
    }
    return version;
  });
  return compareVersions(versions[0]!, versions[1]!);
});

const identifiers = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;

function parseVersion(text: string): Version | undefined {
  const [withoutMetadata, metadata] = cut(text.replace(/^v/, ''), '+');
  const [core, preRelease] = cut(withoutMetadata, '-');
  if (
    (metadata !== '' && !identifiers.test(metadata)) ||
    (preRelease !== '' && !identifiers.test(preRelease))
  ) {
    return undefined;
  }
  const numbers = core.split('.');
  return numbers.length === 3 && numbers.every(isInt64) ? { core: numbers, preRelease } : undefined;
}

const maxInt64 = '9223372036854775807';

function isInt64(text: string): boolean {
  return /^\d+$/.test(text) && (text.length < maxInt64.length || compareDigits(text, maxInt64) <= 0);
}

function compareVersions(a: Version, b: Version): number {
  for (let index = 0; index < 3; index++) {
    const order = compareDigits(a.core[index]!, b.core[index]!);
    if (order !== 0) return order > 0 ? 1 : -1;
  }
  if (a.preRelease === b.preRelease) return 0;
  if (a.preRelease === '' || b.preRelease === '') return a.preRelease === '' ? 1 : -1;
  return comparePreReleases(a.preRelease.split('.'), b.preRelease.split('.'));
}

/** Numbers before words, numbers by value, words by their letters, and the longer of two that begin alike is greater. */
function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; ; i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1;
    const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1;
    const order = leftNumber ? compareDigits(left, right) : compareStrings(left, right);
    if (order !== 0) return order > 0 ? 1 : -1;
  }
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || compareStrings(left, right);
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

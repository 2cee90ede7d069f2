import type { Severity } from '../advisories/advisory.ts';
import type { Word } from './word-search.ts';

/** One kind of secret, known by its form. */
export interface SecretRule {
  /** Stable: exceptions are written with it. */
  readonly id: string;
  /** What it is: `GitHub personal access token`. */
  readonly title: string;
  readonly severity: Severity;
  /** Every secret of this kind has one of these words in it or close before it. */
  readonly words: readonly Word[];
  /**
   * What stands there. Sticky: from where the word begins. Else: somewhere around the word, which lies in the match.
   * The group `secret`, or all of it, is the secret.
   */
  readonly pattern: RegExp;
  /** Bytes that are looked at before the word's beginning, and from there on. Default 1 and 256. */
  readonly before?: number;
  readonly after?: number;
  /** Only in files of such paths. Default: in all. */
  readonly path?: RegExp;
  /** Unmistakable enough to be looked for among the bytes of programs. Default false. */
  readonly inBinaries?: boolean;
  /** What the form alone does not say. */
  readonly isGenuine?: (secret: string) => boolean;
}

/** Words of one more character, for those that are too short to be looked for. */
export function followed(text: string, by: string): Word[] {
  return [...by].map((character) => ({ text: text + character }));
}

export const words = (...texts: readonly string[]): Word[] => texts.map((text) => ({ text }));
export const inAnyCase = (...texts: readonly string[]): Word[] =>
  texts.map((text) => ({ text, anyCase: true }));

import type { CueNumber } from '../values/number.ts';

/** A string is what stands between its interpolations, and the tokens of each of those. */
export type StringPart = string | readonly Token[];

export type Token = { readonly offset: number } & (
  | { readonly type: 'identifier'; readonly text: string }
  | { readonly type: 'number'; readonly value: CueNumber }
  | { readonly type: 'string'; readonly parts: readonly StringPart[] }
  | { readonly type: 'operator'; readonly text: string }
  | { readonly type: 'comma'; readonly text: ',' | 'newline' }
  /** `@text(…)`: what is between the parentheses says nothing here. */
  | { readonly type: 'attribute'; readonly text: string }
  | { readonly type: 'end' }
);

/** Longest first, so that the first that fits is the one. */
export const operators: readonly string[] = [
  '_|_',
  '...',
  '&&',
  '||',
  '==',
  '!=',
  '<=',
  '>=',
  '=~',
  '!~',
  '&',
  '|',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '!',
  '?',
  ':',
  '=',
  '.',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
];

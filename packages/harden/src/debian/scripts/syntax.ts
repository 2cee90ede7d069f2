/** A part of a word, and whether it stands in quotes: only what does not is split and matched against file names. */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'parameter';
      readonly name: string;
      /** `:-`, `##`, …; empty for the plain value. */
      readonly operator: string;
      readonly argument: Word;
      readonly quoted: boolean;
    }
  | { readonly kind: 'output'; readonly of: List; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly expression: Word; readonly quoted: boolean }
  /** What only matters where it is reached. */
  | { readonly kind: 'unknown'; readonly text: string; readonly quoted: boolean };

export type Word = readonly Part[];

export interface Redirect {
  readonly descriptor: number;
  readonly operator: '>' | '>>' | '<' | '>&' | '<<';
  /** For `<<` the document itself. */
  readonly target: Word;
}

export type Command =
  | {
      readonly kind: 'simple';
      readonly assignments: readonly { readonly name: string; readonly value: Word }[];
      readonly words: readonly Word[];
      /** As it is written, for people. */
      readonly text: string;
    }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: List }
  | {
      readonly kind: 'case';
      readonly word: Word;
      readonly arms: readonly { readonly patterns: readonly Word[]; readonly body: List }[];
    }
  | {
      readonly kind: 'for';
      readonly name: string;
      /** Null for the arguments. */
      readonly words: readonly Word[] | null;
      readonly body: List;
    }
  | {
      readonly kind: 'while';
      readonly until: boolean;
      readonly test: List;
      readonly body: List;
      readonly text: string;
    }
  | { readonly kind: 'group'; readonly body: List; readonly subshell: boolean }
  | { readonly kind: 'function'; readonly name: string; readonly body: Redirected };

export interface Branch {
  readonly test: List;
  readonly body: List;
}

export interface Redirected {
  readonly command: Command;
  readonly redirects: readonly Redirect[];
}

export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Redirected[];
}

/** `a && b || c`. */
export interface AndOr {
  readonly first: Pipeline;
  readonly rest: readonly { readonly operator: '&&' | '||'; readonly next: Pipeline }[];
}

export type List = readonly AndOr[];

/** A script does, or may do, something that nobody here knows the meaning of. */
export class NotUnderstood extends Error {}

/**
 * What sort of outcome a code stands for. A `fault` (registry down, time-out, unreadable bytes) is never an
 * answer about an image; a `denial` is. `usage` is the caller's mistake, `auth` a refused or missing credential.
 */
export type ErrorKind = 'fault' | 'denial' | 'usage' | 'auth';

/** One line of the error registry: the same text stands in `docs/reference/errors.md` and `pratique explain CODE`. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** One sentence: what happened. */
  readonly title: string;
  /** What the reader should do, with a command where there is one. */
  readonly remedy: string;
}

/** What is known about one occurrence. Never put a secret in any of these. */
export interface ErrorDetail {
  readonly message: string;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** Overrides the registry's remedy where the occurrence allows a more precise one. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class of the product. `code` is stable; `message` is for people and may change. */
export class PratiqueError extends Error {
  override readonly name = 'PratiqueError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly remedy: string;

  constructor(code: string, entry: ErrorEntry, detail: ErrorDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.kind = entry.kind;
    this.expected = detail.expected;
    this.found = detail.found;
    this.remedy = detail.remedy ?? entry.remedy;
  }

  /** The same error in other words, for whoever knows more of the occurrence than who made it. */
  retold(words: { readonly message?: string; readonly remedy?: string }): PratiqueError {
    const { code, kind, message, remedy, expected, found, cause } = this;
    const entry = { kind, title: '', remedy };
    return new PratiqueError(code, entry, { message, expected, found, cause, ...words });
  }
}

/** A package's codes. Codes are unique over the whole product: a test in `cli` composes all catalogues. */
export interface ErrorCatalog<Code extends string = string> {
  readonly entries: Readonly<Record<Code, ErrorEntry>>;
  /** Makes (does not throw) the error for one occurrence of `code`. */
  error(code: Code, detail: ErrorDetail): PratiqueError;
}

/** Declares a package's error codes. */
export function defineErrors<Code extends string>(entries: Record<Code, ErrorEntry>): ErrorCatalog<Code> {
  return { entries, error: (code, detail) => new PratiqueError(code, entries[code], detail) };
}

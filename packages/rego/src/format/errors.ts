import { formatErrors, type SourceErrorEntry } from '../ast/errors.ts';

/** Rego that parses and yet cannot be formatted: it is no v1, or a built-in operator has the wrong operands. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code = 'rego_format_error';
  readonly errors: readonly SourceErrorEntry[];

  constructor(errors: readonly SourceErrorEntry[]) {
    super(formatErrors(errors));
    this.errors = errors;
  }
}

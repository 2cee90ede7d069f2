import type { Location } from './types.ts';

/** One complaint about source text, in OPA's words. */
export interface SourceErrorEntry {
  code:
    | 'rego_parse_error'
    | 'rego_compile_error'
    | 'rego_type_error'
    | 'rego_format_error'
    | 'rego_depth_error'
    | 'rego_cancel_error';
  message: string;
  location: Location;
  /** The source line and the caret's place in it, in UTF-8 bytes from 0; absent where OPA gives none. */
  details?: { line: string; idx: number };
}

/** Text that is not Rego. Holds at most {@link MAX_PARSE_ERRORS} complaints; the message prints them as OPA does. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  readonly code = 'rego_parse_error';
  readonly errors: readonly SourceErrorEntry[];

  constructor(errors: readonly SourceErrorEntry[]) {
    const kept = errors.slice(0, MAX_PARSE_ERRORS);
    super(formatErrors(kept));
    this.errors = kept;
  }
}

export const MAX_PARSE_ERRORS = 10;

/** A parse error about no place in particular. */
export function parseErrorAt(location: Location, message: string): SourceErrorEntry {
  return { code: 'rego_parse_error', message, location };
}

/** All complaints as OPA prints them together. */
export function formatErrors(errors: readonly SourceErrorEntry[]): string {
  if (errors.length === 1) return `1 error occurred: ${formatSourceError(errors[0]!)}`;
  return `${errors.length} errors occurred:\n${errors.map(formatSourceError).join('\n')}`;
}

/** `file:row: rego_parse_error: message`, and below it the source line and a caret. */
export function formatSourceError(error: SourceErrorEntry): string {
  const { file, row, col } = error.location;
  let prefix = '';
  if (file !== '') prefix = `${file}:${row}: `;
  else if (row > 0) prefix = `${row}:${col}: `;
  const lines = [`${prefix}${error.code}: ${error.message}`];
  if (error.details !== undefined) {
    const line = error.details.line.replace(/^\t+/, '');
    const indent = Math.max(error.details.idx - (error.details.line.length - line.length), 0);
    lines.push(`\t${line}`, `\t${' '.repeat(indent)}^`);
  }
  return lines.join('\n');
}

const encoder = new TextEncoder();

/** The line around `offset` (or around the last thing before it that is no space) for an error's details. */
export function lineAt(text: string, offset: number): { line: string; idx: number } {
  let at = Math.max(0, Math.min(offset, text.length - 1));
  while (at > 0 && /[\t\n\v\f\r \u0085\u00a0]/.test(text[at]!)) at--;
  let begin = at;
  while (begin > 0 && text[begin] !== '\n' && text[begin] !== '\r') begin--;
  if (text[begin] === '\n' || text[begin] === '\r') begin++;
  let end = at;
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end++;
  if (begin > end) begin = end;
  return { line: text.slice(begin, end), idx: encoder.encode(text.slice(begin, Math.max(at, begin))).length };
}

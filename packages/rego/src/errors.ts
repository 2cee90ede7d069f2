import type { Location } from './ast/types.ts';

/** Where in the policy an error is. Rows and columns count from 1. */
export interface ErrorLocation {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/**
 * OPA's error codes, and those of bounds that OPA does not have: `rego_depth_error` and `eval_depth_error` for what nests
 * further than the stack goes, `rego_cancel_error` for a compilation over its limits.
 */
export type RegoErrorCode =
  | 'rego_parse_error'
  | 'rego_format_error'
  | 'rego_compile_error'
  | 'rego_type_error'
  | 'rego_unsafe_var_error'
  | 'rego_recursion_error'
  | 'rego_depth_error'
  | 'rego_cancel_error'
  | 'eval_internal_error'
  | 'eval_cancel_error'
  | 'eval_depth_error'
  | 'eval_conflict_error'
  | 'eval_type_error'
  | 'eval_builtin_error'
  | 'eval_with_merge_error';

/** One thing that is wrong with a policy, or that went wrong when it ran. */
export interface RegoProblem {
  readonly code: RegoErrorCode;
  readonly message: string;
  readonly location: ErrorLocation | undefined;
  /** What was found and what was wanted, line by line. */
  readonly details?: readonly string[];
  /** Of errors of the parser: the source line, and the caret's place in it in UTF-8 bytes from 0. */
  readonly excerpt?: { readonly line: string; readonly idx: number };
}

/**
 * The one error class of the package. A compilation may find several problems: the first stands in `code`, `message`
 * and `location`, all of them in `problems`. `toString()` shows each with its source line and a caret.
 */
export class RegoError extends Error {
  override readonly name = 'RegoError';
  readonly code: RegoErrorCode;
  readonly location: ErrorLocation | undefined;
  readonly problems: readonly RegoProblem[];
  readonly #sources: ReadonlyMap<string, string>;

  constructor(
    problems: readonly RegoProblem[],
    sources: ReadonlyMap<string, string> = new Map(),
    cause?: unknown,
  ) {
    const first = problems[0] as RegoProblem;
    super(first.message, cause === undefined ? undefined : { cause });
    this.code = first.code;
    this.location = first.location;
    this.problems = problems;
    this.#sources = sources;
  }

  override toString(): string {
    return this.problems.map((problem) => renderProblem(problem, this.#sources)).join('\n');
  }
}

/** Characters of a source line that are shown around a caret. */
const shownWidth = 160;

/** `file:row:col: code: message`, the source line or the part of it around the column, and a caret under the column. */
export function renderProblem(problem: RegoProblem, sources: ReadonlyMap<string, string>): string {
  const { location } = problem;
  const details = (problem.details ?? []).map((line) => `\n\t${line}`).join('');
  if (location === undefined) return `${problem.code}: ${problem.message}${details}`;
  const head = `${location.file}:${location.row}:${location.col}: ${problem.code}: ${problem.message}${details}`;
  const line = sources.get(location.file)?.split('\n')[location.row - 1];
  if (line === undefined || line.trim() === '') return head;
  const { text, caret } = excerpt([...line.trimEnd()], location.col - 1);
  const before = text.slice(0, caret).map((character) => (character === '\t' ? '\t' : ' '));
  return `${head}\n\t${text.join('')}\n\t${before.join('')}^`;
}

/** What is shown of a line, with an ellipsis where something is left out, and where the caret stands in it. */
function excerpt(line: readonly string[], caret: number): { text: readonly string[]; caret: number } {
  if (line.length <= shownWidth) return { text: line, caret };
  const start = Math.max(0, Math.min(caret, line.length) - shownWidth / 2);
  const part = line.slice(start, start + shownWidth);
  const text = [...(start > 0 ? ['…'] : []), ...part, ...(start + shownWidth < line.length ? ['…'] : [])];
  return { text, caret: caret - start + (start > 0 ? 1 : 0) };
}

export function locate(location: Location | undefined): ErrorLocation | undefined {
  if (location === undefined || location.row === 0) return undefined;
  return { file: location.file, row: location.row, col: location.col };
}

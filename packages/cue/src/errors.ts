/**
 * - `cue_syntax_error`: CUE itself would not read the text
 * - `cue_unsupported_error`: CUE may understand it, this evaluator does not, so that it has no answer
 * - `cue_limit_error`: over a limit on size, depth or work
 */
export type CueErrorCode = 'cue_syntax_error' | 'cue_unsupported_error' | 'cue_limit_error';

/** A place in the text of a policy. Rows and columns (in UTF-16 units) count from 1. */
export interface CueLocation {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/** There is no answer: the text could not be read or evaluated. Never thrown for a value that does not comply. */
export class CueError extends Error {
  override readonly name = 'CueError';
  readonly code: CueErrorCode;
  readonly location: CueLocation | undefined;

  constructor(code: CueErrorCode, message: string, location?: CueLocation) {
    super(location === undefined ? message : `${location.file}:${location.row}:${location.col}: ${message}`);
    this.code = code;
    this.location = location;
  }
}

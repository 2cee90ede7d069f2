import { CueError, type CueErrorCode, type CueLocation } from '../errors.ts';

/** The text of one policy. */
export class Source {
  readonly file: string;
  readonly text: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  location(offset: number): CueLocation {
    const before = this.text.slice(0, offset);
    const row = before.split('\n').length;
    return { file: this.file, row, col: offset - before.lastIndexOf('\n') };
  }

  error(code: CueErrorCode, offset: number, message: string): CueError {
    return new CueError(code, message, this.location(offset));
  }
}

/** A place that an error can name, however far from the parser. */
export interface Place {
  readonly source: Source;
  readonly offset: number;
}

export function unsupported({ source, offset }: Place, what: string): CueError {
  return source.error('cue_unsupported_error', offset, `${what} is not supported`);
}

export function malformed({ source, offset }: Place, message: string): CueError {
  return source.error('cue_syntax_error', offset, message);
}

/**
 * The glob language of `glob.match`: `*` any characters but delimiters, `**` any characters, `?` one character but a
 * delimiter, `[abc]`, `[a-z]`, `[!a]`, `{a,b*}`, and `\` to escape. Turned into an RE2 pattern, so matching is linear.
 */
import { RE2JS } from 're2js';
import { BuiltinError } from '../types.ts';

const maxDepth = 200;

/** The RE2 pattern (to be matched against the whole text) of a glob. Throws on a malformed one. */
export function globToRegex(glob: string, delimiters: readonly string[]): string {
  const pattern = new GlobReader(glob, delimiters).read();
  // gobwas/glob, which OPA uses, lets a glob of a single `?` or negated class match the empty text too.
  const single = glob === '?' || /^\[!(?:[^\]\\]|\\.)+\]$/.test(glob);
  return `(?s)^(?:${pattern})${single ? '?' : ''}$`;
}

class GlobReader {
  private readonly runes: readonly string[];
  private readonly notDelimiter: string;
  private at = 0;
  private depth = 0;

  constructor(glob: string, delimiters: readonly string[]) {
    this.runes = [...glob];
    this.notDelimiter = delimiters.length === 0 ? '.' : `[^${delimiters.map(inClass).join('')}]`;
  }

  read(): string {
    let out = '';
    for (let rune = this.runes[this.at]; rune !== undefined; rune = this.runes[this.at]) {
      this.at++;
      if (rune === '{') {
        if (++this.depth > maxDepth) throw new BuiltinError(`glob nested deeper than ${maxDepth}`);
        out += '(?:';
      } else if (rune === '}' && this.depth > 0) {
        this.depth--;
        out += ')';
      } else if (rune === ',' && this.depth > 0) out += '|';
      else if (rune === '?') out += this.notDelimiter;
      else if (rune === '[') out += this.characterClass();
      else if (rune !== '*') out += RE2JS.quote(this.literal(rune));
      else if (this.runes[this.at] === '*') {
        this.at++;
        out += '.*';
      } else out += `${this.notDelimiter}*`;
    }
    // An alternative that is not closed ends with the pattern.
    return out + ')'.repeat(this.depth);
  }

  /** A backslash takes the next character as it is; at the end it is nothing. */
  private literal(rune: string): string {
    return rune === '\\' ? (this.runes[this.at++] ?? '') : rune;
  }

  private characterClass(): string {
    let negated = false;
    if (this.runes[this.at] === '!') {
      negated = true;
      this.at++;
    }
    const first = this.next();
    const body = this.runes[this.at] === '-' ? this.range(first) : this.list();
    return `[${negated ? '^' : ''}${body}]`;
  }

  private next(): string {
    const rune = this.runes[this.at++];
    if (rune === undefined) throw new BuiltinError('unexpected end of input');
    return rune;
  }

  private range(low: string): string {
    this.at++;
    const high = this.next();
    if (this.next() !== ']') throw new BuiltinError('expected close range character');
    if (high.codePointAt(0)! < low.codePointAt(0)!) {
      throw new BuiltinError(`hi character '${high}' should be greater than lo '${low}'`);
    }
    return `${inClass(low)}-${inClass(high)}`;
  }

  private list(): string {
    this.at--;
    let body = '';
    for (;;) {
      const rune = this.next();
      if (rune === ']') break;
      body += inClass(rune === '\\' ? this.next() : rune);
    }
    if (body === '') throw new BuiltinError('could not parse range');
    return body;
  }
}

function inClass(rune: string): string {
  return /[\\\]^[-]/.test(rune) ? `\\${rune}` : rune;
}

import { T } from './tokens.ts';

/** A literal as found in the text: where it ends, its token and text, and what is wrong with it. */
export interface Literal {
  end: number;
  tok: number;
  /** The text with its delimiters. In a template string `\{` is written `{` here. */
  lit: string;
  problems: readonly string[];
}

const NONE: readonly string[] = [];

export function isLetter(ch: number): boolean {
  const lower = ch | 32;
  return (lower >= 97 && lower <= 122 && ch < 128) || ch === 95;
}

export function isDecimal(ch: number): boolean {
  return ch >= 48 && ch <= 57;
}

/*
 * Runs of characters are left to regular expressions: a policy is mostly compiled once in the life of a process, and
 * then these loops run as machine code when nothing of ours does yet.
 */
const WORD = /\w*/y;
const UNICODE_WORD = /[\w\p{Nd}]*/uy;
const DIGITS = /\d*/y;
/** What is nothing special in a quoted string. */
const PLAIN = /[^"\\\n]*/y;

/** The end of the run of characters that begins at `from`. `run` matches everywhere, if only the empty text. */
function runEnd(run: RegExp, text: string, from: number): number {
  run.lastIndex = from;
  run.test(text);
  return run.lastIndex;
}

/** The end of the word that begins at `from` with a letter. */
export function wordEnd(text: string, from: number): number {
  const end = runEnd(WORD, text, from);
  return text.charCodeAt(end) >= 0x80 ? runEnd(UNICODE_WORD, text, from) : end;
}

function digitsEnd(text: string, from: number): number {
  return runEnd(DIGITS, text, from);
}

/** A number from its first digit. What follows directly belongs to it, so that `0a2b` is one illegal number. */
export function readNumber(text: string, from: number): Literal {
  const problems: string[] = [];
  let end = digitsEnd(text, from);
  if (text.charCodeAt(end) === 46) {
    const fraction = end + 1;
    end = digitsEnd(text, fraction);
    if (end === fraction) problems.push('expected fraction');
  }
  if ((text.charCodeAt(end) | 32) === 101) {
    const sign = text.charCodeAt(end + 1);
    const exponent = end + (sign === 43 || sign === 45 ? 2 : 1);
    end = digitsEnd(text, exponent);
    if (end === exponent) problems.push('expected exponent');
  }
  if (isLetter(text.charCodeAt(end))) {
    problems.push('illegal number format');
    end = wordEnd(text, end);
  }
  // OPA takes part of a longer character into the number, and then finds that it is none.
  const lit = text.charCodeAt(end) >= 0x80 ? `${text.slice(from, end)}\ufffd` : text.slice(from, end);
  return { end, tok: T.Number, lit, problems };
}

/** A quoted string, from its quote. */
export function readString(text: string, from: number): Literal {
  let problems = NONE;
  let end = from + 1;
  for (;;) {
    end = runEnd(PLAIN, text, end);
    const ch = text.charCodeAt(end);
    if (ch === 10 || Number.isNaN(ch)) {
      problems = [...problems, 'non-terminated string'];
      break;
    }
    end++;
    if (ch === 34) break;
    const length = escapeLength(text, end);
    if (length === 0 && problems.length < MAX_PROBLEMS) problems = [...problems, 'illegal escape sequence'];
    end = Math.min(end + length, text.length);
  }
  return { end, tok: T.String, lit: text.slice(from, end), problems };
}

/** Reporting every mistake of one literal would cost more than it helps. */
const MAX_PROBLEMS = 10;

/**
 * How many characters belong to the backslash before `at`; none where the escape is illegal. Of `\u` it is the letter
 * and three more, whatever they are: whether there are four digits is found out on unescaping.
 */
function escapeLength(text: string, at: number): number {
  if (text.charCodeAt(at) === 117) return 4;
  return at < text.length && '\\"/bfnrt'.includes(text[at]!) ? 1 : 0;
}

/** A raw string, from its quote. */
export function readRawString(text: string, from: number): Literal {
  const close = text.indexOf('`', from + 1);
  const end = close < 0 ? text.length : close + 1;
  return {
    end,
    tok: T.String,
    lit: text.slice(from, end),
    problems: close < 0 ? ['non-terminated string'] : NONE,
  };
}

/** Part of a template string, from the delimiter before it up to and including the next `{` or the closing quote. */
export function readTemplate(text: string, from: number, raw: boolean): Literal {
  const quote = raw ? 96 : 34;
  let problems = NONE;
  let tok: number = raw ? T.RawTemplatePart : T.TemplatePart;
  let lit = '';
  let copied = from;
  let end = from + 1;
  for (;;) {
    const ch = text.charCodeAt(end);
    if (Number.isNaN(ch) || (ch === 10 && !raw)) {
      problems = [...problems, 'non-terminated string'];
      break;
    }
    end++;
    if (ch === quote) {
      tok = raw ? T.RawTemplateEnd : T.TemplateEnd;
      break;
    }
    if (ch === 123) break;
    if (ch !== 92) continue;
    if (text.charCodeAt(end) === 123) {
      lit += text.slice(copied, end - 1);
      copied = end;
      end++;
    } else if (!raw) {
      const length = escapeLength(text, end);
      if (length === 0 && problems.length < MAX_PROBLEMS) problems = [...problems, 'illegal escape sequence'];
      end = Math.min(end + length, text.length);
    }
  }
  return { end, tok, lit: lit + text.slice(copied, end), problems };
}

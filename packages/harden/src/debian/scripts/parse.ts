import { printable } from '@pratique/errors';
import {
  type AndOr,
  type Branch,
  type Command,
  type List,
  NotUnderstood,
  type Part,
  type Pipeline,
  type Redirect,
  type Redirected,
  type Word,
} from './syntax.ts';

const maxBytes = 256 * 1024;
const maxDepth = 60;

/**
 * Parses a script of the POSIX shell (XCU §2), as far as maintainer scripts use it: no arithmetic, no background
 * commands, none of bash’s extensions.
 *
 * @throws NotUnderstood for everything else
 */
export function parseScript(text: string): List {
  if (text.length > maxBytes) throw new NotUnderstood(`the script is larger than ${maxBytes} characters`);
  const parser = new Parser(text, 0);
  const list = parser.list(new Set());
  parser.expectEnd();
  return list;
}

const reserved = new Set([
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'case',
  'esac',
  'for',
  'while',
  'until',
  'do',
  'done',
  '{',
  '}',
  '!',
]);
const blank = /[ \t]/;
const ends = /[\s;&|<>()]/;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth: number;
  /** Here-documents whose bodies begin with the next line. */
  readonly #documents: { delimiter: string; quoted: boolean; tabs: boolean; take: (body: Word) => void }[] =
    [];

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
    if (depth > maxDepth) throw new NotUnderstood('it is nested too deeply');
  }

  expectEnd(): void {
    this.#skip();
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  /** Commands up to one of the reserved words, or `)`, `;;` or the end. */
  list(until: ReadonlySet<string>): List {
    if (++this.#depth > maxDepth) throw new NotUnderstood('it is nested too deeply');
    const list: AndOr[] = [];
    for (;;) {
      this.#newlines();
      if (this.#at >= this.#text.length || this.#sees(')') || this.#sees(';;') || until.has(this.#peekWord()))
        break;
      list.push(this.#andOr());
      this.#skip();
      if (this.#sees('&')) throw new NotUnderstood('it starts something in the background');
      if (this.#sees(';') && !this.#sees(';;')) this.#at++;
      else if (
        !this.#sees('\n') &&
        this.#at < this.#text.length &&
        !this.#sees(')') &&
        !this.#sees(';;') &&
        !until.has(this.#peekWord())
      )
        throw this.#unexpected();
    }
    this.#depth--;
    return list;
  }

  #andOr(): AndOr {
    const first = this.#pipeline();
    const rest: AndOr['rest'][number][] = [];
    for (;;) {
      this.#skip();
      const operator = this.#sees('&&') ? '&&' : this.#sees('||') ? '||' : undefined;
      if (operator === undefined) return { first, rest };
      this.#at += 2;
      this.#newlines();
      rest.push({ operator, next: this.#pipeline() });
    }
  }

  #pipeline(): Pipeline {
    let negated = false;
    this.#skip();
    while (this.#peekWord() === '!') {
      this.#take('!');
      negated = !negated;
    }
    const commands = [this.#redirected()];
    for (;;) {
      this.#skip();
      if (!this.#sees('|') || this.#sees('||')) return { negated, commands };
      this.#at++;
      this.#newlines();
      commands.push(this.#redirected());
    }
  }

  #redirected(): Redirected {
    this.#skip();
    const start = this.#at;
    const redirects: Redirect[] = [];
    const command = this.#compound() ?? this.#simple(redirects, start);
    for (let found = this.#redirect(); found !== undefined; found = this.#redirect()) redirects.push(found);
    return { command, redirects };
  }

  #compound(): Command | undefined {
    if (this.#sees('((')) throw new NotUnderstood('it calculates');
    if (this.#sees('(')) {
      this.#at++;
      const body = this.list(new Set());
      this.#expect(')');
      return { kind: 'group', body, subshell: true };
    }
    switch (this.#peekWord()) {
      case '{': {
        this.#take('{');
        const body = this.list(new Set(['}']));
        this.#take('}');
        return { kind: 'group', body, subshell: false };
      }
      case 'if':
        return this.#if();
      case 'case':
        return this.#case();
      case 'for':
        return this.#for();
      case 'while':
      case 'until': {
        const start = this.#at;
        const until = this.#peekWord() === 'until';
        this.#take(until ? 'until' : 'while');
        const test = this.list(new Set(['do']));
        return { kind: 'while', until, test, body: this.#doDone(), text: this.#line(start) };
      }
      default:
        return this.#function();
    }
  }

  #if(): Command {
    const branches: Branch[] = [];
    let word = 'if';
    let otherwise: List = [];
    while (word === 'if' || word === 'elif') {
      this.#take(word);
      const test = this.list(new Set(['then']));
      this.#take('then');
      branches.push({ test, body: this.list(new Set(['elif', 'else', 'fi'])) });
      word = this.#peekWord();
    }
    if (word === 'else') {
      this.#take('else');
      otherwise = this.list(new Set(['fi']));
    }
    this.#take('fi');
    return { kind: 'if', branches, otherwise };
  }

  #case(): Command {
    this.#take('case');
    this.#skip();
    const word = this.#word();
    this.#newlines();
    this.#take('in');
    const arms: { patterns: Word[]; body: List }[] = [];
    for (;;) {
      this.#newlines();
      if (this.#peekWord() === 'esac') break;
      if (this.#sees('(')) this.#at++;
      const patterns: Word[] = [];
      do {
        if (this.#sees('|')) this.#at++;
        this.#skip();
        patterns.push(this.#word());
        this.#skip();
      } while (this.#sees('|'));
      this.#expect(')');
      arms.push({ patterns, body: this.list(new Set(['esac'])) });
      this.#skip();
      if (this.#sees(';;')) this.#at += 2;
    }
    this.#take('esac');
    return { kind: 'case', word, arms };
  }

  #for(): Command {
    this.#take('for');
    this.#skip();
    const name = this.#match(/[A-Za-z_]\w*/y);
    this.#newlines();
    if (this.#peekWord() !== 'in') throw new NotUnderstood('a loop over its arguments');
    this.#take('in');
    const words: Word[] = [];
    for (;;) {
      this.#skip();
      if (this.#sees(';') || this.#sees('\n')) break;
      words.push(this.#word());
    }
    if (this.#sees(';')) this.#at++;
    return { kind: 'for', name, words, body: this.#doDone() };
  }

  #doDone(): List {
    this.#newlines();
    this.#take('do');
    const body = this.list(new Set(['done']));
    this.#take('done');
    return body;
  }

  #function(): Command | undefined {
    const found = this.#peek(/([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)/y);
    if (found === undefined) return undefined;
    this.#at += found[0].length;
    this.#newlines();
    return { kind: 'function', name: found[1]!, body: this.#redirected() };
  }

  #simple(redirects: Redirect[], start: number): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    for (;;) {
      this.#skip();
      const redirect = this.#redirect();
      if (redirect !== undefined) {
        redirects.push(redirect);
        continue;
      }
      if (this.#at >= this.#text.length || ends.test(this.#text[this.#at]!)) break;
      const assigned = words.length === 0 ? this.#peek(/([A-Za-z_]\w*)=/y) : undefined;
      if (assigned === undefined) {
        if (words.length === 0 && reserved.has(this.#peekWord())) throw this.#unexpected();
        words.push(this.#word());
        continue;
      }
      this.#at += assigned[0].length;
      const empty = this.#at >= this.#text.length || ends.test(this.#text[this.#at]!);
      assignments.push({ name: assigned[1]!, value: empty ? [] : this.#word() });
    }
    if (words.length === 0 && assignments.length === 0 && redirects.length === 0) throw this.#unexpected();
    return { kind: 'simple', assignments, words, text: this.#line(start) };
  }

  #redirect(): Redirect | undefined {
    this.#skip();
    const found = this.#peek(/(\d?)(<<-|<<|>>|>&|<&|>\||>|<)/y);
    if (found === undefined) return undefined;
    this.#at += found[0].length;
    const operator = found[2]!;
    const descriptor = found[1] === '' ? (operator.startsWith('<') ? 0 : 1) : Number(found[1]);
    this.#skip();
    if (operator === '<<' || operator === '<<-') return this.#document(descriptor, operator === '<<-');
    if (operator === '<&' || operator === '>|') throw this.#unexpected();
    return { descriptor, operator: operator as Redirect['operator'], target: this.#word() };
  }

  #document(descriptor: number, tabs: boolean): Redirect {
    const start = this.#at;
    const word = this.#word();
    const raw = this.#text.slice(start, this.#at);
    const delimiter = word.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    const body: Part[] = [];
    const take = (found: Word): void => void body.push(...found);
    this.#documents.push({ delimiter, quoted: /['"\\]/.test(raw), tabs, take });
    return { descriptor, operator: '<<', target: body };
  }

  #readDocuments(): void {
    for (const { delimiter, quoted, tabs, take } of this.#documents.splice(0)) {
      const lines: string[] = [];
      for (;;) {
        if (this.#at >= this.#text.length) throw new NotUnderstood('a here-document does not end');
        const feed = this.#text.indexOf('\n', this.#at);
        const end = feed < 0 ? this.#text.length : feed;
        const whole = this.#text.slice(this.#at, end);
        this.#at = end + 1;
        const line = tabs ? whole.replace(/^\t+/, '') : whole;
        if (line === delimiter) break;
        lines.push(`${line}\n`);
      }
      const text = lines.join('');
      take(quoted ? [{ kind: 'text', text, quoted: true }] : new Parser(text, this.#depth).quotedText(''));
    }
  }

  /** Text in which only `$`, backquotes and backslashes mean something, up to `end`. */
  quotedText(end: '"' | ''): Part[] {
    const parts: Part[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: true });
      text = '';
    };
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      if (character === end) break;
      if (character === '\\') {
        const next = this.#text[this.#at + 1] ?? '';
        this.#at += 2;
        if (next !== '\n') text += /[$`\\]/.test(next) || (next === '"' && end === '"') ? next : `\\${next}`;
      } else if (character === '$' || character === '`') {
        const part = this.#dollar(true);
        if (part === undefined) text += '$';
        else {
          flush();
          parts.push(part);
        }
      } else {
        text += character;
        this.#at++;
      }
    }
    flush();
    return parts;
  }

  #word(stop: RegExp = ends): Part[] {
    const parts: Part[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: false });
      text = '';
    };
    const start = this.#at;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      if (stop.test(character)) break;
      if (character === '\\') {
        const next = this.#text[this.#at + 1] ?? '';
        this.#at += 2;
        if (next === '\n') continue;
        flush();
        parts.push({ kind: 'text', text: next, quoted: true });
      } else if (character === "'") {
        const end = this.#text.indexOf("'", this.#at + 1);
        if (end < 0) throw new NotUnderstood('a quotation does not end');
        flush();
        parts.push({ kind: 'text', text: this.#text.slice(this.#at + 1, end), quoted: true });
        this.#at = end + 1;
      } else if (character === '"') {
        flush();
        this.#at++;
        const inside = this.quotedText('"');
        this.#expect('"');
        parts.push(...(inside.length === 0 ? [{ kind: 'text', text: '', quoted: true } as const] : inside));
      } else if (character === '$' || character === '`') {
        const part = this.#dollar(false);
        if (part === undefined) text += '$';
        else {
          flush();
          parts.push(part);
        }
      } else {
        text += character;
        this.#at++;
      }
    }
    flush();
    if (this.#at === start) throw this.#unexpected();
    return parts;
  }

  /** `$x`, `${x…}`, `$(…)` or a backquote; undefined for a lone `$`. */
  #dollar(quoted: boolean): Part | undefined {
    if (this.#sees('`')) {
      let code = '';
      for (this.#at++; !this.#sees('`'); this.#at++) {
        if (this.#at >= this.#text.length) throw new NotUnderstood('a command substitution does not end');
        if (this.#sees('\\') && /[$`\\]/.test(this.#text[this.#at + 1] ?? '')) this.#at++;
        code += this.#text[this.#at];
      }
      this.#at++;
      const inner = new Parser(code, this.#depth + 1);
      const of = inner.list(new Set());
      inner.expectEnd();
      return { kind: 'output', of, quoted };
    }
    if (this.#sees('$((')) {
      const text = this.#match(/\$\(\([\w\s+*/%$<>=-]*\)\)/y);
      return { kind: 'unknown', text, quoted };
    }
    if (this.#sees('$(')) {
      this.#at += 2;
      const of = this.list(new Set());
      this.#expect(')');
      return { kind: 'output', of, quoted };
    }
    if (this.#sees('${')) {
      this.#at += 2;
      const name = this.#match(/[A-Za-z_]\w*|\d|[@*#?]/y);
      const operator = this.#peek(/:?[-+=?]|%%|%|##|#/y)?.[0] ?? '';
      this.#at += operator.length;
      const argument = this.#sees('}') ? [] : quoted ? this.#quotedArgument() : this.#word(/\}/);
      this.#expect('}');
      return { kind: 'parameter', name, operator, argument, quoted };
    }
    const name = this.#peek(/\$([A-Za-z_]\w*|\d|[@*#?])/y);
    if (name === undefined) {
      if (this.#peek(/\$[!$-]/y) !== undefined) throw this.#unexpected();
      this.#at++;
      return undefined;
    }
    this.#at += name[0].length;
    return { kind: 'parameter', name: name[1]!, operator: '', argument: [], quoted };
  }

  #quotedArgument(): Part[] {
    const parts = this.#word(/[}"]/);
    return parts;
  }

  /** Blanks, comments and continued lines. */
  #skip(): void {
    for (;;) {
      if (this.#at < this.#text.length && blank.test(this.#text[this.#at]!)) this.#at++;
      else if (this.#sees('\\\n')) this.#at += 2;
      else if (this.#sees('#') && (this.#at === 0 || /[\s;&|()]/.test(this.#text[this.#at - 1]!))) {
        const feed = this.#text.indexOf('\n', this.#at);
        this.#at = feed < 0 ? this.#text.length : feed;
      } else return;
    }
  }

  #newlines(): void {
    for (;;) {
      this.#skip();
      if (this.#sees('\n')) {
        this.#at++;
        this.#readDocuments();
      } else if (this.#sees(';') && !this.#sees(';;')) this.#at++;
      else return;
    }
  }

  #peekWord(): string {
    this.#skip();
    return this.#peek(/[^\s;&|<>()"'$`\\]+(?=[\s;&|<>()]|$)/y)?.[0] ?? '';
  }

  #take(word: string): void {
    this.#newlines();
    if (this.#peekWord() !== word) throw this.#unexpected();
    this.#at += word.length;
  }

  #sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #expect(text: string): void {
    if (text === ')') this.#newlines();
    if (!this.#sees(text)) throw this.#unexpected();
    this.#at += text.length;
  }

  #peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text) ?? undefined;
  }

  #match(pattern: RegExp): string {
    const found = this.#peek(pattern);
    if (found === undefined) throw this.#unexpected();
    this.#at += found[0].length;
    return found[0];
  }

  #line(start: number): string {
    return this.#text.slice(start).trimStart().split('\n', 1)[0]!.trim();
  }

  #unexpected(): NotUnderstood {
    const start = this.#text.lastIndexOf('\n', this.#at - 1) + 1;
    return new NotUnderstood(`its syntax: ${printable(this.#line(start), 120)}`);
  }
}

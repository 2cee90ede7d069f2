import { WordReader, wordEnds } from './parse-words.ts';
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
 * Parses a script of the POSIX shell (XCU §2), as far as maintainer scripts use it: no background commands, none of
 * bash’s extensions.
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

class Parser extends WordReader {
  #depth: number;
  /** Here-documents whose bodies begin with the next line. */
  readonly #documents: { delimiter: string; quoted: boolean; tabs: boolean; take: (body: Word) => void }[] =
    [];

  constructor(text: string, depth: number) {
    super(text);
    this.#depth = depth;
    if (depth > maxDepth) throw new NotUnderstood('it is nested too deeply');
  }

  expectEnd(): void {
    this.skip();
    if (!this.isAtEnd) throw this.unexpected();
  }

  protected commands(): List {
    return this.list(new Set());
  }

  protected commandsOf(text: string): List {
    const inner = new Parser(text, this.#depth + 1);
    const list = inner.commands();
    inner.expectEnd();
    return list;
  }

  protected wordOf(text: string): Word {
    return new Parser(text, this.#depth + 1).quotedText('');
  }

  /** Commands up to one of the reserved words, or `)`, `;;` or the end. */
  list(until: ReadonlySet<string>): List {
    if (++this.#depth > maxDepth) throw new NotUnderstood('it is nested too deeply');
    const list: AndOr[] = [];
    for (;;) {
      this.#newlines();
      if (this.isAtEnd || this.sees(')') || this.sees(';;') || until.has(this.#peekWord())) break;
      list.push(this.#andOr());
      this.skip();
      if (this.sees('&')) throw new NotUnderstood('it starts something in the background');
      if (this.sees(';') && !this.sees(';;')) this.at++;
      else if (
        !this.sees('\n') &&
        !this.isAtEnd &&
        !this.sees(')') &&
        !this.sees(';;') &&
        !until.has(this.#peekWord())
      )
        throw this.unexpected();
    }
    this.#depth--;
    return list;
  }

  #andOr(): AndOr {
    const first = this.#pipeline();
    const rest: AndOr['rest'][number][] = [];
    for (;;) {
      this.skip();
      const operator = this.sees('&&') ? '&&' : this.sees('||') ? '||' : undefined;
      if (operator === undefined) return { first, rest };
      this.at += 2;
      this.#newlines();
      rest.push({ operator, next: this.#pipeline() });
    }
  }

  #pipeline(): Pipeline {
    let negated = false;
    this.skip();
    while (this.#peekWord() === '!') {
      this.#take('!');
      negated = !negated;
    }
    const commands = [this.#redirected()];
    for (;;) {
      this.skip();
      if (!this.sees('|') || this.sees('||')) return { negated, commands };
      this.at++;
      this.#newlines();
      commands.push(this.#redirected());
    }
  }

  #redirected(): Redirected {
    this.skip();
    const start = this.at;
    const redirects: Redirect[] = [];
    const command = this.#compound() ?? this.#simple(redirects, start);
    for (let found = this.#redirect(); found !== undefined; found = this.#redirect()) redirects.push(found);
    return { command, redirects };
  }

  #compound(): Command | undefined {
    if (this.sees('((')) throw new NotUnderstood('it calculates');
    if (this.sees('(')) {
      this.at++;
      const body = this.list(new Set());
      this.expect(')');
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
        const start = this.at;
        const until = this.#peekWord() === 'until';
        this.#take(until ? 'until' : 'while');
        const test = this.list(new Set(['do']));
        return { kind: 'while', until, test, body: this.#doDone(), text: this.line(start) };
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
    this.skip();
    const word = this.word();
    this.#newlines();
    this.#take('in');
    const arms: { patterns: Word[]; body: List }[] = [];
    for (;;) {
      this.#newlines();
      if (this.#peekWord() === 'esac') break;
      if (this.sees('(')) this.at++;
      const patterns: Word[] = [];
      do {
        if (this.sees('|')) this.at++;
        this.skip();
        patterns.push(this.word());
        this.skip();
      } while (this.sees('|'));
      this.expect(')');
      arms.push({ patterns, body: this.list(new Set(['esac'])) });
      this.skip();
      if (this.sees(';;')) this.at += 2;
    }
    this.#take('esac');
    return { kind: 'case', word, arms };
  }

  #for(): Command {
    this.#take('for');
    this.skip();
    const name = this.match(/[A-Za-z_]\w*/y);
    this.#newlines();
    if (this.#peekWord() === 'do') return { kind: 'for', name, words: null, body: this.#doDone() };
    this.#take('in');
    const words: Word[] = [];
    for (;;) {
      this.skip();
      if (this.sees(';') || this.sees('\n')) break;
      words.push(this.word());
    }
    if (this.sees(';')) this.at++;
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
    const found = this.peek(/([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)/y);
    if (found === undefined) return undefined;
    this.at += found[0].length;
    this.#newlines();
    return { kind: 'function', name: found[1]!, body: this.#redirected() };
  }

  #simple(redirects: Redirect[], start: number): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    for (;;) {
      this.skip();
      const redirect = this.#redirect();
      if (redirect !== undefined) {
        redirects.push(redirect);
        continue;
      }
      if (this.isAtEnd || wordEnds.test(this.text[this.at]!)) break;
      const assigned = words.length === 0 ? this.peek(/([A-Za-z_]\w*)=/y) : undefined;
      if (assigned === undefined) {
        if (words.length === 0 && reserved.has(this.#peekWord())) throw this.unexpected();
        words.push(this.word());
        continue;
      }
      this.at += assigned[0].length;
      const empty = this.isAtEnd || wordEnds.test(this.text[this.at]!);
      assignments.push({ name: assigned[1]!, value: empty ? [] : this.word() });
    }
    if (words.length === 0 && assignments.length === 0 && redirects.length === 0) throw this.unexpected();
    return { kind: 'simple', assignments, words, text: this.line(start) };
  }

  #redirect(): Redirect | undefined {
    this.skip();
    const found = this.peek(/(\d?)(<<-|<<|>>|>&|<&|>\||>|<)/y);
    if (found === undefined) return undefined;
    this.at += found[0].length;
    const operator = found[2]!;
    const descriptor = found[1] === '' ? (operator.startsWith('<') ? 0 : 1) : Number(found[1]);
    this.skip();
    if (operator === '<<' || operator === '<<-') return this.#document(descriptor, operator === '<<-');
    if (operator === '<&' || operator === '>|') throw this.unexpected();
    return { descriptor, operator: operator as Redirect['operator'], target: this.word() };
  }

  #document(descriptor: number, tabs: boolean): Redirect {
    const start = this.at;
    const word = this.word();
    const raw = this.text.slice(start, this.at);
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
        if (this.isAtEnd) throw new NotUnderstood('a here-document does not end');
        const feed = this.text.indexOf('\n', this.at);
        const end = feed < 0 ? this.text.length : feed;
        const whole = this.text.slice(this.at, end);
        this.at = end + 1;
        const line = tabs ? whole.replace(/^\t+/, '') : whole;
        if (line === delimiter) break;
        lines.push(`${line}\n`);
      }
      const text = lines.join('');
      take(quoted ? [{ kind: 'text', text, quoted: true }] : new Parser(text, this.#depth).quotedText(''));
    }
  }

  #newlines(): void {
    for (;;) {
      this.skip();
      if (this.sees('\n')) {
        this.at++;
        this.#readDocuments();
      } else if (this.sees(';') && !this.sees(';;')) this.at++;
      else return;
    }
  }

  #peekWord(): string {
    this.skip();
    return this.peek(/[^\s;&|<>()"'$`\\]+(?=[\s;&|<>()]|$)/y)?.[0] ?? '';
  }

  #take(word: string): void {
    this.#newlines();
    if (this.#peekWord() !== word) throw this.unexpected();
    this.at += word.length;
  }

  protected expect(text: string): void {
    if (text === ')') this.#newlines();
    if (!this.accepts(text)) throw this.unexpected();
  }
}

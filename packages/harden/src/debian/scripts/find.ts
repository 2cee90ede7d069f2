import type { FileNode } from '@pratique/inspect';
import { Accounts } from './accounts.ts';
import { isMatch } from './patterns.ts';
import type { Known, Shell } from './shell.ts';
import type { Streams } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** Whether something holds for a file; some do something to it. */
type Test = (node: FileNode, path: string) => boolean;

const unknown = (): never => {
  throw new NotUnderstood('');
};

/** `find PATH… EXPRESSION` (find(1)), in the order of names. */
export const find: Known = (args, shell, streams) => {
  const start = args.findIndex((arg) => /^[-!(]/.test(arg));
  const paths = start < 0 ? args : args.slice(0, start);
  const parser = new Parser(start < 0 ? [] : args.slice(start), shell, streams);
  const test = parser.whole();
  let code = 0;
  const visit = (node: FileNode, path: string, depth: number): void => {
    shell.spend(1);
    const isTested = depth >= parser.least;
    if (isTested && !parser.isDeepFirst) test(node, path);
    if (node.type === 'directory' && depth < parser.most)
      for (const below of shell.changes.list(`/${node.path}`))
        visit(
          below,
          `${path.replace(/\/$/, '')}/${below.path.slice(below.path.lastIndexOf('/') + 1)}`,
          depth + 1,
        );
    if (isTested && parser.isDeepFirst) test(node, path);
  };
  for (const path of paths.length === 0 ? ['.'] : paths) {
    const node = shell.changes.at(path);
    if (node === undefined) code = 1;
    else visit(node, path, 0);
  }
  return code;
};

const plain = new Set(['-print', '-print0', '-delete', '-empty', '-true', '-false']);

class Parser {
  least = 0;
  most = Number.POSITIVE_INFINITY;
  /** A directory after what is in it. */
  isDeepFirst = false;
  readonly #args: readonly string[];
  readonly #shell: Shell;
  readonly #streams: Streams;
  #at = 0;
  #acts = false;
  #open = 0;

  constructor(args: readonly string[], shell: Shell, streams: Streams) {
    this.#args = args;
    this.#shell = shell;
    this.#streams = streams;
  }

  whole(): Test {
    const test: Test = this.#args.length === 0 ? () => true : this.#either();
    if (this.#at < this.#args.length) unknown();
    if (this.#acts) return test;
    return (node, path) => test(node, path) && this.#print(path, '\n');
  }

  #either(): Test {
    if (++this.#open > 40) unknown();
    const tests = [this.#both()];
    while (this.#accepts('-o', '-or')) tests.push(this.#both());
    this.#open--;
    return (node, path) => tests.some((test) => test(node, path));
  }

  #both(): Test {
    const tests: Test[] = [];
    const ends = () => /^(-o|-or|\))$/.test(this.#args[this.#at] ?? ')');
    while (!ends()) {
      tests.push(this.#one());
      this.#accepts('-a', '-and');
    }
    if (tests.length === 0) unknown();
    return (node, path) => tests.every((test) => test(node, path));
  }

  #one(): Test {
    if (this.#accepts('!', '-not')) {
      const test = this.#one();
      return (node, path) => !test(node, path);
    }
    if (this.#accepts('(')) {
      const test = this.#either();
      if (!this.#accepts(')')) unknown();
      return test;
    }
    const name = this.#args[this.#at++]!;
    if (name === '-exec') return this.#exec();
    if (plain.has(name)) return this.#plain(name);
    // Links are followed by nothing here; where there is none it makes no difference.
    if (name === '-follow' || name === '-L') return (node) => node.type !== 'symlink' || unknown();
    if (name === '-xdev' || name === '-mount') return () => true;
    const value = this.#args[this.#at++] ?? unknown();
    return this.#valued(name, value);
  }

  #plain(name: string): Test {
    const { changes } = this.#shell;
    switch (name) {
      case '-print':
      case '-print0':
        this.#acts = true;
        return (_node, path) => this.#print(path, name === '-print' ? '\n' : '\0');
      case '-delete':
        this.#acts = true;
        this.isDeepFirst = true;
        return (node) => {
          if (node.type === 'directory' && changes.list(`/${node.path}`).length > 0) return false;
          changes.remove(`/${node.path}`);
          return true;
        };
      case '-empty':
        return (node) =>
          node.type === 'directory'
            ? changes.list(`/${node.path}`).length === 0
            : node.type === 'file' && node.size === 0;
      default:
        return () => name === '-true';
    }
  }

  #valued(name: string, value: string): Test {
    const accounts = new Accounts(this.#shell.changes);
    const number = (known?: number): number => known ?? (/^\d{1,9}$/.test(value) ? Number(value) : unknown());
    switch (name) {
      case '-maxdepth':
        this.most = number();
        return () => true;
      case '-mindepth':
        this.least = number();
        return () => true;
      case '-name':
        return (node, path) =>
          isMatch(value, (node.path === '' ? path : node.path).replace(/^.*\//, ''), this.#shell.spend);
      case '-path':
      case '-wholename':
        return (_node, path) => isMatch(value, path, this.#shell.spend);
      case '-type': {
        const type = { f: 'file', d: 'directory', l: 'symlink' }[value] ?? unknown();
        return (node) => node.type === type;
      }
      case '-user':
      case '-uid': {
        const uid = number(name === '-user' ? accounts.uid(value) : undefined);
        return (node) => node.uid === uid;
      }
      case '-group':
      case '-gid': {
        const gid = number(name === '-group' ? accounts.gid(value) : undefined);
        return (node) => node.gid === gid;
      }
      default:
        return unknown();
    }
  }

  /** `-exec COMMAND {} ;` */
  #exec(): Test {
    this.#acts = true;
    const end = this.#args.indexOf(';', this.#at);
    const [command, ...args] = this.#args.slice(this.#at, end);
    if (end < 0 || command === undefined || args.some((arg) => arg !== '{}' && arg.includes('{}'))) unknown();
    this.#at = end + 1;
    return (_node, path) =>
      this.#shell.start(
        command!,
        args.map((arg) => (arg === '{}' ? path : arg)),
        this.#streams,
      ) === 0;
  }

  #print(path: string, end: string): boolean {
    this.#streams.output(`${path}${end}`);
    return true;
  }

  #accepts(...names: readonly string[]): boolean {
    if (!names.includes(this.#args[this.#at] ?? '')) return false;
    this.#at++;
    return true;
  }
}

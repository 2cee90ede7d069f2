import { printable } from '@pratique/errors';
import type { Changes } from './changes.ts';
import { parseScript } from './parse.ts';
import { scriptOf } from './programs.ts';
import { type Command, type List, NotUnderstood, type Pipeline, type Redirected } from './syntax.ts';
import { isMatch, Words } from './words.ts';

/** Where a command reads from and writes to. What goes to its standard error is dropped. */
export interface Streams {
  readonly input: string;
  readonly output: (text: string) => void;
}

/** A command whose meaning is known: does to the file system what the program would, and gives its exit code. */
export type Known = (args: readonly string[], shell: Shell, streams: Streams) => number;

/** Ends the script, a function, or a loop. */
class Jump extends Error {
  readonly to: 'exit' | 'return' | 'break' | 'continue';
  readonly code: number;
  constructor(to: Jump['to'], code: number) {
    super(to);
    this.to = to;
    this.code = code;
  }
}

/** Assignments before these stay (XCU §2.14). */
const special = new Set([
  ':',
  '.',
  'break',
  'continue',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'unset',
]);

const limits = { steps: 20_000, depth: 40, output: 1024 * 1024 };

/**
 * Follows a maintainer script as the shell would (XCU §2), on changes to a file system instead of on a machine. A
 * command that is not known is never guessed at: only what the script comes to with these arguments has to be.
 */
export class Shell {
  readonly changes: Changes;
  /** `$0` */
  readonly name: string;
  arguments: readonly string[];
  readonly #variables: Map<string, string>;
  /** What programs that are started see of them. */
  readonly #exported: Set<string>;
  /** Of the functions that are running: what their local variables were before. */
  readonly #hidden: Map<string, string | undefined>[] = [];
  readonly #known: ReadonlyMap<string, Known>;
  readonly #functions: Map<string, Redirected>;
  readonly #budget: { steps: number };
  #depth = 0;
  /** Of `set -e`, and whether a failure counts at the moment. */
  #errexit = false;
  #tested = 0;
  status = 0;

  constructor(
    changes: Changes,
    known: ReadonlyMap<string, Known>,
    name: string,
    args: readonly string[],
    parent?: Shell,
  ) {
    this.changes = changes;
    this.#known = known;
    this.name = name;
    this.arguments = args;
    this.#variables = new Map(parent === undefined ? [] : parent.#variables);
    this.#exported = new Set(parent === undefined ? [] : parent.#exported);
    this.#functions = new Map();
    this.#budget = { steps: limits.steps };
    if (parent === undefined) return;
    this.#functions = new Map(parent.#functions);
    this.#budget = parent.#budget;
    this.#errexit = parent.#errexit;
    this.#tested = parent.#tested;
    if (parent.#hidden.length > 0) this.#hidden.push(new Map());
    this.#depth = parent.#depth + 1;
    if (this.#depth > limits.depth) throw new NotUnderstood('it is nested too deeply');
  }

  /** Runs a whole script; its exit code. @throws NotUnderstood */
  run(script: List, streams: Streams): number {
    const { directory } = this.changes;
    try {
      this.list(script, streams);
      return this.status;
    } catch (error) {
      if (error instanceof Jump && error.to === 'exit') return error.code;
      throw error;
    } finally {
      this.changes.directory = directory;
    }
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** Gives a variable its value, or with undefined takes it away. */
  assign(name: string, value: string | undefined): void {
    // Fields are always told apart by blanks here.
    if (name === 'IFS') throw new NotUnderstood('it changes IFS');
    if (value === undefined) this.#variables.delete(name);
    else this.#variables.set(name, value);
  }

  export(name: string): void {
    this.#exported.add(name);
  }

  /** Makes a variable one of the function that is running. */
  local(name: string): void {
    const hidden = this.#hidden.at(-1);
    if (hidden === undefined) throw new NotUnderstood('a local variable outside of a function');
    if (!hidden.has(name)) hidden.set(name, this.#variables.get(name));
  }

  /** A sourced file, or a function’s body, in this shell. */
  list(list: List, streams: Streams): void {
    for (const { first, rest } of list) {
      this.#pipeline(first, streams, rest.length > 0);
      for (const [index, { operator, next }] of rest.entries()) {
        if ((operator === '&&') !== (this.status === 0)) continue;
        this.#pipeline(next, streams, index < rest.length - 1);
      }
    }
  }

  exit(code: number): never {
    throw new Jump('exit', code);
  }

  option(flags: string): void {
    if (/^[-+][eux]+$/.test(flags)) {
      if (flags.includes('e')) this.#errexit = flags.startsWith('-');
    } else throw new NotUnderstood(`set ${flags}`);
  }

  /** What a list writes, without the line feeds at its end. */
  outputOf(list: List): string {
    let text = '';
    const output = (more: string): void => {
      text += more;
      if (text.length > limits.output) throw new NotUnderstood('it writes too much');
    };
    this.status = this.#inside().run(list, { input: '', output });
    return text.replace(/\n+$/, '');
  }

  #inside(): Shell {
    return new Shell(this.changes, this.#known, this.name, this.arguments, this);
  }

  #pipeline({ negated, commands }: Pipeline, streams: Streams, tested: boolean): void {
    const isTested = tested || negated;
    if (isTested) this.#tested++;
    try {
      if (commands.length === 1) this.#redirected(commands[0]!, streams);
      else {
        let input = streams.input;
        for (const [index, command] of commands.entries()) {
          let text = '';
          const isLast = index === commands.length - 1;
          const output = isLast
            ? streams.output
            : (more: string): void => {
                text += more;
              };
          const shell = this.#inside();
          this.status = shell.run([{ first: { negated: false, commands: [command] }, rest: [] }], {
            input,
            output,
          });
          input = text;
        }
      }
    } finally {
      if (isTested) this.#tested--;
    }
    if (negated) this.status = this.status === 0 ? 1 : 0;
    else if (this.status !== 0 && this.#errexit && !isTested && this.#tested === 0) this.exit(this.status);
  }

  #redirected({ command, redirects }: Redirected, outer: Streams): void {
    let { input, output } = outer;
    const files: { path: string; text: string; append: boolean }[] = [];
    const words = new Words(this);
    for (const { descriptor, operator, target } of redirects) {
      if (operator === '<<') {
        input = words.text(target);
        continue;
      }
      const path = words.text(target);
      if (operator === '<') {
        const bytes = this.changes.read(path);
        if (bytes === undefined) {
          this.status = 1;
          return;
        }
        input = new TextDecoder().decode(bytes);
      } else if (operator === '>&') {
        // Both ends of `2>&1` are dropped or captured text; errors of known commands are none.
        if (descriptor === 1) output = () => {};
      } else if (path === '/dev/null' || path === '/dev/stderr' || descriptor === 2) {
        if (descriptor === 1) output = () => {};
        else if (path !== '/dev/null' && path !== '/dev/stderr') throw new NotUnderstood(`2> ${path}`);
      } else {
        const file = { path, text: '', append: operator === '>>' };
        files.push(file);
        output = (text) => {
          file.text += text;
        };
      }
    }
    this.#command(command, { input, output });
    for (const { path, text, append } of files) {
      const before = append ? (this.changes.read(path) ?? new Uint8Array()) : new Uint8Array();
      this.changes.write(path, Buffer.concat([before, Buffer.from(text)]));
    }
  }

  #command(command: Command, streams: Streams): void {
    if (this.#budget.steps-- <= 0) throw new NotUnderstood('it takes too long');
    switch (command.kind) {
      case 'simple':
        this.#simple(command, streams);
        return;
      case 'group':
        if (command.subshell) this.status = this.#inside().run(command.body, streams);
        else this.list(command.body, streams);
        return;
      case 'function':
        this.#functions.set(command.name, command.body);
        this.status = 0;
        return;
      case 'if': {
        const branch = command.branches.find(({ test }) => this.#isTrue(test, streams));
        this.status = 0;
        this.list(branch?.body ?? command.otherwise, streams);
        return;
      }
      case 'case': {
        const words = new Words(this);
        const value = words.text(command.word);
        const arm = command.arms.find(({ patterns }) =>
          patterns.some((pattern) => isMatch(words.pattern(pattern), value)),
        );
        this.status = 0;
        this.list(arm?.body ?? [], streams);
        return;
      }
      case 'for':
        this.status = 0;
        for (const value of new Words(this).fields(command.words)) {
          this.assign(command.name, value);
          if (!this.#round(command.body, streams)) break;
        }
        return;
      case 'while':
        while (this.#isTrue(command.test, streams) !== command.until) {
          if (this.#budget.steps-- <= 0) throw new NotUnderstood('it takes too long');
          if (!this.#round(command.body, streams)) break;
        }
        this.status = 0;
    }
  }

  #isTrue(test: List, streams: Streams): boolean {
    this.#tested++;
    try {
      this.list(test, streams);
    } finally {
      this.#tested--;
    }
    return this.status === 0;
  }

  /** One round of a loop; false where it was the last. */
  #round(body: List, streams: Streams): boolean {
    try {
      this.list(body, streams);
      return true;
    } catch (error) {
      if (!(error instanceof Jump) || (error.to !== 'break' && error.to !== 'continue')) throw error;
      return error.to === 'continue';
    }
  }

  #simple({ assignments, words: given, text }: Command & { kind: 'simple' }, streams: Streams): void {
    const words = new Words(this);
    const [name, ...args] = words.fields(given);
    if (name === undefined) {
      this.status = 0;
      for (const { name: variable, value } of assignments) this.assign(variable, words.text(value));
      return;
    }
    const values = assignments.map(({ name: variable, value }) => [variable, words.text(value)] as const);
    const before = values.map(([variable]) => [variable, this.#variables.get(variable)] as const);
    const exported = new Set(this.#exported);
    for (const [variable, value] of values) {
      this.assign(variable, value);
      this.#exported.add(variable);
    }
    try {
      this.#start(name, args, streams);
    } catch (error) {
      if (error instanceof NotUnderstood && error.message === '')
        throw new NotUnderstood(printable(text, 200));
      throw error;
    }
    if (special.has(name)) return;
    for (const [variable, value] of before.reverse()) {
      this.assign(variable, value);
      if (!exported.has(variable)) this.#exported.delete(variable);
    }
  }

  /** A function, a command that is known, or a script of the image. @throws NotUnderstood, with no text where it is none */
  #start(name: string, args: readonly string[], streams: Streams): void {
    const body = this.#functions.get(name);
    if (body !== undefined) {
      this.#call(body, args, streams);
      return;
    }
    const known =
      this.#known.get(name) ??
      this.#known.get(name.replace(/^\/(usr\/)?s?bin\/|^\/usr\/lib\/[\w.-]+\/glib-2\.0\//, ''));
    if (known !== undefined) {
      this.status = known(args, this, streams);
      return;
    }
    const script = scriptOf(name, this.changes);
    if (script === undefined) throw new NotUnderstood('');
    try {
      this.status = this.#program(script.path, args, script.options).run(parseScript(script.text), streams);
    } catch (error) {
      if (error instanceof NotUnderstood) throw new NotUnderstood(`${name}: ${error.message}`);
      throw error;
    }
  }

  /** A shell of its own, which knows nothing of this one but what is exported. */
  #program(path: string, args: readonly string[], options: string): Shell {
    const shell = new Shell(this.changes, this.#known, path, args, this);
    shell.#functions.clear();
    shell.#hidden.length = 0;
    for (const name of shell.#variables.keys()) if (!shell.#exported.has(name)) shell.#variables.delete(name);
    shell.#tested = 0;
    shell.#errexit = options.includes('e');
    return shell;
  }

  #call(body: Redirected, args: readonly string[], streams: Streams): void {
    const before = this.arguments;
    const hidden = new Map<string, string | undefined>();
    this.arguments = args;
    this.#hidden.push(hidden);
    if (++this.#depth > limits.depth) throw new NotUnderstood('it is nested too deeply');
    try {
      this.#redirected(body, streams);
    } catch (error) {
      if (!(error instanceof Jump) || error.to !== 'return') throw error;
      this.status = error.code;
    } finally {
      this.#depth--;
      this.#hidden.pop();
      for (const [name, value] of hidden) this.assign(name, value);
      this.arguments = before;
    }
  }

  jump(to: Jump['to'], code: number): never {
    throw new Jump(to, code);
  }
}

import { printable } from '@pratique/errors';
import type { Changes } from './changes.ts';
import { parseScript } from './parse.ts';
import { isMatch } from './patterns.ts';
import { scriptOf } from './programs.ts';
import { Input, type Streams, textOf, Written } from './streams.ts';
import { type Command, type List, NotUnderstood, type Pipeline, type Redirected } from './syntax.ts';
import { Words } from './words.ts';

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
  'eval',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'trap',
  'unset',
]);

const limits = { steps: 20_000, work: 20_000_000, depth: 40 };

/** Options of `set` that are known, by their letters. `x` and `v` only tell what is done. */
const options: Readonly<Record<string, string>> = {
  errexit: 'e',
  nounset: 'u',
  pipefail: 'p',
  xtrace: 'x',
  verbose: 'v',
};

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
  readonly #commands: ReadonlyMap<string, Known>;
  readonly #functions: Map<string, Redirected>;
  readonly #budget: { steps: number; work: number };
  #depth = 0;
  /** Letters of `set`, and whether a failure counts at the moment. */
  #options = '';
  #tested = 0;
  /** What is done when this shell ends. */
  #trap: List = [];
  /** The exit code of the last command whose output was put into a word. */
  #substituted = 0;
  /** Who runs it. */
  user = 'root';
  status = 0;

  constructor(
    changes: Changes,
    known: ReadonlyMap<string, Known>,
    name: string,
    args: readonly string[],
    parent?: Shell,
  ) {
    this.changes = changes;
    this.#commands = known;
    this.name = name;
    this.arguments = args;
    this.#variables = new Map(parent === undefined ? [] : parent.#variables);
    this.#exported = new Set(parent === undefined ? [] : parent.#exported);
    this.#functions = new Map();
    this.#budget = { steps: limits.steps, work: limits.work };
    if (parent === undefined) return;
    this.#functions = new Map(parent.#functions);
    this.#budget = parent.#budget;
    this.#options = parent.#options;
    this.user = parent.user;
    this.#tested = parent.#tested;
    if (parent.#hidden.length > 0) this.#hidden.push(new Map());
    this.#depth = parent.#depth + 1;
    if (this.#depth > limits.depth) throw new NotUnderstood('it is nested too deeply');
  }

  /** Runs a whole script; its exit code. @throws NotUnderstood */
  run(script: List, streams: Streams): number {
    const { directory, mask } = this.changes;
    try {
      const code = this.#exitCode(() => {
        this.list(script, streams);
        return this.status;
      });
      // It keeps the exit code, unless what is trapped exits itself.
      return this.#exitCode(() => {
        this.list(this.#trap, streams);
        return code;
      });
    } finally {
      this.changes.directory = directory;
      this.changes.mask = mask;
    }
  }

  #exitCode(action: () => number): number {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Jump)) throw error;
      if (error.to !== 'exit' && error.to !== 'return')
        throw new NotUnderstood(`${error.to} outside of a loop`);
      return error.code;
    }
  }

  /** Counts work of a command that takes longer the larger what it works on is. @throws NotUnderstood */
  readonly spend = (steps: number): void => {
    this.#budget.work -= steps;
    if (this.#budget.work < 0) throw new NotUnderstood('it takes too long');
  };

  /** What is done when this shell ends. */
  trap(commands: List): void {
    this.#trap = commands;
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** Gives a variable its value, or with undefined takes it away. */
  assign(name: string, value: string | undefined): void {
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

  /** `-eu`, `+x`, or the name of an option after `-o`. */
  option(flags: string, name?: string): void {
    const letters = name === undefined ? flags.slice(1) : (options[name] ?? '?');
    if (!/^[-+][euxvo]+$/.test(flags) || !/^[euxvp]+$/.test(letters))
      throw new NotUnderstood(`set ${flags} ${name ?? ''}`);
    const others = [...this.#options].filter((letter) => !letters.includes(letter)).join('');
    this.#options = flags.startsWith('-') ? others + letters : others;
  }

  has(option: 'e' | 'u' | 'p'): boolean {
    return this.#options.includes(option);
  }

  /** What a list writes, without the line feeds at its end. */
  outputOf(list: List): string {
    const written = new Written();
    this.status = this.#inside().run(list, { input: new Input(''), output: written.output });
    this.#substituted = this.status;
    return written.text.replace(/\n+$/, '');
  }

  #inside(): Shell {
    return new Shell(this.changes, this.#commands, this.name, this.arguments, this);
  }

  #pipeline({ negated, commands }: Pipeline, streams: Streams, tested: boolean): void {
    const isTested = tested || negated;
    if (isTested) this.#tested++;
    try {
      if (commands.length === 1) this.#redirected(commands[0]!, streams);
      else {
        let input = streams.input;
        let failed = 0;
        for (const [index, command] of commands.entries()) {
          const written = new Written();
          const isLast = index === commands.length - 1;
          const output = isLast ? streams.output : written.output;
          const one = [{ first: { negated: false, commands: [command] }, rest: [] }];
          this.status = this.#inside().run(one, { input, output });
          if (this.status !== 0) failed = this.status;
          input = new Input(written.text);
        }
        if (this.has('p')) this.status = failed;
      }
    } finally {
      if (isTested) this.#tested--;
    }
    if (negated) this.status = this.status === 0 ? 1 : 0;
    else if (this.status !== 0 && this.has('e') && !isTested && this.#tested === 0) this.exit(this.status);
  }

  #redirected({ command, redirects }: Redirected, outer: Streams): void {
    let { input, output } = outer;
    const files: { path: string; text: string; append: boolean }[] = [];
    const words = new Words(this);
    for (const { descriptor, operator, target } of redirects) {
      if (operator === '<<') {
        input = new Input(words.text(target));
        continue;
      }
      const path = words.text(target);
      if (operator === '<') {
        const bytes = path === '/dev/null' ? new Uint8Array() : this.changes.read(path);
        if (bytes === undefined) {
          this.status = 1;
          return;
        }
        input = new Input(textOf(bytes));
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
          patterns.some((pattern) => isMatch(words.pattern(pattern), value, this.spend)),
        );
        this.status = 0;
        this.list(arm?.body ?? [], streams);
        return;
      }
      case 'for':
        this.status = 0;
        for (const value of command.words === null ? this.arguments : new Words(this).fields(command.words)) {
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
    this.#substituted = 0;
    const [name, ...args] = words.fields(given);
    if (name === undefined) {
      for (const { name: variable, value } of assignments) this.assign(variable, words.text(value));
      this.status = this.#substituted;
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

  #known(name: string): Known | undefined {
    const program = name.replace(/^\/(usr\/)?s?bin\/|^\/usr\/lib\/[\w.-]+\/glib-2\.0\//, '');
    return this.#commands.get(name) ?? this.#commands.get(program);
  }

  /** Whether it is known what a program does. */
  knows(name: string): boolean {
    return this.#known(name) !== undefined;
  }

  /** Runs a program with its arguments; its exit code. @throws NotUnderstood, with no text where it is not known */
  start(name: string, args: readonly string[], streams: Streams): number {
    this.spend(100);
    this.#start(name, args, streams);
    return this.status;
  }

  /** A function, a command that is known, or a script of the image. @throws NotUnderstood, with no text where it is none */
  #start(name: string, args: readonly string[], streams: Streams): void {
    const body = this.#functions.get(name);
    if (body !== undefined) {
      this.#call(body, args, streams);
      return;
    }
    const known = this.#known(name);
    if (known !== undefined) {
      this.status = known(args, this, streams);
      return;
    }
    const script = scriptOf(name, this.changes);
    if (script === undefined) throw new NotUnderstood('');
    try {
      this.status = this.program(script.text, script.path, args, script.options, streams);
    } catch (error) {
      if (error instanceof NotUnderstood) throw new NotUnderstood(`${name}: ${error.message}`);
      throw error;
    }
  }

  /** Runs a script in a shell of its own, which knows nothing of this one but what is exported; its exit code. */
  program(text: string, path: string, args: readonly string[], options: string, streams: Streams): number {
    const shell = new Shell(this.changes, this.#commands, path, args, this);
    shell.#functions.clear();
    shell.#hidden.length = 0;
    for (const name of shell.#variables.keys()) if (!shell.#exported.has(name)) shell.#variables.delete(name);
    shell.#tested = 0;
    shell.#options = options;
    return shell.run(parseScript(text), streams);
  }

  /** Commands that are made while it runs (`eval`). */
  evaluate(list: List, streams: Streams): number {
    if (++this.#depth > limits.depth) throw new NotUnderstood('it is nested too deeply');
    try {
      this.status = 0;
      this.list(list, streams);
      return this.status;
    } finally {
      this.#depth--;
    }
  }

  /** A file that is read into this shell (`.`): it may return. */
  source(list: List, streams: Streams): number {
    try {
      return this.evaluate(list, streams);
    } catch (error) {
      if (!(error instanceof Jump) || error.to !== 'return') throw error;
      return error.code;
    }
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

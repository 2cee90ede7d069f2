import { test } from './conditions.ts';
import { readFields } from './fields.ts';
import { parseScript } from './parse.ts';
import type { Known, Shell } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

const number = (text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise;
  if (!/^\d{1,3}$/.test(text)) throw new NotUnderstood('');
  return Number(text);
};

/** `export NAME`, `local NAME=VALUE` and so on: what each does to a variable, then its value. */
function declaring(declare: (name: string, shell: Shell) => void): Known {
  return (args, shell) => {
    for (const arg of args) {
      // Of bash: what may not be changed is not.
      if (arg === '-r') continue;
      const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(arg) ?? [];
      if (name === undefined) throw new NotUnderstood('');
      declare(name, shell);
      if (value !== undefined) shell.assign(name, value);
    }
    return 0;
  };
}

/** Reads a script that belongs to the image into this one. */
const source: Known = ([path = ''], shell: Shell, streams) => {
  // Its functions are known here; what else it does is to start a front end for questions.
  if (path === '/usr/share/debconf/confmodule') return 0;
  const bytes = shell.changes.read(path);
  if (bytes === undefined) return shell.exit(2);
  return shell.source(parseScript(textOf(bytes)), streams);
};

/** `trap COMMANDS SIGNAL…`: those for the end of the shell are kept; no signal comes. */
const trap: Known = ([action = '', ...signals], shell) => {
  if (action.startsWith('-') && action !== '-') throw new NotUnderstood('');
  // A number alone resets it.
  const isReset = action === '-' || /^\d+$/.test(action);
  const all = isReset && action !== '-' ? [action, ...signals] : signals;
  if (all.some((signal) => signal === '0' || signal === 'EXIT'))
    shell.trap(parseScript(isReset ? '' : action));
  return 0;
};

const read: Known = (args, shell, { input }) => {
  const raw = args[0] === '-r';
  const names = raw ? args.slice(1) : args;
  if (names.length === 0 || names.some((name) => !/^[A-Za-z_]\w*$/.test(name))) throw new NotUnderstood('');
  const line = input.line();
  if (line?.includes('\\') && !raw) throw new NotUnderstood('');
  const values = readFields(line ?? '', names.length, shell.variable('IFS'));
  for (const [index, name] of names.entries()) shell.assign(name, values[index] ?? '');
  return line === undefined ? 1 : 0;
};

/** `set -eu`, `set -o pipefail`, `set -- ARGUMENT…`. */
const set: Known = (args, shell) => {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--' || !/^[-+]/.test(arg)) {
      shell.arguments = args.slice(arg === '--' ? at + 1 : at);
      break;
    }
    shell.option(arg, /o$/.test(arg) ? args[++at] : undefined);
  }
  return 0;
};

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\' };

/** With `%s`, `%d` and `%%`; again for arguments that are left. */
const printf: Known = ([format = '', ...args], shell, { output }) => {
  if (format.startsWith('-') || /\\[^nt\\]|%[^sdbi%]/.test(format)) throw new NotUnderstood('');
  let at = 0;
  do {
    const before = at;
    shell.spend(format.length);
    output(
      format.replace(/%([sdbi%])|\\([nt\\])/g, (_whole, kind?: string, escaped?: string) => {
        if (escaped !== undefined) return escapes[escaped]!;
        if (kind === '%') return '%';
        const value = args[at++] ?? '';
        if (kind === 'b' && value.includes('\\')) throw new NotUnderstood('');
        if (/[di]/.test(kind!) && !/^-?(0|[1-9]\d*)?$/.test(value)) throw new NotUnderstood('');
        return /[di]/.test(kind!) && value === '' ? '0' : value;
      }),
    );
    if (at === before) break;
  } while (at < args.length);
  return 0;
};

/** Commands of the shell itself. */
export const builtins: Readonly<Record<string, Known>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  test,
  '[': (args, shell) => {
    if (args.at(-1) !== ']') throw new NotUnderstood('');
    return test(args.slice(0, -1), shell);
  },
  '.': source,
  exit: ([code], shell) => shell.exit(number(code, shell.status)),
  return: ([code], shell) => shell.jump('return', number(code, shell.status)),
  break: ([count], shell) => (count === undefined ? shell.jump('break', 0) : unknown()),
  continue: ([count], shell) => (count === undefined ? shell.jump('continue', 0) : unknown()),
  export: declaring((name, shell) => shell.export(name)),
  local: declaring((name, shell) => shell.local(name)),
  readonly: declaring(() => {}),
  unset: (args, shell) => {
    for (const name of args) {
      if (!/^[A-Za-z_]\w*$/.test(name)) throw new NotUnderstood('');
      shell.assign(name, undefined);
    }
    return 0;
  },
  cd: ([path, ...more], { changes }) => {
    if (path === undefined || path.startsWith('-') || more.length > 0) throw new NotUnderstood('');
    const node = changes.follow(path);
    if (node?.type !== 'directory') return 1;
    changes.directory = `/${node.path}`;
    return 0;
  },
  eval: (args, shell, streams) => shell.evaluate(parseScript(args.join(' ')), streams),
  trap,
  read,
  set,
  printf,
  umask: ([mask, ...more], { changes }, { output }) => {
    if (mask === undefined) output(`${changes.mask.toString(8).padStart(4, '0')}\n`);
    else if (!/^0?[0-7]{3}$/.test(mask) || more.length > 0) throw new NotUnderstood('');
    else changes.mask = Number.parseInt(mask, 8);
    return 0;
  },
  shift: ([count], shell) => {
    const by = number(count, 1);
    // An error, of which the shell ends.
    if (by > shell.arguments.length) return shell.exit(2);
    shell.arguments = shell.arguments.slice(by);
    return 0;
  },
  echo: (args, _shell, { output }) => {
    const words = args[0] === '-n' ? args.slice(1) : args;
    if (words.some((word) => word.includes('\\')) || words[0]?.startsWith('-e')) throw new NotUnderstood('');
    output(`${words.join(' ')}${words === args ? '\n' : ''}`);
    return 0;
  },
  // The program knows an option that the command of the shell does not.
  '/bin/echo': (args, shell, streams) =>
    builtins.echo!(args[0] === '-e' ? args.slice(1) : args, shell, streams),
};

function unknown(): never {
  throw new NotUnderstood('');
}

import { test } from './conditions.ts';
import { parseScript } from './parse.ts';
import type { Known, Shell } from './shell.ts';
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
  shell.list(parseScript(new TextDecoder().decode(bytes)), streams);
  return shell.status;
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
  // What is written is written with the mask of everybody.
  umask: ([mask], _shell, { output }) => {
    if (mask === undefined) output('0022\n');
    else if (!/^0?022$/.test(mask)) throw new NotUnderstood('');
    return 0;
  },
  set: (args, shell) => {
    for (const arg of args) shell.option(arg);
    return 0;
  },
  shift: ([count], shell) => {
    shell.arguments = shell.arguments.slice(number(count, 1));
    return 0;
  },
  echo: (args, _shell, { output }) => {
    const words = args[0] === '-n' ? args.slice(1) : args;
    if (words.some((word) => word.includes('\\')) || words[0]?.startsWith('-e')) throw new NotUnderstood('');
    output(`${words.join(' ')}${words === args ? '\n' : ''}`);
    return 0;
  },
  printf: ([format = '', ...args], _shell, { output }) => {
    if (/\\[^n]|%[^s]/.test(format)) throw new NotUnderstood('');
    let at = 0;
    output(format.replace(/%s/g, () => args[at++] ?? '').replaceAll('\\n', '\n'));
    return 0;
  },
};

function unknown(): never {
  throw new NotUnderstood('');
}

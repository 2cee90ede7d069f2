import { createHash } from 'node:crypto';
import { linesOf } from './arguments.ts';
import type { Changes } from './changes.ts';
import { Expression } from './expressions.ts';
import { operands } from './files.ts';
import type { Known } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** The names in directories, or of files, sorted by their bytes as with `LC_ALL=C`. */
const ls: Known = (args, { changes }, { output }) => {
  const { flags, rest } = operands(args, /^-[1lnd]+$/);
  // What belongs to a file is written with its time, which no two runs share.
  if (/[ld]/.test(flags) && rest.some((path) => changes.at(path) !== undefined)) throw new NotUnderstood('');
  let code = 0;
  for (const path of rest.length === 0 ? ['.'] : [...rest].sort()) {
    const node = changes.follow(path);
    // A key that is left out would be there, and root’s.
    if (node === undefined && flags.includes('l') && changes.isNotMade(path))
      output(`-rw------- 1 0 0 0 Jan  1  1970 ${path}\n`);
    else if (node === undefined) code = 2;
    else if (node.type !== 'directory') output(`${path}\n`);
    else if (rest.length > 1) throw new NotUnderstood('');
    else for (const name of visibleNames(path, changes)) output(`${name}\n`);
  }
  return code;
};

function visibleNames(path: string, changes: Changes): readonly string[] {
  return changes
    .list(path)
    .map((node) => node.path.slice(node.path.lastIndexOf('/') + 1))
    .filter((name) => !name.startsWith('.'));
}

/** `stat -c FORMAT`: mode, owner and group, by number and by name. */
const stat: Known = (args, { changes }, { output }) => {
  const given = args.join(' ');
  const [, format = '', path = ''] = /^(?:-c|--format=) ?(%[aug]) (\/\S+)$/.exec(given) ?? [];
  if (path === '') throw new NotUnderstood('');
  const node = changes.at(path);
  if (node === undefined) return 1;
  const values: Readonly<Record<string, string>> = {
    '%a': node.mode.toString(8),
    '%u': String(node.uid),
    '%g': String(node.gid),
  };
  output(`${values[format]}\n`);
  return 0;
};

/** `cut -d: -f2,3`: fields that one character tells apart. */
const cut: Known = (args, _shell, { input, output }) => {
  const [, delimiter = '\t', list = ''] = /^(?:-d ?(.) )?-f ?([\d,]+)$/s.exec(args.join(' ')) ?? [];
  const fields = list.split(',').map(Number);
  if (fields.some((field, at) => field < 1 || field <= (fields[at - 1] ?? 0))) throw new NotUnderstood('');
  for (const line of linesOf(input.rest())) {
    const parts = line.split(delimiter);
    const chosen = fields.flatMap((field) => parts[field - 1] ?? []);
    output(`${parts.length === 1 ? line : chosen.join(delimiter)}\n`);
  }
  return 0;
};

/** `expr TEXT : EXPRESSION` and `match`: how much of the text matches from its beginning, or its first group. */
const expr: Known = (args, { spend }, { output }) => {
  const [text, operator, pattern] = args[0] === 'match' ? [args[1], ':', args[2]] : args;
  if (args.length !== 3 || operator !== ':') throw new NotUnderstood('');
  const found = new Expression(pattern!, { extended: false, spend }).match(text!);
  const matched = found?.start === 0 ? found : undefined;
  const [from, to] = matched?.groups[0] ?? [-1, -1];
  const hasGroup = /\\\(/.test(pattern!);
  const value = hasGroup
    ? matched === undefined || from < 0
      ? ''
      : text!.slice(from, to)
    : String(matched?.end ?? 0);
  output(`${value}\n`);
  return value === '' || value === '0' ? 1 : 0;
};

/** Programs that read text. */
export const textCommands: Readonly<Record<string, Known>> = {
  ls,
  stat,
  cut,
  wc: (args, _shell, { input, output }) => {
    if (args.join(' ') !== '-l') throw new NotUnderstood('');
    output(`${input.rest().split('\n').length - 1}\n`);
    return 0;
  },
  cat: (args, { changes }, { input, output }) => {
    let code = 0;
    for (const path of args.length === 0 ? ['-'] : args) {
      if (path.startsWith('-') && path !== '-') throw new NotUnderstood('');
      const bytes = path === '-' ? undefined : changes.read(path);
      if (path === '-') output(input.rest());
      else if (bytes === undefined && path !== '/dev/null') code = 1;
      else if (bytes !== undefined) output(textOf(bytes));
    }
    return code;
  },
  cmp: (args, { changes }) => {
    const { rest } = operands(args, /^(-s|--silent|--quiet)$/);
    const [first, second] = rest.map((path) => changes.read(path));
    if (rest.length !== 2) throw new NotUnderstood('');
    if (first === undefined || second === undefined) return 2;
    return Buffer.compare(first, second) === 0 ? 0 : 1;
  },
  expr,
  md5sum: (args, { changes }, { input, output }) => {
    let code = 0;
    for (const path of args.length === 0 ? ['-'] : args) {
      if (path.startsWith('-') && path !== '-') throw new NotUnderstood('');
      const bytes = path === '-' ? new TextEncoder().encode(input.rest()) : changes.read(path);
      if (bytes === undefined) code = 1;
      else output(`${createHash('md5').update(bytes).digest('hex')}  ${path}\n`);
    }
    return code;
  },
  seq: (args, _shell, { output }) => {
    const numbers = args.map(Number);
    const [first, step, last] = numbers.length === 3 ? numbers : [numbers[0], 1, numbers[1]];
    if (args.some((arg) => !/^-?\d{1,4}$/.test(arg)) || args.length < 2 || args.length > 3 || step === 0)
      throw new NotUnderstood('');
    for (let number = first!; step! > 0 ? number <= last! : number >= last!; number += step!)
      output(`${number}\n`);
    return 0;
  },
  basename: ([path = '', suffix = ''], _shell, { output }) => {
    const name = path.replace(/\/+$/, '').replace(/^.*\//, '');
    output(
      `${name.endsWith(suffix) && name !== suffix ? name.slice(0, name.length - suffix.length) : name}\n`,
    );
    return 0;
  },
  dirname: ([path = ''], _shell, { output }) => {
    output(`${/^(.*)\/[^/]+\/*$/.exec(path)?.[1] ?? '.'}\n`);
    return 0;
  },
};

import { createHash } from 'node:crypto';
import { Accounts } from './accounts.ts';
import { linesOf } from './arguments.ts';
import type { Changes } from './changes.ts';
import { Expression } from './expressions.ts';
import { operands } from './files.ts';
import type { Known } from './shell.ts';
import { textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** The names in directories, or of files, sorted by their bytes as with `LC_ALL=C`. */
const ls: Known = (args, { changes }, { output }) => {
  const { flags, rest } = operands(args, /^-[1lndA]+$/);
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
    else for (const name of namesIn(path, flags.includes('A'), changes)) output(`${name}\n`);
  }
  return code;
};

function namesIn(path: string, hidden: boolean, changes: Changes): readonly string[] {
  return changes
    .list(path)
    .map((node) => node.path.slice(node.path.lastIndexOf('/') + 1))
    .filter((name) => hidden || !name.startsWith('.'));
}

/** `stat -c FORMAT`: mode, owner and group, by number and by name, name and size. */
const stat: Known = (args, { changes }, { output }) => {
  const all = args.flatMap((arg) => {
    const [, format] = /^(?:-c|--(?:format|printf)=)(.+)$/s.exec(arg) ?? [];
    return format === undefined ? [arg === '--format' ? '-c' : arg] : ['-c', format];
  });
  const at = all.indexOf('-c');
  const format = all[at + 1] ?? '';
  const paths = all.filter((arg, index) => index !== at && index !== at + 1 && arg !== '-L' && arg !== '--');
  if (at < 0 || paths.some((path) => path.startsWith('-')) || args.some((arg) => arg.startsWith('--printf')))
    throw new NotUnderstood('');
  const accounts = new Accounts(changes);
  let code = 0;
  for (const path of paths) {
    const node = all.includes('-L') ? changes.follow(path) : changes.at(path);
    if (node === undefined && changes.isNotMade(path)) throw new NotUnderstood('');
    if (node === undefined) {
      code = 1;
      continue;
    }
    const values: Readonly<Record<string, string>> = {
      a: node.mode.toString(8),
      u: String(node.uid),
      g: String(node.gid),
      U: accounts.nameOf('passwd', node.uid) ?? 'UNKNOWN',
      G: accounts.nameOf('group', node.gid) ?? 'UNKNOWN',
      n: path,
      s: String(node.size),
      '%': '%',
    };
    const text = format.replace(/%(.)/g, (_whole, letter: string) => {
      const value = values[letter];
      if (value === undefined) throw new NotUnderstood('');
      return value;
    });
    output(`${text}\n`);
  }
  return code;
};

/** `cut -d: -f2,3`: fields that one character tells apart; `cut -c -7`: characters. */
const cut: Known = (args, _shell, { input, output }) => {
  const given = args.join(' ');
  const [, delimiter = '\t', list] = /^(?:-d ?(.) )?-f ?([\d,-]+)$/s.exec(given) ?? [];
  const [, characters] = /^-[bc] ?([\d,-]+)$/.exec(given) ?? [];
  const chosen = partsOf(list ?? characters ?? '');
  for (const line of linesOf(input.rest())) {
    if (characters !== undefined && /[^\x00-\x7f]/.test(line)) throw new NotUnderstood('');
    const parts = characters === undefined ? line.split(delimiter) : [...line];
    const kept = parts.filter((_part, at) => chosen(at + 1));
    if (characters !== undefined) output(`${kept.join('')}\n`);
    else output(`${parts.length === 1 ? line : kept.join(delimiter)}\n`);
  }
  return 0;
};

/** `1,3`, `-7`, `2-`, `2-4` */
function partsOf(list: string): (number: number) => boolean {
  const ranges = list.split(',').map((range) => {
    const [, first = '', dash = '', last = ''] = /^(\d{0,5})(-?)(\d{0,5})$/.exec(range) ?? [];
    if (`${first}${last}` === '' || (dash === '' && last !== '') || first === '0' || last === '0')
      throw new NotUnderstood('');
    const from = first === '' ? 1 : Number(first);
    return [from, dash === '' ? from : last === '' ? Number.POSITIVE_INFINITY : Number(last)] as const;
  });
  return (number) => ranges.some(([from, to]) => number >= from && number <= to);
}

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

/** `md5sum --status -c`: whether files have the digests that are read. */
function checkDigests(args: readonly string[], changes: Changes, text: string): number {
  const options = args.filter((arg) => arg !== '-');
  if (
    !options.includes('--status') ||
    options.some((arg) => !/^(--status|--ignore-missing|-c|--check)$/.test(arg))
  )
    throw new NotUnderstood('');
  const results = linesOf(text).map((line) => {
    const [, digest, path = ''] = /^([0-9a-f]{32}) [ *](\/.*)$/.exec(line) ?? [];
    if (digest === undefined) throw new NotUnderstood('');
    const bytes = changes.read(path);
    if (bytes === undefined) return options.includes('--ignore-missing') ? 'missing' : 'wrong';
    return createHash('md5').update(bytes).digest('hex') === digest ? 'right' : 'wrong';
  });
  return results.includes('right') && !results.includes('wrong') ? 0 : 1;
}

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
  // Whether files differ; in what, it is not asked.
  diff: (args, { changes }) => {
    const { flags, rest } = operands(args, /^(-q|--brief|-s)$/);
    const [first, second] = rest.map((path) => changes.read(path));
    if (rest.length !== 2 || !/q|brief/.test(flags)) throw new NotUnderstood('');
    if (first === undefined || second === undefined) return 2;
    return Buffer.compare(first, second) === 0 ? 0 : 1;
  },
  expr,
  md5sum: (args, { changes }, { input, output }) => {
    let code = 0;
    const options = args.filter((arg) => arg.startsWith('--') || arg === '-c');
    if (options.includes('-c') || options.includes('--check'))
      return checkDigests(args, changes, input.rest());
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

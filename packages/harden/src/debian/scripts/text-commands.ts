import type { Changes } from './changes.ts';
import { operands } from './files.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The pattern of grep(1), where it means the same in JavaScript or can be made to. */
function expressionOf(pattern: string, flags: string): RegExp {
  const plain = /^[\w /:@,=#%&~"'<>-]*$/;
  const form = /-\w*F|fixed/.test(flags) ? plain : /-\w*E/.test(flags) ? extended : basic;
  if (!form.test(pattern) || (pattern.match(/[*?+]/g)?.length ?? 0) > 3) throw new NotUnderstood('');
  const source = form === basic ? pattern.replace(/[+?(){}|]/g, '\\$&') : pattern;
  return new RegExp(/-\w*x/.test(flags) ? `^(?:${source})$` : source, 'u');
}

const basic = /^(?:[\w /:@,=#%&~"'<>^$.*+?(){}|-]|\\[.*^$]|\[[\w-]+\])*$/;
const extended = /^(?:[\w /:@,=#%&~"'<>^$.*+?()|-]|\\\.|\[[\w-]+\])*$/;

/** The names in directories, or of files, sorted by their bytes as with `LC_ALL=C`. */
const ls: Known = (args, { changes }, { output }) => {
  const { rest } = operands(args, /^-[1]$/);
  let code = 0;
  for (const path of rest.length === 0 ? ['.'] : [...rest].sort()) {
    const node = changes.follow(path);
    if (node === undefined) code = 2;
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
  for (const line of linesOf(input)) {
    const parts = line.split(delimiter);
    const chosen = fields.flatMap((field) => parts[field - 1] ?? []);
    output(`${parts.length === 1 ? line : chosen.join(delimiter)}\n`);
  }
  return 0;
};

/** Programs that read text. */
export const textCommands: Readonly<Record<string, Known>> = {
  ls,
  stat,
  cut,
  wc: (args, _shell, { input, output }) => {
    if (args.join(' ') !== '-l') throw new NotUnderstood('');
    output(`${input.split('\n').length - 1}\n`);
    return 0;
  },
  cat: (args, { changes }, { input, output }) => {
    if (args.length === 0) output(input);
    for (const path of args) {
      const bytes = path === '-' ? new TextEncoder().encode(input) : changes.read(path);
      if (path.startsWith('-') && path !== '-') throw new NotUnderstood('');
      if (bytes === undefined) return 1;
      output(new TextDecoder().decode(bytes));
    }
    return 0;
  },
  // One substitution: `sed s/a/b/`.
  sed: (args, _shell, { input, output }) => {
    const script = args.length === 2 && args[0] === '-e' ? args[1]! : args.length === 1 ? args[0]! : '';
    const [, pattern, replacement, global] = /^s\/((?:[^\\/]|\\.)+)\/([^\\/&]*)\/(g?)$/.exec(script) ?? [];
    if (pattern === undefined) throw new NotUnderstood('');
    const expression = expressionOf(pattern.replaceAll('\\/', '/'), '');
    const changed = new RegExp(expression.source, `u${global}`);
    for (const line of linesOf(input)) output(`${line.replace(changed, () => replacement!)}\n`);
    return 0;
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
  grep: (args, { changes }, { input, output }) => {
    const { flags, rest } = operands(args, /^-[qvsFEx]+$|^--(quiet|invert-match|fixed-strings)$/);
    const [pattern = '', ...paths] = rest;
    const expression = expressionOf(pattern, flags);
    const texts = paths.length === 0 ? [input] : paths.map((path) => changes.read(path));
    const lines = texts.flatMap((text) =>
      linesOf(typeof text === 'string' ? text : new TextDecoder().decode(text)),
    );
    const found = lines.filter((line) => expression.test(line) !== /-\w*v|invert/.test(flags));
    if (!/-\w*q|quiet/.test(flags)) for (const line of found) output(`${line}\n`);
    return found.length > 0 ? 0 : 1;
  },
};

import { compareVersions, controlBlocks, parseParagraph } from '@pratique/inspect';
import { fileCommands } from './files.ts';
import { overrideCommands } from './overrides.ts';
import { isMatch } from './patterns.ts';
import type { Known, Shell } from './shell.ts';
import { type Streams, textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** deb-version(7) comparisons of dpkg(1): an empty version is earlier than any, with `-nl` later. */
const dpkg = (args: Parameters<Known>[0], shell: Shell, { output }: Streams, stateOf: StateOf): number => {
  const [action, first = '', operator = '', second = ''] = args;
  if (action === '--print-architecture') {
    output(`${shell.variable('DPKG_MAINTSCRIPT_ARCH')}\n`);
    return 0;
  }
  if (action === '-L') {
    const names = args.slice(1);
    if (names.some((name) => !/^[a-z0-9][a-z0-9+.-]*(:\w+)?$/.test(name))) throw new NotUnderstood('');
    const lists = names.map((name) => shell.changes.read(`/var/lib/dpkg/info/${name}.list`));
    const found = lists.flatMap((list) => (list === undefined ? [] : textOf(list)));
    output(found.join('\n'));
    return found.length === names.length ? 0 : 1;
  }
  if (action === '-S' || action === '--search') return search(args.slice(1), shell, output);
  if (action === '-s' || action === '--status') return describe(args.slice(1), shell, output, stateOf);
  if (action !== '--compare-versions') throw new NotUnderstood('');
  const order = compared(first, second, operator.endsWith('-nl'));
  const results: Readonly<Record<string, boolean>> = {
    lt: order < 0,
    '<<': order < 0,
    le: order <= 0,
    '<=': order <= 0,
    eq: order === 0,
    '=': order === 0,
    ne: order !== 0,
    ge: order >= 0,
    '>=': order >= 0,
    gt: order > 0,
    '>>': order > 0,
  };
  const result = results[operator.replace(/-nl$/, '')];
  if (result === undefined) throw new NotUnderstood('');
  return result ? 0 : 1;
};

type Output = Streams['output'];

/** `dpkg -S PATTERN…`: whose a path is. */
function search(patterns: readonly string[], { changes, spend }: Shell, output: Output): number {
  const owners = new Map<string, string[]>();
  const lists = changes.list('/var/lib/dpkg/info').filter(({ path }) => path.endsWith('.list'));
  const found = new Set<string>();
  for (const { path } of lists) {
    const name = path.replace(/^.*\//, '').slice(0, -'.list'.length);
    for (const file of textOf(changes.read(`/${path}`)!).split('\n')) {
      if (file === '') continue;
      for (const pattern of patterns) {
        const isGlob = /[*?[\\]/.test(pattern);
        const matches = isGlob
          ? isMatch(pattern, file, spend)
          : pattern.startsWith('/')
            ? file === pattern
            : file.includes(pattern);
        if (!matches) continue;
        found.add(pattern);
        const names = owners.get(file) ?? [];
        if (!names.includes(name)) owners.set(file, [...names, name]);
      }
    }
  }
  for (const [file, names] of owners) output(`${names.join(', ')}: ${file}\n`);
  return patterns.every((pattern) => found.has(pattern)) && patterns.length > 0 ? 0 : 1;
}

/** `dpkg -s NAME…`: its paragraph in the status, which says how far it has come. */
function describe(names: readonly string[], { changes }: Shell, output: Output, stateOf: StateOf): number {
  if (names.length === 0 || names.some((name) => !/^[a-z0-9][a-z0-9+.-]*$/.test(name)))
    throw new NotUnderstood('');
  const status = textOf(changes.read('/var/lib/dpkg/status') ?? new Uint8Array());
  const blocks = new Map([...controlBlocks(status)].map((one) => [parseParagraph(one).get('package'), one]));
  let code = 0;
  const texts = names.flatMap((name) => {
    const block = blocks.get(name);
    if (block === undefined) code = 1;
    return block === undefined
      ? []
      : [`${block.trim().replace(/^Status: .*$/m, `Status: install ok ${stateOf(name)}`)}\n`];
  });
  output(texts.join('\n'));
  return code;
}

function compared(first: string, second: string, noneIsLater: boolean): number {
  if (first !== '' && second !== '') return compareVersions('deb', first, second);
  const order = first === second ? 0 : first === '' ? -1 : 1;
  return noneIsLater ? -order : order;
}

/** `dpkg-trigger NAME`: what it sets off is done once all scripts have been followed. */
const trigger: Known = (args, { changes }) => {
  const names = args.filter((arg) => !/^--(no-await|await|by-package=.*)$/.test(arg));
  if (args.includes('--check-supported')) return 0;
  if (names.length !== 1 || names[0]!.startsWith('-')) throw new NotUnderstood('');
  changes.activate(names[0]!);
  return 0;
};

/** On a first installation there is no configuration, link or directory of an older version to bring over. */
const maintscript: Known = (args) => {
  const at = args.indexOf('--');
  const [step, old = ''] = args.slice(at + 1);
  if (at < 0 || (step === 'upgrade' && old !== '') || (step === 'configure' && old !== ''))
    throw new NotUnderstood('');
  return 0;
};

/** `ucf NEW DESTINATION`: a configuration file that is there stays. */
const ucf: Known = (args, shell, streams) => {
  const [from, to, ...more] = args.filter((arg, at) => !arg.startsWith('-') && args[at - 1] !== '--sum-file');
  // Of a file that it does not know, there is nothing to forget.
  if (args.includes('--purge') && from !== undefined && to === undefined) return 0;
  if (
    from === undefined ||
    to === undefined ||
    more.length > 0 ||
    args.some((arg) => /^--(purge|src-dir)/.test(arg))
  )
    throw new NotUnderstood('');
  return shell.changes.follow(to) === undefined ? fileCommands.cp!([from, to], shell, streams) : 0;
};

/** `dpkg-query -W -f FORMAT NAME`: fields of a package, and how far it has come. */
const query = (args: Parameters<Known>[0], shell: Shell, { output }: Streams, stateOf: StateOf): number => {
  const rest = args.filter(
    (arg, at) => !/^(-W|--show|-f.*|--showformat.*)$/.test(arg) && args[at - 1] !== '-f',
  );
  const at = args.findIndex((arg) => /^-f|^--showformat=/.test(arg));
  const format =
    at < 0 ? undefined : args[at] === '-f' ? args[at + 1] : args[at]!.replace(/^-f=?|^--showformat=/, '');
  const [name = ''] = rest;
  if (rest.length !== 1 || !/^[a-z0-9][a-z0-9+.-]*(:\w+)?$/.test(name)) throw new NotUnderstood('');
  const status = textOf(shell.changes.read('/var/lib/dpkg/status') ?? new Uint8Array());
  const block = [...controlBlocks(status)].find(
    (one) => parseParagraph(one).get('package') === name.replace(/:.*/, ''),
  );
  if (block === undefined) return 1;
  const fields = parseParagraph(block);
  if (format === undefined || /\\[^n]/.test(format)) throw new NotUnderstood('');
  output(
    format.replaceAll('\\n', '\n').replace(/\$\{([^}]*)\}/g, (_whole, field: string) => {
      if (field === 'Status') return `install ok ${stateOf(fields.get('package')!)}`;
      if (field === 'db:Status-Status') return stateOf(fields.get('package')!);
      if (field === 'db:Status-Want') return 'install';
      if (!/^(Package|Version|Architecture|Source|Section|Maintainer)$/.test(field))
        throw new NotUnderstood('');
      return fields.get(field.toLowerCase()) ?? '';
    }),
  );
  return 0;
};

/** How far a package has come that is in the status of dpkg (dpkg(1)). */
export type StateOf = (name: string) => 'installed' | 'half-configured' | 'unpacked';

/** What dpkg brings for scripts, and ucf. */
export function dpkgCommands(stateOf: StateOf): Readonly<Record<string, Known>> {
  return {
    ...overrideCommands,
    dpkg: (args, shell, streams) => dpkg(args, shell, streams, stateOf),
    ucf,
    'dpkg-maintscript-helper': maintscript,
    'dpkg-query': (args, shell, streams) => query(args, shell, streams, stateOf),
    'dpkg-trigger': trigger,
  };
}

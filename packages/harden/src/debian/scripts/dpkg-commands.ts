import { compareVersions, controlBlocks, parseParagraph } from '@pratique/inspect';
import { fileCommands } from './files.ts';
import { overrideCommands } from './overrides.ts';
import type { Known, Shell } from './shell.ts';
import { type Streams, textOf } from './streams.ts';
import { NotUnderstood } from './syntax.ts';

/** deb-version(7) comparisons of dpkg(1): an empty version is earlier than any, with `-nl` later. */
const dpkg: Known = (args, shell, { output }) => {
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
    dpkg,
    ucf,
    'dpkg-maintscript-helper': maintscript,
    'dpkg-query': (args, shell, streams) => query(args, shell, streams, stateOf),
    'dpkg-trigger': trigger,
  };
}

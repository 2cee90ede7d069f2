import { compareVersions } from '@pratique/inspect';
import { fileCommands, setMode, setOwner } from './files.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/** deb-version(7) comparisons of dpkg(1): an empty version is earlier than any, with `-nl` later. */
const dpkg: Known = ([action, first = '', operator = '', second = ''], shell, { output }) => {
  if (action === '--print-architecture') {
    output(`${shell.variable('DPKG_MAINTSCRIPT_ARCH')}\n`);
    return 0;
  }
  if (action === '-L' && operator === '') {
    const list = shell.changes.read(`/var/lib/dpkg/info/${first}.list`);
    if (list !== undefined) output(new TextDecoder().decode(list));
    return list === undefined ? 1 : 0;
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

/** No override is there; one that is added is made so. */
const statoverride: Known = (args, { changes }) => {
  const rest = args.filter(
    (arg) => !['--quiet', '--force', '--force-all', '--force-statoverride-add'].includes(arg),
  );
  if (rest[0] === '--list') return 1;
  const at = rest.indexOf('--add');
  const [user, group, mode, path] = rest.slice(at + 1);
  if (at < 0 || path === undefined) throw new NotUnderstood('');
  if (!rest.includes('--update')) return 0;
  return setOwner(`${user}:${group}`, path, changes) || setMode(mode!, path, changes);
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
  const [from, to] = args.filter((arg) => !arg.startsWith('-'));
  if (from === undefined || to === undefined || args.some((arg) => /^--(purge|src-dir)/.test(arg)))
    throw new NotUnderstood('');
  return shell.changes.follow(to) === undefined ? fileCommands.cp!([from, to], shell, streams) : 0;
};

/** `dpkg-divert`, asked where files are that packages want to put somewhere. Nothing is diverted anew. */
const divert: Known = ([action, path, ...more], { changes }, { output }) => {
  // Three lines each: the path, where it is diverted to, and for whom.
  const lines = new TextDecoder().decode(changes.read('/var/lib/dpkg/diversions')).split('\n');
  if (action === '--list' && path === undefined) {
    for (let at = 0; at + 2 < lines.length; at += 3)
      output(`diversion of ${lines[at]} to ${lines[at + 1]} by ${lines[at + 2]}\n`);
    return 0;
  }
  if (action !== '--truename' || !path?.startsWith('/') || more.length > 0) throw new NotUnderstood('');
  const at = lines.findIndex((line, index) => index % 3 === 0 && line === path);
  output(`${at < 0 ? path : lines[at + 1]}\n`);
  return 0;
};

/** `dpkg-query` of the package itself, which is not installed yet while `preinst` runs. */
const query: Known = (args, shell) => {
  const name = args.at(-1) ?? '';
  const isFirst = shell.variable('DPKG_MAINTSCRIPT_NAME') === 'preinst';
  const status = new TextDecoder().decode(shell.changes.read('/var/lib/dpkg/status'));
  if (
    !isFirst ||
    name !== shell.variable('DPKG_MAINTSCRIPT_PACKAGE') ||
    status.includes(`Package: ${name}\n`)
  )
    throw new NotUnderstood('');
  return 1;
};

/** What dpkg brings for scripts, and ucf. */
export const dpkgCommands: Readonly<Record<string, Known>> = {
  dpkg,
  ucf,
  'dpkg-divert': divert,
  'dpkg-maintscript-helper': maintscript,
  'dpkg-query': query,
  'dpkg-statoverride': statoverride,
  'dpkg-trigger': trigger,
};

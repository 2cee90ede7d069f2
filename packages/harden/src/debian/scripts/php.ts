import type { Changes } from './changes.ts';
import type { Known } from './shell.ts';
import { NotUnderstood } from './syntax.ts';

/** Options of one letter with and without values, and what is left. */
function parse(args: readonly string[], valued: string, flags: string) {
  const options = new Map<string, string>();
  let at = 0;
  for (; at < args.length && args[at]!.startsWith('-'); at++) {
    const [letter = '', ...more] = args[at]!.slice(1);
    if (valued.includes(letter) && more.length === 0) options.set(letter, args[++at] ?? '');
    else if (flags.includes(letter) && more.length === 0) options.set(letter, '');
    else throw new NotUnderstood('');
  }
  const rest = args.slice(at);
  if ([...options.values(), ...rest].some((value) => /[^\w.-]/.test(value) || value === 'ALL'))
    throw new NotUnderstood('');
  return { options, rest };
}

function namesIn(directory: string, changes: Changes): readonly string[] {
  return changes.list(directory).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
}

function exists(path: string, changes: Changes): boolean {
  return changes.follow(path) !== undefined;
}

/** Where a module is enabled for one way of running PHP, and what that link says. */
function linkOf(version: string, sapi: string, module: string, changes: Changes) {
  const target = `/etc/php/${version}/mods-available/${module}.ini`;
  const text = new TextDecoder().decode(changes.read(target));
  const priority = /^;\s*priority\s*=\s*(\d+)\s*$/m.exec(text)?.[1] ?? '20';
  return { target, link: `/etc/php/${version}/${sapi}/conf.d/${priority}-${module}.ini` };
}

/** `phpquery`: versions (`-V`), ways of running one (`-S`), its modules (`-M`), or whether one is enabled (`-m`). */
const phpquery: Known = (args, { changes }, { output }) => {
  const { options, rest } = parse(args, 'vsm', 'VSMq');
  const [version = '', sapi = '', module] = ['v', 's', 'm'].map((letter) => options.get(letter));
  if (rest.length > 0) throw new NotUnderstood('');
  const say = (names: readonly string[]): number => {
    for (const name of names) output(`${name}\n`);
    return 0;
  };
  if (options.has('V'))
    return say(
      namesIn('/usr/lib/php', changes)
        .filter((name) => /^\d\.\d$/.test(name))
        .reverse(),
    );
  if (options.has('S')) return say(namesIn(`/usr/lib/php/${version}/sapi`, changes));
  if (options.has('M')) return say(namesIn(`/var/lib/php/modules/${version}/registry`, changes));
  if (module === undefined || !exists(`/usr/lib/php/${version}/sapi/${sapi}`, changes))
    throw new NotUnderstood('');
  const { target, link } = linkOf(version, sapi, module, changes);
  if (!exists(target, changes)) return 1;
  const there = changes.at(link);
  if (there !== undefined) return there.linkname === target ? 0 : 34;
  const state = `/var/lib/php/modules/${version}/${sapi}`;
  if (exists(`${state}/disabled_by_admin/${module}`, changes)) return 32;
  return exists(`${state}/disabled_by_maint/${module}`, changes) ? 33 : 1;
};

/** `phpenmod`: a link to the module’s settings for each way of running PHP, and a mark of who made it. */
const phpenmod: Known = (args, { changes }) => {
  const { options, rest } = parse(args, 'vs', 'mqr');
  const version = options.get('v');
  if (version === undefined) throw new NotUnderstood('');
  const sapi = options.get('s');
  const sapis = sapi === undefined ? namesIn(`/usr/lib/php/${version}/sapi`, changes) : [sapi];
  for (const module of rest) {
    for (const one of sapis) {
      const { target, link } = linkOf(version, one, module, changes);
      const state = `/var/lib/php/modules/${version}/${one}`;
      const isDisabled = ['admin', 'maint'].some((by) =>
        exists(`${state}/disabled_by_${by}/${module}`, changes),
      );
      if (!exists(target, changes) || !exists(link.replace(/\/[^/]*$/, ''), changes)) continue;
      if (isDisabled || (changes.at(link) !== undefined && changes.at(link)?.linkname !== target))
        throw new NotUnderstood('');
      if (changes.at(link) === undefined) changes.makeLink(link, target);
      if (exists(`${state}/enabled_by_admin/${module}`, changes)) continue;
      touch(`${state}/enabled_by_${options.has('m') ? 'maint' : 'admin'}/${module}`, changes);
    }
    if (options.has('r')) touch(`/var/lib/php/modules/${version}/registry/${module}`, changes);
  }
  return 0;
};

/** An empty file, with the directories above it. */
function touch(path: string, changes: Changes): void {
  const names = path.split('/').slice(1, -1);
  for (const [index] of names.entries()) {
    const directory = `/${names.slice(0, index + 1).join('/')}`;
    if (!exists(directory, changes)) changes.makeDirectory(directory);
  }
  if (!exists(path, changes)) changes.write(path, new Uint8Array());
}

/** Which modules of PHP are used by which way of running it (php-helper of Debian’s php-common). */
export const phpCommands: Readonly<Record<string, Known>> = { phpquery, phpenmod };

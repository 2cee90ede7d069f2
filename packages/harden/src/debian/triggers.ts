import { printable } from '@pratique/errors';
import { type FileSystem, type LayerEntry, mergeLayers } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { layerOf, metadata, textAt } from '../image/entries.ts';
import type { InstalledPackage } from '../strip/installed.ts';
import type { StripPlan } from '../strip/plan.ts';
import type { NotMadeBy, SkippedScript } from './install.ts';
import { Changes } from './scripts/changes.ts';
import { emulated, followTriggered, type Maintained } from './scripts/maintainer.ts';

/** What a package says about triggers (deb-triggers(5)). */
export interface Triggers {
  /** Names of triggers, and paths of which every change is one. */
  readonly interests: readonly { readonly name: string; readonly noawait: boolean }[];
  /** Names that every change of the package itself sets off. */
  readonly activates: readonly string[];
}

/** @throws DEB_INVALID */
export function parseTriggers(text: string, name: string): Triggers {
  const interests: Triggers['interests'][number][] = [];
  const activates: string[] = [];
  for (const whole of text.split('\n')) {
    const line = whole.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [, directive, wait, trigger] =
      /^(interest|activate)(-await|-noawait)?\s+([\x21-\x7e]+)$/.exec(line) ?? [];
    if (trigger === undefined)
      throw hardenErrors.error('DEB_INVALID', {
        message: `the package ${printable(name)} has a line about triggers that is none: ${printable(line, 120)}`,
      });
    if (directive === 'activate') activates.push(trigger);
    else interests.push({ name: trigger, noawait: wait === '-noawait' });
  }
  return { interests, activates };
}

/** A package that is in the image now. */
export interface TriggeredPackage extends Maintained {
  /** As dpkg’s records of triggers name it: with the architecture where there may be several. */
  readonly recordName: string;
  readonly triggers: Triggers;
  /** Configured just now, when all files were there: changes of files tell it nothing new. */
  readonly isFresh: boolean;
}

/** What set triggers off. */
export interface Activations {
  /** Paths that were changed, each with a slash at its beginning. */
  readonly paths: readonly string[];
  readonly names: ReadonlySet<string>;
}

/**
 * Triggers of a package that only make what an image does without: the index of manuals, menus, caches of icons and of
 * desktops, byte code, what services and machines that boot read.
 */
const notNeeded: readonly { readonly package: RegExp; readonly trigger: RegExp }[] = [
  {
    package:
      /^(man-db|menu|hicolor-icon-theme|desktop-file-utils|gnome-menus|bamfdaemon|install-info|mandoc)$/,
    trigger: /^/,
  },
  { package: /^(initramfs-tools|dracut|linux-base|udev|dbus|runit|rsyslog|procps)$/, trigger: /^/ },
  { package: /^(pypy3?|python3(\.\d+)?(-minimal)?)$/, trigger: /^/ },
  // Not those about users, and about directories and links.
  {
    package: /^systemd$/,
    trigger: /\/systemd\/(system|user|catalog)$|\/(init\.d|udev\/\w+|sysctl\.d|binfmt\.d)$|^libc-upgrade$/,
  },
  { package: /^nginx(-common)?$/, trigger: /^nginx-reload$/ },
];

/** Packages whose interests were set off, each with the names of what did it, as dpkg would tell its script. */
export function triggered(
  packages: readonly TriggeredPackage[],
  { paths, names }: Activations,
): ReadonlyMap<TriggeredPackage, readonly string[]> {
  const found = new Map<TriggeredPackage, readonly string[]>();
  for (const one of packages) {
    const own = one.triggers.interests
      .map(({ name }) => name)
      .filter((name) =>
        name.startsWith('/') ? !one.isFresh && paths.some((path) => isWithin(path, name)) : names.has(name),
      )
      .filter(
        (trigger) => !notNeeded.some((known) => known.package.test(one.name) && known.trigger.test(trigger)),
      );
    if (own.length > 0) found.set(one, own);
  }
  return found;
}

/** What a package that was there before says about triggers, and its script. */
export function installedTriggers(
  fileSystem: FileSystem,
  { name, version, architecture, records }: InstalledPackage,
): TriggeredPackage {
  const at = (kind: string) => records.find((path) => path.endsWith(`.${kind}`)) ?? '';
  const read = (kind: string) => textAt(fileSystem, at(kind));
  const recordName = at('list')
    .replace(/^.*\//, '')
    .replace(/\.list$/, '');
  const triggers = parseTriggers(read('triggers'), name);
  return { name, recordName, isFresh: false, triggers, old: version, architecture, read };
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

const maxRounds = 10;

export interface TriggersResult {
  readonly fileSystem: FileSystem;
  readonly skipped: readonly SkippedScript[];
  readonly notMade: readonly NotMadeBy[];
}

/**
 * Does what triggers would have: the script of each package whose interest was set off is followed as
 * `postinst triggered NAMES`. What one sets off is done after it. Those of `notNeeded` are left out, and told.
 *
 * @throws DEB_TRIGGER_UNKNOWN where a script does what is not known here
 */
export function runTriggers(
  fileSystem: FileSystem,
  packages: readonly TriggeredPackage[],
  activations: Activations,
  notNeeded: readonly string[],
): TriggersResult {
  const changes = new Changes(fileSystem);
  const skipped: SkippedScript[] = [];
  const notMade: NotMadeBy[] = [];
  const refused = new Map<string, string>();
  const followed = packages.filter(({ name }) => !emulated.has(name));
  let pending = triggered(followed, activations);
  for (let round = 0; pending.size > 0; round++) {
    for (const [one, own] of pending) {
      const { name } = one;
      const isNotNeeded = notNeeded.includes(name);
      if (isNotNeeded) skipped.push({ package: name, script: `postinst triggered ${own.join(' ')}` });
      const why =
        round === maxRounds
          ? 'triggers set each other off without end'
          : isNotNeeded
            ? null
            : followTriggered(own, one, changes);
      notMade.push(...changes.takeNotMade().map((left) => ({ package: name, ...left })));
      if (why !== null) refused.set(name, `${name} (trigger ${own.join(' ')}: ${why})`);
    }
    if (refused.size > 0) throw triggersUnknown(refused);
    pending = triggered(followed, { paths: [], names: changes.takeActivated() });
  }
  const layers = changes.layers();
  return {
    fileSystem: layers.length === 0 ? fileSystem : mergeLayers([...fileSystem.layers, ...layers]),
    skipped,
    notMade,
  };
}

/**
 * What a strip sets off in packages that stay, done to what is left: files of which they want to hear are gone.
 *
 * @throws DEB_TRIGGER_UNKNOWN
 */
export function runStripTriggers(
  fileSystem: FileSystem,
  { database, staying, removals }: Pick<StripPlan, 'database' | 'staying' | 'removals'>,
  notNeeded: readonly string[],
): TriggersResult {
  const packages =
    database?.manager === 'dpkg' ? staying.map((one) => installedTriggers(fileSystem, one)) : [];
  const activations = { paths: removals.map(({ path }) => `/${path}`), names: new Set<string>() };
  if (triggered(packages, activations).size === 0) return { fileSystem, skipped: [], notMade: [] };
  const gone = removals.map(({ path }): LayerEntry => ({ ...metadata, path, type: 'whiteout' }));
  return runTriggers(mergeLayers([...fileSystem.layers, layerOf(gone)]), packages, activations, notNeeded);
}

function triggersUnknown(refused: ReadonlyMap<string, string>) {
  const names = [...refused.keys()].join(', ');
  return hardenErrors.error('DEB_TRIGGER_UNKNOWN', {
    message: `triggers of ${names} were set off, which do what is not known here`,
    expected: 'triggers that do what is known here, or what an image does without',
    found: printable([...refused.values()].join('; '), 600),
    remedy: `If the image works without, set add.scriptsNotNeeded: [${names}].`,
  });
}

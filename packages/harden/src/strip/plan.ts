import { printable } from '@pratique/errors';
import type { FileNode, FileSystem } from '@pratique/inspect';
import type { Relation } from '../debian/relations.ts';
import { hardenErrors } from '../errors.ts';
import { type MissingLibrary, type Reachable, type RunContext, reach } from '../reach/closure.ts';
import { elfOf, LibrarySearch } from '../reach/libraries.ts';
import { directoryOf } from '../reach/resolve.ts';
import { whyRpmIsUntouched } from '../rpm/installed.ts';
import { type InstalledPackage, type PackageDatabase, readDatabase } from './installed.ts';
import { junkKind, type Profile, unwanted } from './profile.ts';

export interface StripOptions {
  readonly profile: Profile;
  /** `package`: whole packages. `file`: also files of kept packages that nothing needs. */
  readonly mode: 'package' | 'file';
  /** Paths and globs (`*`, `/**` at the end) that stay, with all that they need. */
  readonly keep: readonly string[];
}

/** A path that goes, and why. */
export interface Removal {
  readonly path: string;
  readonly size: number;
  readonly reason: string;
  /** The package it was of. */
  readonly package: string | null;
}

/** A package, and why it stays or goes. */
export interface PackageVerdict {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

/** What a strip takes out of an image. Nothing is changed yet. */
export interface StripPlan {
  readonly database: PackageDatabase | null;
  /** The packages that stay, as `kept` gives the reasons for. */
  readonly staying: readonly InstalledPackage[];
  readonly kept: readonly PackageVerdict[];
  readonly removed: readonly PackageVerdict[];
  readonly removals: readonly Removal[];
  /** Kept files whose setuid, setgid bits or capabilities are taken. */
  readonly bits: readonly string[];
  /** Libraries that kept files lacked before already. */
  readonly missing: readonly MissingLibrary[];
  readonly mayRunShell: readonly string[];
  /** What `keep` names and is not in the image. */
  readonly keepUnmatched: readonly string[];
  /** Why no package was looked at though there are some; null where they were, and where there are none. */
  readonly untouched: string | null;
}

/**
 * Decides what an image can do without. A package goes only when nothing reachable is in it, and no kept package needs
 * it unless the profile wants it gone; then its record goes with it, and not otherwise. Afterwards every remaining ELF
 * file must find the libraries that it found before: packages are taken back until that is so.
 *
 * @throws HARDEN_ROOT_UNRESOLVED, HARDEN_LIBRARY_MISSING, HARDEN_DATABASE_INVALID
 */
export function planStrip(fileSystem: FileSystem, run: RunContext, options: StripOptions): StripPlan {
  const database = readDatabase(fileSystem);
  const packages = database?.packages ?? [];
  const owners = ownersOf(packages);
  const records = new Set(packages.flatMap((one) => one.records));
  const unowned = [...fileSystem.nodes()].filter(({ path }) => !owners.has(path) && !records.has(path));
  const programs = unowned.filter(isProgram);
  const isSaid = [run.entrypoint, run.cmd, run.healthcheck, options.keep].some(({ length }) => length > 0);
  const mayGo = packages.length > 0 || options.mode === 'file';
  if (mayGo && !isSaid && programs.length === 0 && options.profile !== 'keep-shell')
    throw hardenErrors.error('HARDEN_ROOT_UNRESOLVED', {
      message: 'nothing says what the image runs, so that nearly all of it would go',
      expected: 'an entrypoint or a command of the base, `run` in the settings, or paths under `strip.keep`',
      found: 'none',
      remedy: 'Set run.entrypoint, strip.keep, or strip.profile: keep-shell for a base that others build on.',
    });
  const needs = reach(fileSystem, run, options.keep, programs);
  const kept = keptPackages(packages, owners, needs, options.profile);
  takeBack(fileSystem, owners, kept, options.mode, needs);

  const removals: Removal[] = [];
  const stays = (node: FileNode): boolean => {
    const why = removalReason(node, owners.get(node.path), kept, needs, options.mode);
    if (why === null) return true;
    removals.push({
      path: node.path,
      size: node.size,
      reason: why,
      package: owners.get(node.path)?.[0]?.name ?? null,
    });
    return false;
  };
  const left = new Set<string>();
  for (const node of fileSystem.nodes()) {
    if (node.type !== 'directory' && !records.has(node.path) && stays(node)) left.add(node.path);
  }
  // A package with a file that stays for another reason keeps its record: nothing that is there is hidden from scanners.
  // rpm lets several packages have the same file; one that is left of those is enough.
  const isCovered = (path: string) =>
    database?.manager === 'rpm' && owners.get(path)!.some((owner) => kept.has(owner));
  for (const one of packages) {
    const staying = kept.has(one) ? undefined : one.files.find((path) => left.has(path) && !isCovered(path));
    if (staying !== undefined) kept.set(one, `${staying} stays: ${needs.because.get(staying) ?? 'shared'}`);
  }
  for (const one of packages) {
    if (kept.has(one)) continue;
    for (const path of one.records)
      removals.push({
        path,
        size: fileSystem.get(path)?.size ?? 0,
        reason: 'record of a removed package',
        package: one.name,
      });
  }
  for (const path of database?.obsolete ?? [])
    removals.push({
      path,
      size: fileSystem.get(path)?.size ?? 0,
      reason: 'the package database is written anew',
      package: null,
    });
  removals.push(...danglingLinks(fileSystem, left, owners, needs));
  for (const { path } of removals) left.delete(path);
  for (const one of packages) if (kept.has(one)) for (const path of one.records) left.add(path);
  removals.push(...emptied(fileSystem, left, needs));
  const bits = [...left].filter((path) => {
    const node = fileSystem.get(path)!;
    return (node.mode & 0o6000) !== 0 || node.xattrs?.has('security.capability') === true;
  });
  const verdict = ({ name, version }: InstalledPackage, reason: string): PackageVerdict => ({
    name,
    version,
    reason,
  });
  return {
    database,
    staying: packages.filter((one) => kept.has(one)),
    kept: packages.flatMap((one) => (kept.has(one) ? [verdict(one, kept.get(one)!)] : [])),
    removed: packages.flatMap((one) =>
      kept.has(one) ? [] : [verdict(one, unwanted(one.name, options.profile) ?? 'nothing needs it')],
    ),
    removals: removals.sort((a, b) => (a.path < b.path ? -1 : 1)),
    bits,
    missing: needs.missing,
    mayRunShell: needs.mayRunShell,
    keepUnmatched: needs.unmatched,
    untouched: database === null ? whyRpmIsUntouched(fileSystem) : null,
  };
}

/** Brought by no package, and runs: what somebody put there to be used. */
function isProgram(node: FileNode): boolean {
  if (node.type !== 'file' || junkKind(node.path) !== null) return false;
  if (/^(etc|var\/lib\/(dpkg|apt|pam|systemd)|var\/cache)\//.test(node.path)) return false;
  return (node.mode & 0o111) !== 0 || elfOf(node) !== null;
}

/** The packages that brought a path: rpm lets several have the same file. */
type Owners = ReadonlyMap<string, readonly InstalledPackage[]>;

function ownersOf(packages: readonly InstalledPackage[]): Owners {
  const owners = new Map<string, InstalledPackage[]>();
  for (const one of packages) {
    for (const path of one.files) {
      const all = owners.get(path);
      if (all === undefined) owners.set(path, [one]);
      else all.push(one);
    }
  }
  return owners;
}

/** Packages that stay, and why. */
function keptPackages(
  packages: readonly InstalledPackage[],
  owners: Owners,
  { because, byRule }: Reachable,
  profile: Profile,
): Map<InstalledPackage, string> {
  const kept = new Map<InstalledPackage, string>();
  const queue: InstalledPackage[] = [];
  const keep = (one: InstalledPackage, reason: string): void => {
    if (kept.has(one)) return;
    kept.set(one, reason);
    queue.push(one);
  };
  for (const [path, reason] of because) {
    if (reason === 'every image') continue;
    for (const owner of owners.get(path) ?? []) {
      if (byRule.has(path) && unwanted(owner.name, profile) !== null) continue;
      keep(owner, `${path}: ${reason}`);
    }
  }
  if (profile !== 'distroless') {
    for (const one of packages)
      if (one.essential && unwanted(one.name, profile) === null) keep(one, 'essential');
  }
  for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
    for (const group of one.depends) {
      // All that would do are kept of one group: which of them was meant cannot be known.
      for (const needed of packages.filter((candidate) =>
        group.some((relation) => isFor(candidate, relation)),
      )) {
        if (unwanted(needed.name, profile) === null) keep(needed, `${one.name} needs it`);
      }
    }
  }
  return kept;
}

function isFor({ name, provides }: InstalledPackage, relation: Relation): boolean {
  return name === relation.name || provides.flat().some((provided) => provided.name === relation.name);
}

/** Why a path goes; null where it stays. */
function removalReason(
  node: FileNode,
  owners: readonly InstalledPackage[] | undefined,
  kept: ReadonlyMap<InstalledPackage, string>,
  { because, byRule }: Reachable,
  mode: StripOptions['mode'],
): string | null {
  const owner = owners?.[0];
  const isKept = owners?.some((one) => kept.has(one)) === true;
  const ofNobody = owner !== undefined && !isKept && byRule.has(node.path);
  if (because.has(node.path) && !ofNobody) return null;
  const junk = junkKind(node.path);
  if (junk !== null) return junk;
  if (owner === undefined) return null;
  if (!isKept) return `package ${owner.name} is removed`;
  if (/(^|\/)copyright$/.test(node.path)) return null;
  return mode === 'file' ? 'nothing needs it' : null;
}

/** Links of nobody that led to something which goes. */
function danglingLinks(
  fileSystem: FileSystem,
  left: ReadonlySet<string>,
  owners: Owners,
  { because }: Reachable,
): readonly Removal[] {
  return [...left].flatMap((path) => {
    const node = fileSystem.get(path)!;
    if (node.type !== 'symlink' || owners.has(path) || because.has(path)) return [];
    const target = fileSystem.resolve(path);
    if (target === undefined || target.type === 'directory' || left.has(target.path)) return [];
    return [{ path, size: 0, reason: `leads to /${target.path}, which is removed`, package: null }];
  });
}

/** Directories with nothing left in them, that had something: but for the places programs expect. */
function emptied(
  fileSystem: FileSystem,
  left: ReadonlySet<string>,
  { because }: Reachable,
): readonly Removal[] {
  const full = new Set<string>();
  for (const path of left)
    for (let above = directoryOf(path); above !== ''; above = directoryOf(above)) full.add(above);
  const expected = /^[^/]+$|^var\/[^/]+$|^usr\/[^/]+$|^usr\/local\/[^/]+$|^etc\/[^/]+$/;
  const had = new Set<string>();
  for (const { path, type } of fileSystem.nodes())
    if (type !== 'directory')
      for (let above = directoryOf(path); above !== ''; above = directoryOf(above)) had.add(above);
  return [...fileSystem.nodes()].flatMap(({ path, type }) =>
    type === 'directory' && had.has(path) && !full.has(path) && !because.has(path) && !expected.test(path)
      ? [{ path, size: 0, reason: 'nothing is left in it', package: null }]
      : [],
  );
}

/** Keeps the owners of libraries that remaining files would lack, and what these need, until none lacks any. */
function takeBack(
  fileSystem: FileSystem,
  owners: Owners,
  kept: Map<InstalledPackage, string>,
  mode: StripOptions['mode'],
  needs: Reachable,
): void {
  const search = new LibrarySearch(fileSystem);
  const examined = new Set<string>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of fileSystem.nodes()) {
      if (node.type !== 'file' || examined.has(node.path)) continue;
      if (removalReason(node, owners.get(node.path), kept, needs, mode) !== null) continue;
      examined.add(node.path);
      const elf = elfOf(node);
      for (const library of elf?.needed ?? []) {
        for (const { node: found } of search.find(library, node, elf!)) {
          const all = owners.get(found.path);
          if (all === undefined || all.some((owner) => kept.has(owner))) continue;
          for (const owner of all) kept.set(owner, `${node.path} needs ${library}`);
          changed = true;
        }
      }
    }
  }
}

/** What a strip would leave without a library that it had, for a last look at the result. @throws HARDEN_STRIP_UNSAFE */
export function checkStripped(before: FileSystem, left: (path: string) => boolean): void {
  const search = new LibrarySearch(before);
  for (const node of before.nodes()) {
    if (node.type !== 'file' || !left(node.path)) continue;
    const elf = elfOf(node);
    for (const library of elf?.needed ?? []) {
      const lost = search
        .find(library, node, elf!)
        .find(({ node: found, links }) => [found, ...links].some(({ path }) => !left(path)));
      if (lost === undefined) continue;
      throw hardenErrors.error('HARDEN_STRIP_UNSAFE', {
        message: `${printable(node.path, 200)} would lose ${printable(library, 120)}`,
        expected: printable(lost.node.path, 200),
        found: 'removed',
      });
    }
  }
}

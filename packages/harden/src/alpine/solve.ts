import { compareVersions } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { dependencyUnmet } from '../fetch/unmet.ts';
import { type ApkDependency, type ApkProvision, acceptsApk, dependencyText } from './dependencies.ts';
import type { ApkPackage } from './index-file.ts';

/** What decides who needs whom. */
export interface ApkNode {
  readonly name: string;
  readonly version: string;
  readonly depends: readonly ApkDependency[];
  readonly provides: readonly ApkProvision[];
}

/**
 * The packages to install so that the wanted ones work, as apk does without `install_if`: newest versions; of several
 * that provide something the one of that name, then one that is installed, then the one of the highest priority, then the
 * first by name. What is asked for by name is brought up to date, what is only needed may stay as it is; what an upgrade
 * leaves without something it needs is upgraded with it. No search over combinations: in one release the newest of
 * everything fits together.
 *
 * @throws DEPENDENCY_UNMET
 */
export function solveApk(
  wanted: readonly ApkDependency[],
  installed: readonly ApkNode[],
  available: readonly ApkPackage[],
): readonly ApkPackage[] {
  const byName = providersOf(available);
  const before = new Map(installed.map((one) => [one.name, one]));
  const chosen = new Map<string, ApkPackage>();
  const present = () => [...[...before.values()].filter(({ name }) => !chosen.has(name)), ...chosen.values()];
  const queue: { readonly dependency: ApkDependency; readonly needer: string | null }[] = wanted.map(
    (dependency) => ({ dependency, needer: null }),
  );
  for (;;) {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { dependency, needer } = next;
      if (dependency.conflict) continue;
      const there = needer === null ? [...chosen.values()] : present();
      if (there.some((one) => satisfies(one, dependency))) continue;
      const best = (byName.get(dependency.name) ?? [])
        .filter((one) => satisfies(one, dependency))
        .sort((a, b) => preference(a, b, dependency, before))[0];
      if (best === undefined) {
        // Nothing newer, and what is there will do.
        if (present().some((one) => satisfies(one, dependency))) continue;
        throw unmet(dependency, needer);
      }
      const known = chosen.get(best.name);
      if (known !== undefined) throw unmet(dependency, needer, `${known.name} ${known.version}`);
      chosen.set(best.name, best);
      queue.push(...best.depends.map((one) => ({ dependency: one, needer: best.name })));
    }
    const broken = firstBroken([...before.values()], present());
    if (broken === undefined) break;
    const { needer, dependency } = broken;
    const newer = (byName.get(needer.name) ?? []).filter(
      (one) => one.name === needer.name && !chosen.has(one.name) && one.version !== needer.version,
    );
    if (newer.length === 0) throw unmet(dependency, needer.name);
    const version = newer.reduce((a, b) =>
      compareVersions('apk', a.version, b.version) > 0 ? a : b,
    ).version;
    queue.push({
      dependency: { name: needer.name, conflict: false, version: { operator: '=', value: version } },
      needer: null,
    });
  }
  refuseConflicts(present(), new Set(chosen.keys()));
  return [...chosen.values()]
    .filter(({ name, version }) => before.get(name)?.version !== version)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function providersOf(available: readonly ApkPackage[]): ReadonlyMap<string, readonly ApkPackage[]> {
  const byName = new Map<string, ApkPackage[]>();
  for (const one of available) {
    for (const name of new Set([one.name, ...one.provides.map((provided) => provided.name)])) {
      const list = byName.get(name);
      if (list === undefined) byName.set(name, [one]);
      else list.push(one);
    }
  }
  return byName;
}

/** A provision without a version meets no dependency with one. */
function satisfies({ name, version, provides }: ApkNode, dependency: ApkDependency): boolean {
  if (name === dependency.name && acceptsApk(dependency, version)) return true;
  return provides.some(
    (provided) =>
      provided.name === dependency.name &&
      (provided.version === null ? dependency.version === null : acceptsApk(dependency, provided.version)),
  );
}

function preference(
  a: ApkPackage,
  b: ApkPackage,
  { name }: ApkDependency,
  before: ReadonlyMap<string, unknown>,
): number {
  const rank = (one: ApkPackage) => Number(one.name === name) * 2 + Number(before.has(one.name));
  if (rank(a) !== rank(b)) return rank(b) - rank(a);
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return compareVersions('apk', b.version, a.version);
}

/** Something that stays and had what it needs before, and has not now. */
function firstBroken(before: readonly ApkNode[], now: readonly ApkNode[]) {
  for (const needer of before) {
    if (!now.includes(needer)) continue;
    for (const dependency of needer.depends) {
      if (dependency.conflict) continue;
      const had = before.some((one) => satisfies(one, dependency));
      if (had && !now.some((one) => satisfies(one, dependency))) return { needer, dependency };
    }
  }
  return undefined;
}

/** A conflict that one of the chosen takes part in; what was there before is none of ours. */
function refuseConflicts(present: readonly ApkNode[], chosen: ReadonlySet<string>): void {
  for (const one of present) {
    for (const dependency of one.depends) {
      if (!dependency.conflict) continue;
      const other = present.find((it) => it.name !== one.name && satisfies(it, dependency));
      if (other === undefined || !(chosen.has(one.name) || chosen.has(other.name))) continue;
      throw hardenErrors.error('DEPENDENCY_UNMET', {
        message: `${one.name} cannot be together with ${other.name}`,
        expected: dependencyText(dependency),
        found: `${other.name} ${other.version}`,
      });
    }
  }
}

function unmet(dependency: ApkDependency, needer: string | null, found?: string) {
  return dependencyUnmet(dependencyText(dependency), needer, found);
}

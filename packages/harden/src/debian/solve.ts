import { compareVersions } from '@pratique/inspect';
import { dependencyUnmet } from '../fetch/unmet.ts';
import type { AptPackage, PackageIndex } from './package-index.ts';
import { acceptsVersion, type Relation, type Relations, relationText } from './relations.ts';

/** What is in an image already: name, version and what it provides, of every installed package. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  readonly provides: Relations;
}

/**
 * The packages to install so that the wanted ones work: newest versions, first alternatives first, providers where no
 * package has the name, what is installed already where it will do. As apt does without recommendations; no search
 * over combinations, since within one suite the newest of everything fits together.
 *
 * @throws DEPENDENCY_UNMET
 */
export function solve(
  wanted: readonly Relation[],
  installed: readonly Installed[],
  indexes: readonly PackageIndex[],
): readonly AptPackage[] {
  const chosen = new Map<string, AptPackage>();
  const standing = new Map(installed.map((one) => [one.name, one]));
  const visit = (alternatives: readonly Relation[], needer: string | null): void => {
    const isMet = alternatives.some((relation) => {
      // What is asked for by name is brought up to date; what is only needed may stay as it is.
      const there = [...chosen.values(), ...(needer === null ? [] : standing.values())];
      return there.some((one) => satisfies(one, relation));
    });
    if (isMet) return;
    const next = alternatives
      .map((relation) => newest(relation, indexes))
      .find((found) => found !== undefined);
    if (next === undefined) throw unmet(alternatives, needer);
    const known = chosen.get(next.name);
    if (known !== undefined) throw unmet(alternatives, needer, `${known.name} ${known.version}`);
    chosen.set(next.name, next);
    for (const group of next.depends) visit(group, next.name);
  };
  for (const relation of wanted) visit([relation], null);
  return [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether an installed or chosen package is what a relation asks for, by its name or by what it provides. */
function satisfies({ name, version, provides }: Installed, relation: Relation): boolean {
  if (name === relation.name) return acceptsVersion(relation, version);
  return provides.flat().some((provided) => {
    if (provided.name !== relation.name) return false;
    // Debian Policy §7.5: a provision without a version meets no relation with one.
    return (
      relation.version === null ||
      (provided.version !== null && acceptsVersion(relation, provided.version.value))
    );
  });
}

function newest(relation: Relation, indexes: readonly PackageIndex[]): AptPackage | undefined {
  const own = indexes.flatMap((index) => index.versions(relation.name));
  const candidates = own.length > 0 ? own : indexes.flatMap((index) => index.providers(relation.name));
  return candidates
    .filter((candidate) => satisfies(candidate, relation))
    .reduce<AptPackage | undefined>((best, candidate) => {
      if (best === undefined) return candidate;
      // Among providers of different names the first by name, so that the same question has the same answer.
      if (candidate.name !== best.name) return candidate.name < best.name ? candidate : best;
      return compareVersions('deb', candidate.version, best.version) > 0 ? candidate : best;
    }, undefined);
}

function unmet(alternatives: readonly Relation[], needer: string | null, found?: string) {
  return dependencyUnmet(alternatives.map(relationText).join(' | '), needer, found);
}

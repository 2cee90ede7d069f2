import type { Package } from '@pratique/inspect';
import type { PackageRule, PolicyParameters } from '../trust/parameters.ts';
import type { PackageFact } from '../types.ts';
import { inspect } from './inspect.ts';
import { matchesWildcard } from './wildcard.ts';

/** Packages of one image; real ones have up to a few thousand. */
const maxPackages = 50_000;

/** The parameters that select packages. */
export type PackageRules = Pick<PolicyParameters, 'packages' | 'exceptions'>;

/** What a bill of materials lists, or why that is not known. */
export interface PackagesRead {
  readonly packages: readonly PackageFact[] | null;
  /** Why there are no packages; null where there are. */
  readonly problem: string | null;
}

/** The packages of an SBOM attestation's predicate, each with the rules that select it. Never throws. */
export function readPackages(document: unknown, rules: PackageRules): PackagesRead {
  try {
    const { packages, unknown } = inspect().readSbomDocument(document);
    if (packages.length > maxPackages) return unreadable(`it lists more than ${maxPackages} packages`);
    if (packages.length === 0 && unknown > 0) return unreadable('none of its packages has a package URL');
    return { packages: packages.map((one) => packageFact(one, rules)), problem: null };
  } catch (error) {
    if (error instanceof Error && error.name === 'PratiqueError') return unreadable(error.message);
    throw error;
  }
}

const unreadable = (problem: string): PackagesRead => ({ packages: null, problem });

function packageFact(one: Package, rules: PackageRules): PackageFact {
  const { type, name, version, purl, licenses, supplier = null } = one;
  const selecting = (kind: 'deny' | 'allow') =>
    rules.packages[kind].flatMap((rule, index) => (selects(rule, one) ? [`${kind}[${index}]`] : []));
  const excepted = rules.exceptions.filter(
    (exception) => exception.vulnerability === null && matchesWildcard(exception.package ?? '*', name),
  );
  return {
    type,
    name,
    version,
    purl,
    licenses,
    supplier,
    rules: [...selecting('deny'), ...selecting('allow'), ...excepted.map(({ entry }) => entry)],
  };
}

/** Whether everything the rule says holds for the package. */
export function selects(rule: PackageRule, one: Package): boolean {
  const { type, name, version, purl, license, supplier } = rule;
  return (
    (type === null || type === one.type) &&
    (name === null || matchesWildcard(name, one.name) || matchesWildcard(name, one.source?.name ?? '\0')) &&
    (purl === null || matchesWildcard(purl, one.purl)) &&
    (license === null ||
      one.licenses.some((text) => licenceTerms(text).some((term) => matchesWildcard(license, term)))) &&
    (supplier === null || (one.supplier !== undefined && matchesWildcard(supplier, one.supplier))) &&
    version.every(({ operator, version: bound }) =>
      inspect().satisfies(one.type, one.version, operator, bound),
    )
  );
}

/** The licences an SPDX expression names (SPDX 2.3, annex D), and the expression itself. */
function licenceTerms(expression: string): readonly string[] {
  const terms = expression.split(/[\s()]+/).filter((word) => !/^(?:AND|OR|WITH)?$/.test(word));
  return [expression, ...terms];
}

import type { Package, UnidentifiedComponent } from '@pratique/inspect';
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
    const { packages, unidentified } = inspect().readSbomDocument(document);
    const all = [...packages, ...unidentified];
    if (all.length > maxPackages) return unreadable(`it lists more than ${maxPackages} packages`);
    if (packages.length === 0 && unidentified.length > 0)
      return unreadable('none of its packages has a package URL');
    return { packages: all.map((one) => packageFact(one, rules)), problem: null };
  } catch (error) {
    if (error instanceof Error && error.name === 'PratiqueError') return unreadable(error.message);
    throw error;
  }
}

const unreadable = (problem: string): PackagesRead => ({ packages: null, problem });

type Component = Package | UnidentifiedComponent;

function packageFact(one: Component, rules: PackageRules): PackageFact {
  const { type = null, name, version = null, purl = null, licenses, supplier = null } = one;
  const answering = (kind: 'deny' | 'allow', wanted: Selected) =>
    rules.packages[kind].flatMap((rule, index) =>
      selects(rule, one) === wanted ? [`${kind}[${index}]`] : [],
    );
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
    rules: [...answering('deny', 'yes'), ...answering('allow', 'yes'), ...excepted.map(({ entry }) => entry)],
    undecided: answering('deny', 'unknown'),
  };
}

/** Whether a rule selects a package; `unknown` where what it asks for is not said of the package. */
type Selected = 'yes' | 'no' | 'unknown';

/** Whether everything the rule says holds for the package: one thing that does not is enough for `no`. */
export function selects(rule: PackageRule, one: Component): Selected {
  const answers = criteria.map((holds) => holds(rule, one));
  if (answers.includes(false)) return 'no';
  return answers.includes(null) ? 'unknown' : 'yes';
}

/** Each says whether one part of a rule holds; null where that is not known. */
const criteria: readonly ((rule: PackageRule, one: Component) => boolean | null)[] = [
  ({ type }, one) => known(type, one.type, (wanted, given) => wanted === given),
  ({ name }, one) =>
    name === null ||
    [one.name, sourceName(one)].some((given) => given !== undefined && matchesWildcard(name, given)),
  ({ purl }, one) => known(purl, one.purl, matchesWildcard),
  ({ license }, { licenses }) =>
    known(license, licenses.length === 0 ? undefined : licenses, (wanted, given) =>
      given.some((text) => licenceTerms(text).some((term) => matchesWildcard(wanted, term))),
    ),
  ({ supplier }, one) => known(supplier, one.supplier, matchesWildcard),
  ({ version }, one) => {
    if (version.length === 0) return true;
    const { type, version: given } = one;
    if (type === undefined || given === undefined || !inspect().isPackageType(type)) return null;
    return version.every(({ operator, version: bound }) => inspect().satisfies(type, given, operator, bound));
  },
];

function known<T>(
  wanted: string | null,
  given: T | undefined,
  holds: (wanted: string, given: T) => boolean,
): boolean | null {
  if (wanted === null) return true;
  return given === undefined ? null : holds(wanted, given);
}

function sourceName(one: Component): string | undefined {
  return 'source' in one ? one.source?.name : undefined;
}

/** The licences an SPDX expression names (SPDX 2.3, annex D), and the expression itself. */
function licenceTerms(expression: string): readonly string[] {
  const terms = expression.split(/[\s()]+/).filter((word) => !/^(?:AND|OR|WITH)?$/.test(word));
  return [expression, ...terms];
}

import type { PackageType } from '../../packages/package.ts';
import { purlName, purlVersion } from '../../packages/parse-purl.ts';
import { compareVersions, isPackageType } from '../../versions/versions.ts';
import {
  type Csaf,
  type CsafVulnerability,
  csafComponents,
  csafNames,
  csafStatuses,
} from '../../vex/csaf.ts';
import type { AffectedPackage, ImportItem, Rating, VersionRange } from '../advisory.ts';
import { severityOfScore } from '../cvss.ts';
import { vendorOf } from '../distributions.ts';
import { advisoryName, advisoryVersion } from '../names.ts';
import { severityOfWord } from './osv.ts';
import { fromVers } from './vers.ts';

/** What a document says of one package of one release. */
interface Said {
  readonly type: PackageType;
  readonly distro: string;
  readonly name: string;
  readonly fixed: Set<string>;
  readonly versions: Set<string>;
  readonly ranges: VersionRange[];
  /** Affected, whatever its version. */
  always: boolean;
}

const systemTypes: readonly string[] = ['deb', 'apk', 'rpm'];

/**
 * CSAF 2.0, profiles security advisory and VEX: what is fixed and affected becomes advisories, what is not affected
 * statements. Products of a distribution count in their release; components of other products (an appliance, a
 * platform with packages of its own) say nothing of a package by itself and are left out.
 */
export function* fromCsaf(document: Csaf): Generator<ImportItem> {
  const { tracking, publisher, title } = document.document;
  if (tracking === undefined) throw new TypeError('document.tracking: there is none, so it has no name');
  const source = `csaf:${(publisher?.name ?? 'unknown').toLowerCase()}`;
  const components = csafComponents(document);
  yield { kind: 'withdrawn', source, id: tracking.id };
  for (const vulnerability of document.vulnerabilities ?? []) {
    const names = csafNames(vulnerability);
    const [name] = names;
    if (name === undefined || name.length > 200) continue;
    const packages = new Map<string, Said>();
    let others = false;
    for (const { group, status, component, reason } of csafStatuses(vulnerability, components)) {
      const { type } = component.purl;
      const { distro = '' } = component;
      const known = isPackageType(type) && (distro !== '' || !systemTypes.includes(type));
      if (component.insideProduct || !known) {
        others = true;
        continue;
      }
      if (status === 'not_affected') {
        yield {
          kind: 'vex',
          source,
          document: tracking.id,
          statement: {
            vulnerabilities: names,
            products: [component.purl],
            distro: component.distro,
            status,
            reason,
          },
        };
      } else if (status !== 'under_investigation') {
        add(packages, { group, type, distro, component });
      }
    }
    if (others)
      yield { kind: 'unsupported', ecosystem: `CSAF of ${publisher?.name ?? 'unknown'}, other products` };
    if (packages.size === 0) continue;
    const affected = [...packages.values()].map(affectedOf);
    yield {
      kind: 'advisory',
      source,
      advisory: {
        vulnerability: name,
        id: tracking.id,
        aliases: [...new Set([...names.slice(1), ...(tracking.id === name ? [] : [tracking.id])])],
        title: (vulnerability.title ?? title)?.slice(0, 300),
        url: vulnerability.remediations?.find(({ category, url }) => category === 'vendor_fix' && url)?.url,
        published: tracking.initial_release_date,
        modified: tracking.current_release_date,
        ratings: ratingsOf(document, vulnerability, affected, publisher?.name),
        affected,
      },
    };
  }
}

type Product = {
  readonly group: string;
  readonly type: PackageType;
  readonly distro: string;
  readonly component: { readonly purl: Parameters<typeof purlName>[0]; readonly range?: string | undefined };
};

function add(packages: Map<string, Said>, { group, type, distro, component }: Product): void {
  const { purl, range } = component;
  const name = advisoryName(type, purlName(purl));
  const key = `${type} ${distro} ${name}`;
  const said = packages.get(key) ?? {
    type,
    distro,
    name,
    fixed: new Set<string>(),
    versions: new Set<string>(),
    ranges: [],
    always: false,
  };
  packages.set(key, said);
  const written = purlVersion(purl);
  const version = written === undefined ? undefined : advisoryVersion(type, written);
  const isFix = group === 'fixed' || group === 'first_fixed' || group === 'recommended';
  if (range?.startsWith('vers:') && !isFix) {
    const { ranges, versions } = fromVers(range, type);
    said.ranges.push(...ranges);
    for (const one of versions) said.versions.add(one);
  } else if (version === undefined) said.always ||= !isFix;
  else if (isFix) said.fixed.add(version);
  else said.versions.add(version);
}

/**
 * Of a distribution a fix ends what is affected, whichever versions are named as affected before it; elsewhere several
 * branches are alive at once, and only what is named is affected.
 */
function affectedOf({ type, distro, name, fixed, versions, ranges, always }: Said): AffectedPackage {
  const fixes = [...fixed].sort((a, b) => compareVersions(type, a, b));
  if (distro !== '' && fixes.length > 0)
    return { type, distro, name, ranges: fixes.map((version) => ({ fixed: version })), versions: [] };
  return {
    type,
    distro,
    name,
    ranges: [...ranges, ...(always ? [{}] : [])],
    versions: [...versions],
  };
}

/** The publisher's word before the score; with a rating for each distribution it is about. */
function ratingsOf(
  document: Csaf,
  { threats = [], scores = [] }: CsafVulnerability,
  affected: readonly AffectedPackage[],
  publisher = 'unknown',
): Rating[] {
  const word =
    severityOfWord(threats.find(({ category }) => category === 'impact')?.details) ??
    severityOfWord(document.document.aggregate_severity?.text);
  const score = scores.find(({ cvss_v3: cvss }) => cvss !== undefined)?.cvss_v3;
  if (word === undefined && score === undefined) return [];
  const by = affected.map(({ distro }) =>
    distro === '' ? publisher.toLowerCase() : vendorOf(distro.split(':')[0]!),
  );
  return [...new Set(by)].map((one) => ({
    by: one,
    severity: word ?? severityOfScore(score!.baseScore),
    ...(score === undefined ? {} : { score: score.baseScore, vector: score.vectorString }),
  }));
}

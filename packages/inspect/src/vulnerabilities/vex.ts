import { purlNamespaces } from '../advisories/distributions.ts';
import { distroKey } from '../advisories/names.ts';
import type { Package } from '../packages/package.ts';
import { type PackageUrl, parsePurl, purlVersion } from '../packages/parse-purl.ts';
import type { VexStatement } from '../vex/statement.ts';
import type { Finding, Suppression } from './finding.ts';

/** What the documents say of a finding: the last statement about it counts; undefined when it stands. */
export function vexOf(statements: readonly VexStatement[], finding: Finding): Suppression | undefined {
  const names = [finding.vulnerability, ...finding.aliases];
  const { distro } = finding.package;
  const release = distro && distroKey(distro);
  const urls = urlsOf(finding.package);
  const last = statements.findLast(
    (one) =>
      one.vulnerabilities.some((name) => names.includes(name)) &&
      (one.distro === undefined || one.distro === release) &&
      one.products.some((product) => urls.some((url) => covers(product, url))),
  );
  if (last === undefined || (last.status !== 'not_affected' && last.status !== 'fixed')) return undefined;
  return { by: 'vex', status: last.status, reason: last.reason };
}

const sourceArchitectures = ['src', 'source'];

/** A package's URL and, of a distribution's, that of the source package it was built from. */
function urlsOf({ purl, type, source, distro }: Package): readonly PackageUrl[] {
  const own = parsePurl(purl);
  if (own === undefined || distro === undefined || type === 'apk') return own === undefined ? [] : [own];
  const { name, version } = source ?? { name: own.name, version: purlVersion(own) };
  return [
    own,
    ...sourceArchitectures.map((arch) => ({
      ...own,
      name,
      version,
      qualifiers: new Map([...own.qualifiers, ['arch', arch]]),
    })),
  ];
}

/** What a statement leaves out it says of all: without a version of every version, without a qualifier of every one. */
function covers(product: PackageUrl, installed: PackageUrl): boolean {
  return (
    product.type === installed.type &&
    product.name === installed.name &&
    purlNamespaces(product).includes(installed.namespace) &&
    (product.version === undefined || purlVersion(product) === purlVersion(installed)) &&
    [...product.qualifiers].every(
      ([key, value]) => key === 'epoch' || installed.qualifiers.get(key) === value,
    )
  );
}

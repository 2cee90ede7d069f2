import { purlNamespace } from '../advisories/distributions.ts';
import type { Distro, PackageType } from './package.ts';

/** What a package URL is made of, as the ecosystem writes it. */
export interface PurlParts {
  readonly type: PackageType;
  /** With its namespace: `@babel/core`, `org.slf4j:slf4j-api`, `golang.org/x/net`. */
  readonly name: string;
  readonly version: string;
  readonly architecture?: string | undefined;
  readonly distro?: Distro | undefined;
  /** Source package, with its version where that is another. */
  readonly upstream?: string | undefined;
}

/**
 * The canonical package URL (purl-spec §rules, and the definitions of each type). Distributions, or who makes
 * them, are the namespace of their packages; an rpm's epoch is a qualifier.
 */
export function formatPurl({ type, name, version, architecture, distro, upstream }: PurlParts): string {
  const system = type === 'deb' || type === 'apk' || type === 'rpm';
  const segments = system
    ? [...(distro === undefined ? [] : [purlNamespace(type, distro.id)]), name]
    : nameSegments(type, name);
  const epoch = type === 'rpm' ? /^(\d+):/.exec(version)?.[1] : undefined;
  const plain = epoch === undefined ? version : version.slice(epoch.length + 1);
  const release =
    distro === undefined ? undefined : `${distro.id}${distro.versionId ? `-${distro.versionId}` : ''}`;
  const qualifiers = Object.entries({ arch: architecture, distro: release, epoch, upstream })
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join('&');
  const query = qualifiers === '' ? '' : `?${qualifiers}`;
  const at = plain === '' ? '' : `@${encode(plain)}`;
  return `pkg:${type}/${segments.map(encode).join('/')}${at}${query}`;
}

function nameSegments(type: PackageType, name: string): readonly string[] {
  switch (type) {
    case 'maven':
      return name.split(':');
    case 'pypi':
      return [name.toLowerCase().replaceAll('_', '-')];
    case 'npm':
    case 'golang':
    case 'composer':
      return name.split('/').filter(Boolean);
    default:
      return [name];
  }
}

/** Percent-encoding of purl-spec: everything but unreserved characters and the colon. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A package URL taken apart (https://github.com/package-url/purl-spec). */
export interface PackageUrl {
  readonly type: string;
  /** Decoded, segments joined with `/`; empty for none. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly qualifiers: ReadonlyMap<string, string>;
}

/** Longest package URL that is read, in UTF-16 units. */
const maxLength = 4096;

/** Parses a package URL; undefined for a text that is none. The subpath is not kept. */
export function parsePurl(text: string): PackageUrl | undefined {
  const match =
    text.length > maxLength
      ? null
      : /^pkg:\/*([a-z][a-z0-9.+-]*)\/([^?#]+)(?:\?([^#]*))?(?:#.*)?$/is.exec(text);
  if (match === null) return undefined;
  const [, type = '', path = '', query = ''] = match;
  // The `@` of an npm scope is encoded, or stands before a `/`: only one in the last segment begins the version.
  const [, names = '', version] = /^(.*?[^/])(?:@([^/]*))?\/*$/s.exec(path.replace(/^\/+/, '')) ?? [];
  try {
    const segments = names.split('/').filter(Boolean).map(decodeURIComponent);
    const name = segments.pop();
    if (name === undefined) return undefined;
    const qualifiers = query.split('&').flatMap((pair): [string, string][] => {
      const end = pair.indexOf('=');
      return end < 1 ? [] : [[pair.slice(0, end).toLowerCase(), decodeURIComponent(pair.slice(end + 1))]];
    });
    return {
      type: type.toLowerCase(),
      namespace: segments.join('/'),
      name,
      version: version ? decodeURIComponent(version) : undefined,
      qualifiers: new Map(qualifiers),
    };
  } catch {
    return undefined;
  }
}

/** Its name as its ecosystem writes it; the namespace of a distribution's package names the distribution. */
export function purlName({ type, namespace, name }: PackageUrl): string {
  if (namespace === '' || type === 'deb' || type === 'apk' || type === 'rpm') return name;
  return `${namespace}${type === 'maven' ? ':' : '/'}${name}`;
}

/** Its version, with the epoch that an rpm has as a qualifier. */
export function purlVersion({ version, qualifiers }: PackageUrl): string | undefined {
  const epoch = qualifiers.get('epoch');
  return epoch === undefined || version === undefined || version.includes(':')
    ? version
    : `${epoch}:${version}`;
}

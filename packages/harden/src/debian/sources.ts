import { printable } from '@pratique/errors';
import { ControlError, type Paragraph, paragraphs } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';

/** One place packages come from: a suite of a repository, and components of it. */
export interface AptSource {
  /** Without a slash at the end. `http` or `https`. */
  readonly uri: string;
  /** `bookworm-security`. Exact paths (a suite that ends in a slash) are not supported, and refused. */
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of the keyring that must have signed it; absent: the keyrings apt trusts for everything. */
  readonly signedBy: string | null;
}

/**
 * Reads a list of sources: `sources.list` (one a line) or `*.sources` (deb822), by the ending of `name`. Sources of
 * source packages, and those that are switched off, are left out.
 *
 * @throws PACKAGES_SOURCES_INVALID
 */
export function parseAptSources(text: string, name: string): readonly AptSource[] {
  if (text.length > 1024 * 1024) throw invalid(name, 'it is larger than 1 MiB');
  return name.endsWith('.sources') ? fromParagraphs(text, name) : fromLines(text, name);
}

function fromParagraphs(text: string, name: string): readonly AptSource[] {
  let all: readonly Paragraph[];
  try {
    all = [...paragraphs(text)];
  } catch (cause) {
    if (!(cause instanceof ControlError)) throw cause;
    throw invalid(name, cause.message);
  }
  return all.flatMap((paragraph) => {
    const words = (field: string) => (paragraph.get(field) ?? '').split(/\s+/).filter((word) => word !== '');
    if (!words('types').includes('deb') || /^(no|false|off|0)$/i.test(paragraph.get('enabled') ?? ''))
      return [];
    const keyring = paragraph.get('signed-by') ?? null;
    if (keyring?.includes('\n'))
      throw invalid(name, 'Signed-By holds a key; name the file of a keyring instead');
    const uris = words('uris');
    const suites = words('suites');
    if (uris.length === 0 || suites.length === 0) throw invalid(name, 'a source lacks URIs or Suites');
    return uris.flatMap((uri) =>
      suites.map((suite) => source(name, uri, suite, words('components'), keyring)),
    );
  });
}

function fromLines(text: string, name: string): readonly AptSource[] {
  return text.split('\n').flatMap((whole, index) => {
    const line = whole.replace(/#.*/, '').trim();
    if (line === '' || line.startsWith('deb-src')) return [];
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)$/.exec(line);
    if (match === null) throw invalid(`${name}:${index + 1}`, `not a source: ${printable(line, 120)}`);
    const [, options = '', uri, suite, components] = match;
    const keyring = /(?:^|\s)signed-by=(\S+)/.exec(options)?.[1] ?? null;
    return [source(`${name}:${index + 1}`, uri!, suite!, components!.trim().split(/\s+/), keyring)];
  });
}

function source(
  place: string,
  uri: string,
  suite: string,
  components: readonly string[],
  signedBy: string | null,
): AptSource {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    throw invalid(place, `${printable(uri, 200)} is not an http or https address`);
  if (url.username !== '' || url.password !== '')
    throw invalid(place, 'an address of a source must not hold credentials');
  const plain = /^[A-Za-z0-9][\w.+~-]*(\/[A-Za-z0-9][\w.+~-]*)*$/;
  const unusable = [suite, ...components].find((word) => !plain.test(word));
  if (unusable !== undefined || components.length === 0)
    throw invalid(place, `${printable(unusable ?? suite, 120)} is not a suite with components`);
  return { uri: uri.replace(/\/+$/, ''), suite, components, signedBy };
}

function invalid(place: string, why: string) {
  return hardenErrors.error('PACKAGES_SOURCES_INVALID', { message: `${printable(place)}: ${why}` });
}

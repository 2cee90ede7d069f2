import { compareVersions } from '../../versions/versions.ts';
import type { ImportItem } from '../advisory.ts';

/** The changelog of a newer version of a source package, as its mirror has it. */
export interface SourceChangelog {
  /** `debian:12` */
  readonly distro: string;
  /** The source package. */
  readonly source: string;
  /** debian/changelog (deb-changelog(5)); absent when what is installed is the newest there is. */
  readonly text?: string | undefined;
}

const heading = /^[a-z0-9][a-z0-9+.-]* \(([^()\s]{1,200})\) [^;]*;/;
const cve = /\bCVE-[0-9]{4}-[0-9]{4,7}\b/g;

/**
 * What the entries of a changelog fix: every CVE that one names counts as fixed in its version, the newest where
 * several name it, since a later one may complete the fix. Changelogs know nothing of what is not fixed, nor how bad
 * it was.
 */
export function* fromChangelog({ distro, source, text = '' }: SourceChangelog): Generator<ImportItem> {
  const name = `changelog:${distro}/${source}`;
  yield { kind: 'examined', source: name, type: 'deb', distro, package: source };
  const fixes = new Map<string, string>();
  let version: string | undefined;
  for (const line of text.split('\n')) {
    version = heading.exec(line)?.[1] ?? version;
    if (version === undefined) continue;
    for (const [vulnerability] of line.matchAll(cve)) {
      const known = fixes.get(vulnerability);
      if (known === undefined || compareVersions('deb', known, version) < 0)
        fixes.set(vulnerability, version);
    }
  }
  for (const [vulnerability, fixed] of fixes) {
    yield {
      kind: 'advisory',
      source: name,
      advisory: {
        vulnerability,
        id: vulnerability,
        aliases: [],
        url: `https://www.cve.org/CVERecord?id=${vulnerability}`,
        ratings: [],
        affected: [{ type: 'deb', distro, name: source, ranges: [{ fixed }], versions: [] }],
      },
    };
  }
}

import { type PackageUrl, purlName, purlVersion } from '../../packages/parse-purl.ts';
import { isPackageType } from '../../versions/versions.ts';
import { type OpenVex, openVexStatements } from '../../vex/open-vex.ts';
import type { AffectedPackage, ImportItem } from '../advisory.ts';
import { distroId } from '../distributions.ts';
import { advisoryName, advisoryVersion, codenameDistro, distroKey } from '../names.ts';

/**
 * OpenVEX: statements about packages. Those about packages inside of something else, such as one image, would say too
 * much of all others: they are counted, and are for `--vex`.
 */
export function* fromOpenVex(document: OpenVex): Generator<ImportItem> {
  const id = document['@id'];
  if (id === undefined || id.length > 500) throw new TypeError('@id: there is none, so it has no name');
  const source = `openvex:${(document.author ?? 'unknown').toLowerCase().slice(0, 200)}`;
  yield { kind: 'withdrawn', source, id };
  for (const statement of openVexStatements(document)) {
    const [name] = statement.vulnerabilities;
    if (statement.insideProduct) {
      yield { kind: 'unsupported', ecosystem: `OpenVEX of ${document.author ?? 'unknown'}, other products` };
      continue;
    }
    if (name === undefined || name.length > 200) continue;
    yield { kind: 'vex', source, document: id, statement };
    const affected = statement.status === 'affected' ? statement.products.flatMap(affectedBy) : [];
    if (affected.length > 0) {
      yield {
        kind: 'advisory',
        source,
        advisory: {
          vulnerability: name,
          id,
          aliases: statement.vulnerabilities.slice(1),
          published: document.timestamp,
          ratings: [],
          affected,
        },
      };
    }
  }
}

function affectedBy(purl: PackageUrl): AffectedPackage[] {
  const { type } = purl;
  const distro = releaseOf(purl);
  if (!isPackageType(type) || distro === undefined) return [];
  const version = purlVersion(purl);
  return [
    {
      type,
      distro,
      name: advisoryName(type, purlName(purl)),
      ranges: version === undefined ? [{}] : [],
      versions: version === undefined ? [] : [advisoryVersion(type, version)],
    },
  ];
}

/** The release of a distribution's package, empty for other ecosystems; undefined where it does not say. */
function releaseOf({ type, namespace, qualifiers }: PackageUrl): string | undefined {
  if (type !== 'deb' && type !== 'apk' && type !== 'rpm') return '';
  const release = qualifiers.get('distro') ?? '';
  const [, id, versionId] = /^([a-z][a-z0-9_.-]*?)-([0-9][0-9.]*)$/.exec(release) ?? [];
  if (id !== undefined) return distroKey({ id: distroId(id), versionId });
  return codenameDistro(release) ?? distroKey({ id: distroId(namespace), versionId: release || undefined });
}

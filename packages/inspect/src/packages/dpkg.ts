import { type CatalogContext, type Cataloger, contentText, type FoundPackage } from './cataloger.ts';
import { type DpkgPackage, readDpkg } from './dpkg-database.ts';
import { formatPurl } from './format-purl.ts';
import type { Package } from './package.ts';

const wanted = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+|info\/[^/]+\.(?:list|md5sums))$/;
const copyright = /^usr\/share\/doc\/([^/]+)\/copyright$/;
const maxCopyrightBytes = 4 * 1024 * 1024;

/**
 * Debian's packages (dpkg(1)): `status` with a file list for each package, or `status.d` with one file for each
 * package and its checksums, as distroless images have it.
 */
export const dpkgCataloger: Cataloger = {
  keep(file) {
    if (wanted.test(file.path)) return 'whole';
    if (!copyright.test(file.path) || file.size > maxCopyrightBytes) return undefined;
    return {
      name: 'licenses',
      reduce: (content) => Buffer.from(licenseNames(text(content.read(0, content.size))).join('\n')),
    };
  },

  find({ fileSystem, distro, layerOf }) {
    return (readDpkg(fileSystem) ?? []).map((one) => foundPackage(one, { fileSystem, distro, layerOf }));
  },
};

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function foundPackage(
  { name, version, architecture, control, record, list, paths }: DpkgPackage,
  { fileSystem, distro, layerOf }: Pick<CatalogContext, 'fileSystem' | 'distro' | 'layerOf'>,
): FoundPackage {
  const [, sourceName = name, sourceVersion = version] =
    /^([^\s(]+)(?:\s*\(([^)]*)\))?/.exec(control.get('source') ?? '') ?? [];
  const other = sourceName !== name || sourceVersion !== version;
  const upstream = sourceVersion === version ? sourceName : `${sourceName}@${sourceVersion}`;
  const license = fileSystem.resolve(`usr/share/doc/${name}/copyright`);
  const found: Package = {
    type: 'deb',
    name,
    version,
    architecture,
    ...(other ? { source: { name: sourceName, version: sourceVersion } } : {}),
    purl: formatPurl({
      type: 'deb',
      name,
      version,
      architecture,
      distro,
      upstream: other ? upstream : undefined,
    }),
    distro,
    licenses: license === undefined ? [] : contentText(license).split('\n').filter(Boolean),
    supplier: control.get('maintainer'),
    // The list is written with the package, the database with every package.
    location: { path: record.path, layer: layerOf(list ?? record) },
  };
  return {
    package: found,
    files: paths,
    needs: [...relations(control.get('pre-depends')), ...relations(control.get('depends'))],
    provides: relations(control.get('provides')).flat(),
  };
}

/** Package names of a relation field (deb-control(5)): alternatives together, versions and architectures left out. */
function relations(field: string | undefined): string[][] {
  return (field ?? '')
    .split(',')
    .map((group) => group.split('|').flatMap((one) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(one)?.[1] ?? []))
    .filter((names) => names.length > 0);
}

/** Short names of a machine-readable copyright file (copyright-format 1.0), or the common licences it points at. */
function licenseNames(copyrightFile: string): string[] {
  const names = new Set<string>();
  for (const [, name] of copyrightFile.matchAll(/^License:[ \t]*(\S[^\n]*)$/gim)) names.add(name!.trim());
  if (names.size === 0)
    for (const [, name] of copyrightFile.matchAll(
      /\/usr\/share\/common-licenses\/([A-Za-z0-9.+-]*[A-Za-z0-9])/g,
    ))
      names.add(name!);
  return [...names]
    .filter((name) => name.length <= 100)
    .slice(0, 100)
    .sort();
}

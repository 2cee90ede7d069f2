import type { FileNode } from '../filesystem/types.ts';
import { type CatalogContext, type Cataloger, contentText, type FoundPackage } from './cataloger.ts';
import { parseFields } from './fields.ts';
import { formatPurl } from './format-purl.ts';
import type { Package } from './package.ts';

const database = 'var/lib/dpkg';
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
    const status = fileSystem.resolve(`${database}/status`);
    const single = fileSystem.list(`${database}/status.d`).filter(({ path }) => !path.endsWith('.md5sums'));
    const sources = [...(status === undefined ? [] : [status]), ...single];
    return sources.flatMap((node) =>
      contentText(node)
        .split(/\n(?:[ \t]*\n)+/)
        .map(parseFields)
        .filter(isInstalled)
        .map((fields) => foundPackage(fields, node, { fileSystem, distro, layerOf })),
    );
  },
};

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Its files are there: also those of packages that are unpacked and not configured. */
function isInstalled(fields: ReadonlyMap<string, string>): boolean {
  if (!fields.get('package') || !fields.get('version')) return false;
  const state = fields.get('status')?.split(/\s+/)[2] ?? 'installed';
  return state !== 'not-installed' && state !== 'config-files';
}

function foundPackage(
  fields: ReadonlyMap<string, string>,
  node: FileNode,
  { fileSystem, distro, layerOf }: Pick<CatalogContext, 'fileSystem' | 'distro' | 'layerOf'>,
): FoundPackage {
  const name = fields.get('package')!;
  const version = fields.get('version')!;
  const architecture = fields.get('architecture');
  const [, sourceName = name, sourceVersion = version] =
    /^([^\s(]+)(?:\s*\(([^)]*)\))?/.exec(fields.get('source') ?? '') ?? [];
  const other = sourceName !== name || sourceVersion !== version;
  const upstream = sourceVersion === version ? sourceName : `${sourceName}@${sourceVersion}`;
  const list = fileList(name, architecture, node, fileSystem);
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
    supplier: fields.get('maintainer'),
    // The list is written with the package, the database with every package.
    location: { path: node.path, layer: layerOf(list.node ?? node) },
  };
  return {
    package: found,
    files: list.files,
    needs: [...relations(fields.get('pre-depends')), ...relations(fields.get('depends'))],
    provides: relations(fields.get('provides')).flat(),
  };
}

function fileList(
  name: string,
  architecture: string | undefined,
  database: FileNode,
  fileSystem: CatalogContext['fileSystem'],
): { node: FileNode | undefined; files: readonly string[] } {
  if (database.path.includes('/status.d/')) {
    const sums = fileSystem.resolve(`${database.path}.md5sums`);
    return { node: database, files: sums === undefined ? [] : checksumPaths(contentText(sums)) };
  }
  const info = 'var/lib/dpkg/info';
  const node =
    fileSystem.resolve(`${info}/${name}.list`) ?? fileSystem.resolve(`${info}/${name}:${architecture}.list`);
  const files = node === undefined ? [] : contentText(node).split('\n');
  return { node, files: files.map((path) => path.replace(/^\/\.?/, '')).filter(Boolean) };
}

/** `md5  path`, as md5sum(1) writes. */
function checksumPaths(sums: string): string[] {
  return sums.split('\n').flatMap((line) => /^[0-9a-f]{32} [ *](.+)$/.exec(line)?.[1] ?? []);
}

/** Package names of a relation field (deb-control(5)): alternatives together, versions and architectures left out. */
export function relations(field: string | undefined): string[][] {
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

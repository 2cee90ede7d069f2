import type { FileSystem } from '../filesystem/types.ts';
import { apkNames, type InstalledApk, readApkInstalled } from './apk-database.ts';
import type { Cataloger, FoundPackage } from './cataloger.ts';
import { checksumOfBase64 } from './checksum.ts';
import { formatPurl } from './format-purl.ts';
import type { Checksum } from './package.ts';

const databases = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];

export function isApkDatabase(path: string): boolean {
  return databases.includes(path);
}

/** Alpine's packages (apk-installed(5)): one-letter fields, one paragraph a package. */
export const apkCataloger: Cataloger = {
  keep: (file) => (isApkDatabase(file.path) ? 'whole' : undefined),

  find({ fileSystem, distro, layerOf }) {
    const nodes = databases.map((path) => fileSystem.resolve(path));
    return nodes
      .filter((node, at) => node !== undefined && nodes.indexOf(node) === at)
      .flatMap((node) => {
        const added = firstLayers(fileSystem, node!.path);
        return readApkInstalled(node!).map((record): FoundPackage => {
          const { name, version, architecture, fields, files } = record;
          const [origin, license] = [fields.get('o'), fields.get('L')];
          return {
            package: {
              type: 'apk',
              name,
              version,
              architecture,
              ...(origin === undefined || origin === name ? {} : { source: { name: origin, version } }),
              purl: formatPurl({
                type: 'apk',
                name,
                version,
                architecture,
                distro,
                upstream: origin === name ? undefined : origin,
              }),
              distro,
              licenses: license === undefined ? [] : [license],
              supplier: fields.get('m'),
              checksum: checksumOfPackage(fields.get('C')),
              location: {
                path: node!.path,
                layer: fileSystem.layers[added.get(key(record)) ?? -1]?.diffId ?? layerOf(node!),
              },
            },
            files: [...files.keys()],
            needs: apkNames(fields.get('D')).map((need) => [need]),
            provides: apkNames(fields.get('p')),
          };
        });
      });
  },
};

/** `Q1` and SHA-1, or `Q2` and SHA-256, in base64 (apk-package(5)). */
function checksumOfPackage(text = ''): Checksum | undefined {
  const algorithm = ({ Q1: 'SHA-1', Q2: 'SHA-256' } as const)[text.slice(0, 2)];
  return algorithm && checksumOfBase64(algorithm, text.slice(2));
}

const key = ({ name, version }: InstalledApk) => `${name} ${version}`;

/** Every layer that changes packages writes the whole database anew: a package is of the first one that has it. */
function firstLayers(fileSystem: FileSystem, path: string): Map<string, number> {
  let added = new Map<string, number>();
  for (const [at, layer] of fileSystem.layers.entries()) {
    const copy = layer.entries.findLast((entry) => entry.path === path);
    if (copy?.content === undefined) continue;
    added = new Map(readApkInstalled(copy).map((record) => [key(record), added.get(key(record)) ?? at]));
  }
  return added;
}

import type { FileSystem } from '../filesystem/types.ts';
import { type Cataloger, contentText, type FoundPackage } from './cataloger.ts';
import { formatPurl } from './format-purl.ts';

const databases = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];

/** Alpine's packages (apk-installed(5)): one-letter fields, one paragraph a package. */
export const apkCataloger: Cataloger = {
  keep: (file) => (databases.includes(file.path) ? 'whole' : undefined),

  find({ fileSystem, distro, layerOf }) {
    const nodes = databases.map((path) => fileSystem.resolve(path));
    return nodes
      .filter((node, at) => node !== undefined && nodes.indexOf(node) === at)
      .flatMap((node) => {
        const added = firstLayers(fileSystem, node!.path);
        return parseInstalled(contentText(node!)).map((record): FoundPackage => {
          const { name, version, architecture, origin } = record;
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
              licenses: record.license === undefined ? [] : [record.license],
              supplier: record.maintainer,
              location: {
                path: node!.path,
                layer: fileSystem.layers[added.get(key(record)) ?? -1]?.diffId ?? layerOf(node!),
              },
            },
            files: record.files,
            needs: record.needs.map((need) => [need]),
            provides: record.provides,
          };
        });
      });
  },
};

interface ApkRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string | undefined;
  readonly origin: string | undefined;
  readonly license: string | undefined;
  readonly maintainer: string | undefined;
  readonly needs: readonly string[];
  readonly provides: readonly string[];
  readonly files: readonly string[];
}

const key = ({ name, version }: Pick<ApkRecord, 'name' | 'version'>) => `${name} ${version}`;

/** Every layer that changes packages writes the whole database anew: a package is of the first one that has it. */
function firstLayers(fileSystem: FileSystem, path: string): Map<string, number> {
  let added = new Map<string, number>();
  for (const [at, layer] of fileSystem.layers.entries()) {
    const copy = layer.entries.findLast((entry) => entry.path === path);
    if (copy?.content === undefined) continue;
    const records = parseInstalled(new TextDecoder().decode(copy.content.read(0, copy.content.size)));
    added = new Map(records.map((record) => [key(record), added.get(key(record)) ?? at]));
  }
  return added;
}

/** Exported for its tests. */
export function parseInstalled(text: string): ApkRecord[] {
  return text.split('\n\n').flatMap((paragraph) => {
    const fields = new Map<string, string>();
    const files: string[] = [];
    let directory = '';
    for (const line of paragraph.split('\n')) {
      const value = line.slice(2);
      if (line.startsWith('F:')) directory = value;
      else if (line.startsWith('R:')) files.push(directory === '' ? value : `${directory}/${value}`);
      else if (line[1] === ':') fields.set(line[0]!, value);
    }
    const [name, version] = [fields.get('P'), fields.get('V')];
    if (!name || !version) return [];
    return {
      name,
      version,
      architecture: fields.get('A'),
      origin: fields.get('o'),
      license: fields.get('L'),
      maintainer: fields.get('m'),
      needs: words(fields.get('D')).filter((need) => !need.startsWith('!')),
      provides: words(fields.get('p')),
      files,
    };
  });
}

/** `so:libc.musl-x86_64.so.1=1 busybox>=1.2`: the names alone. */
function words(field: string | undefined): string[] {
  return (field ?? '')
    .split(' ')
    .filter(Boolean)
    .map((word) => word.replace(/[<>=~].*$/, ''));
}

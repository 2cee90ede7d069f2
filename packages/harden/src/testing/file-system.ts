import { type FileSystem, readRootArchive } from '@pratique/inspect';
import { buildLayer, type LayerEntry } from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';

/** What stands at a path: text, bytes, or a link (`-> target`). Files below `bin` and `sbin` can be run. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A program or library that needs these libraries. */
export function elf(...needed: readonly string[]): Uint8Array {
  return elfBytes({ needed, soname: 'x' });
}

/** A root file system of these files. */
export async function fileSystemOf(files: Files): Promise<FileSystem> {
  const entries = Object.entries(files).map(([path, content]): LayerEntry => {
    if (typeof content === 'string' && content.startsWith('-> '))
      return { type: 'symlink', path, target: content.slice(3) };
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return { type: 'file', path, mode: /(^|\/)s?bin\//.test(path) ? 0o755 : 0o644, content: bytes };
  });
  return await fileSystemOfEntries(entries);
}

export async function fileSystemOfEntries(entries: readonly LayerEntry[]): Promise<FileSystem> {
  const layer = await buildLayer(entries);
  return await readRootArchive(layer.open(), { keep: { id: 'everything', keep: () => 'whole' } });
}

export interface DpkgPackage {
  readonly files: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
}

/** The database of dpkg for these packages, as files. */
export function dpkgDatabase(packages: Readonly<Record<string, DpkgPackage>>): Files {
  const status = Object.entries(packages).map(([name, { fields = {} }]) =>
    Object.entries({
      Package: name,
      Status: 'install ok installed',
      Version: '1',
      Architecture: 'amd64',
      ...fields,
    })
      .map(([field, value]) => `${field}:${value.startsWith('\n') ? '' : ' '}${value}\n`)
      .join(''),
  );
  const lists = Object.entries(packages).map(([name, { files }]) => [
    `var/lib/dpkg/info/${name}.list`,
    `/.\n${files.map((path) => `/${path}\n`).join('')}`,
  ]);
  return { 'var/lib/dpkg/status': status.join('\n'), ...Object.fromEntries(lists) };
}

import type { FileSystem } from '../filesystem/types.ts';
import { contentText } from './cataloger.ts';
import type { Distro } from './package.ts';

/** Where os-release(5) is; the first is usually a link to the second. */
const paths = ['etc/os-release', 'usr/lib/os-release'];

/** Whether it is there, or where Fedora's was: one for each edition, and a link to the right one. */
export function isOsRelease(path: string): boolean {
  return paths.includes(path) || /^usr\/lib\/os\.release\.d\/[^/]+$/.test(path);
}

/** What the image says its operating system is; undefined where it says nothing, as images from scratch do. */
export function readDistro(fileSystem: FileSystem): Distro | undefined {
  const node = paths.map((path) => fileSystem.resolve(path)).find((one) => one?.content !== undefined);
  return node === undefined ? undefined : parseOsRelease(contentText(node));
}

/** Reads os-release(5): shell assignments, without anything a shell would do but quotes and backslashes. */
export function parseOsRelease(text: string): Distro | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, quoted, plain] =
      /^([A-Z_0-9]+)=(?:"((?:[^"\\]|\\.)*)"|'?([^'"]*)'?)\s*$/.exec(line.trim()) ?? [];
    if (name !== undefined)
      fields.set(name, (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '').slice(0, 200));
  }
  const id = fields.get('ID')?.toLowerCase();
  if (!id) return undefined;
  const endOfSupport = /^\d{4}-\d\d-\d\d$/.exec(fields.get('SUPPORT_END') ?? '')?.[0];
  return {
    id,
    versionId:
      (id === 'openeuler' && servicePack(fields.get('VERSION'))) || fields.get('VERSION_ID') || undefined,
    codename: fields.get('VERSION_CODENAME') || undefined,
    prettyName: fields.get('PRETTY_NAME') || undefined,
    ...(endOfSupport === undefined ? {} : { supportEnd: endOfSupport }),
  };
}

/** `22.03 (LTS-SP4)` is the release `22.03-LTS-SP4`: service packs have advisories of their own, and no VERSION_ID. */
function servicePack(version: string | undefined): string | undefined {
  const [, number, support] = /^([0-9]+\.[0-9]+) \(?(LTS(?:-SP[0-9]+)?)\)?$/.exec(version ?? '') ?? [];
  return number === undefined ? undefined : `${number}-${support}`;
}

import { printable } from '@pratique/errors';
import type { Platform } from '@pratique/oci';
import { readNamedFile } from '@pratique/storage';
import { hardenErrors } from '../errors.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { HardenSettings } from '../pipeline/settings.ts';
import type { Contents } from './addition.ts';
import { addImage, type OpenedImage } from './image.ts';
import { addDirectory, addFile, addTar } from './local.ts';
import { addNpmLock, addNpmPackage } from './npm/add.ts';
import { sha512Of } from './npm/integrity.ts';
import { isVersion, readLock } from './npm/lock.ts';
import { isPackageName } from './npm/package-file.ts';

/** How what the settings name is reached. */
export interface AddSources {
  /** Path on this machine of a path in the settings. */
  readonly path: (path: string) => string;
  readonly image: (reference: string) => Promise<OpenedImage>;
  readonly fetcher: Fetcher;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

/**
 * Everything the settings add beside packages of the system, in the order files, directories, tars, images, npm.
 *
 * @throws HARDEN_ADD_UNUSABLE, and what reading and fetching throw
 */
export async function gather({ add }: HardenSettings, sources: AddSources): Promise<readonly Contents[]> {
  const { path, platform, signal } = sources;
  const all: Contents[] = [];
  try {
    for (const { from, to, mode, owner } of add.files) {
      const placing = { to, owner, mode: mode === undefined ? 0o644 : Number.parseInt(mode, 8) };
      all.push(await addFile(path(from), from, placing));
    }
    for (const { from, to, owner } of add.directories)
      all.push(addDirectory(path(from), from, { to, owner }));
    for (const { from, to, owner, sha256 } of add.tars)
      all.push(await addTar(path(from), from, sha256, { to, owner }));
    for (const { image, layer, from, to, owner } of add.images) {
      signal.throwIfAborted();
      const opened = await sources.image(image);
      try {
        all.push(await addImage(opened, { layer, platform, signal }, { from, to, owner }));
      } finally {
        await opened.close();
      }
    }
    if (add.npm !== undefined) await gatherNpm(add.npm, sources, all);
    return all;
  } catch (error) {
    for (const one of all) one.close();
    throw error;
  }
}

/** Node’s names of architectures, where they are others. */
const cpus: Readonly<Record<string, string>> = { amd64: 'x64', '386': 'ia32', ppc64le: 'ppc64' };

async function gatherNpm(
  { registry, packages, locks }: NonNullable<HardenSettings['add']['npm']>,
  { path, fetcher, platform, signal }: AddSources,
  all: Contents[],
): Promise<void> {
  const options = { fetcher, registry, signal };
  for (const { package: text, integrity, to } of packages) {
    const at = text.lastIndexOf('@');
    const [name, version] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    const sha512 = sha512Of(integrity);
    if (!isPackageName(name) || !isVersion(version) || sha512 === null) {
      throw hardenErrors.error('HARDEN_SETTINGS_INVALID', {
        message: `${printable(text, 120)} is not pinned by an exact version and a sha512`,
        expected: 'package: name@1.2.3, integrity: sha512-…',
      });
    }
    all.push(await addNpmPackage({ name, version, sha512 }, to, options));
  }
  for (const { from, to } of locks) {
    const { architecture } = platform;
    const target = { os: platform.os, cpu: cpus[architecture] ?? architecture };
    all.push(await addNpmLock(readLock(readLocal(path(from), from), from, target), to, options));
  }
}

const maxLockBytes = 64 * 1024 * 1024;

function readLocal(path: string, name: string): Uint8Array {
  try {
    return readNamedFile(path, maxLockBytes);
  } catch (cause) {
    throw hardenErrors.error('HARDEN_ADD_UNUSABLE', {
      message: `${printable(name, 200)} cannot be read`,
      found: (cause as NodeJS.ErrnoException).code ?? 'unreadable',
      cause,
    });
  }
}

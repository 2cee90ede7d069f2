import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import {
  catalogPackages,
  type FileSystem,
  maxSbomBytes,
  packageFiles,
  readImage,
  readRootArchive,
  readRootDirectory,
  readSbom,
  type ScanSubject,
} from '@pratique/inspect';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { openClient, type RegistryFlags } from '../registry/client.ts';
import { openPlace } from '../registry/places.ts';

/**
 * What a command names: a bill of materials (a file that ends in `.json`), a root file system (`rootfs:` and a
 * directory or tar archive), else an image wherever it is. Its packages are found, and what could not be read is told.
 *
 * @throws `FILE_UNREADABLE`, `SBOM_INVALID`, and what reading images throws
 */
export async function openSubject(
  name: string,
  flags: RegistryFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ScanSubject> {
  if (name.endsWith('.json')) return readSbomSubject(name, terminal);
  const root = /^rootfs:(.+)$/s.exec(name)?.[1];
  if (root !== undefined) {
    const fileSystem = await readRoot(resolve(terminal.cwd, root), signal);
    return installedIn(fileSystem, { kind: 'rootfs', name, digest: null }, terminal);
  }
  const client = openClient(flags, terminal);
  try {
    const place = await openPlace(client, name, terminal);
    try {
      const image = await readImage(place.repository, place.version, { keep: packageFiles, signal });
      const subject = { kind: 'image' as const, name: place.name, digest: image.descriptor.digest };
      return await installedIn(image.fileSystem, subject, terminal);
    } finally {
      await place.close();
    }
  } finally {
    client.close();
  }
}

async function readRoot(path: string, signal: AbortSignal): Promise<FileSystem> {
  requireFile(path);
  const options = { keep: packageFiles, signal };
  return statSync(path).isDirectory()
    ? readRootDirectory(path, options)
    : await readRootArchive(createReadStream(path), options);
}

function requireFile(path: string): void {
  if (!existsSync(path))
    throw cliErrors.error('FILE_UNREADABLE', { message: `there is no ${printable(path)}` });
}

async function installedIn(
  fileSystem: FileSystem,
  subject: Pick<ScanSubject, 'kind' | 'name' | 'digest'>,
  terminal: Terminal,
): Promise<ScanSubject> {
  try {
    const { distro, packages, skipped } = await catalogPackages(fileSystem);
    for (const { path, why } of skipped)
      terminal.err(`warning: ${printable(path)} looks like a package and was not read: ${printable(why)}\n`);
    return { ...subject, distro, packages };
  } finally {
    fileSystem.close();
  }
}

function readSbomSubject(name: string, terminal: Terminal): ScanSubject {
  const path = resolve(terminal.cwd, name);
  requireFile(path);
  if (statSync(path).size > maxSbomBytes) {
    throw cliErrors.error('FILE_UNREADABLE', {
      message: `${printable(name)} is larger than ${maxSbomBytes} bytes`,
    });
  }
  const bytes = new Uint8Array(readFileSync(path));
  const { distro, packages, unknown } = readSbom(bytes);
  if (unknown > 0) {
    terminal.err(
      `warning: ${unknown} components have no package URL of a known type and version: nothing is said about them\n`,
    );
  }
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { kind: 'sbom', name, digest, distro, packages };
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { catalogPackages, maxSbomBytes, packageFiles, readSbom, type ScanSubject } from '@pratique/inspect';
import { cliErrors } from '../errors.ts';
import { openRoot } from '../inspect/open-root.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { imageFlags } from '../specs/inspect.ts';

/**
 * The packages of what a command names: a bill of materials (a file that ends in `.json`), a root file system, or an
 * image wherever it is. What could not be read is told.
 *
 * @throws `FILE_UNREADABLE`, `SBOM_INVALID`, and what reading images throws
 */
export async function openSubject(
  name: string,
  flags: FlagValues<typeof imageFlags>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ScanSubject> {
  if (name.endsWith('.json')) return readSbomSubject(name, terminal);
  const root = await openRoot(name, packageFiles, flags, terminal, signal);
  try {
    const { distro, packages, skipped } = await catalogPackages(root.fileSystem);
    for (const { path, why } of skipped)
      terminal.err(`warning: ${printable(path)} looks like a package and was not read: ${printable(why)}\n`);
    const digest = root.image?.descriptor.digest ?? null;
    return { kind: digest === null ? 'rootfs' : 'image', name: root.name, digest, distro, packages };
  } finally {
    root.fileSystem.close();
  }
}

function readSbomSubject(name: string, terminal: Terminal): ScanSubject {
  const path = resolve(terminal.cwd, name);
  if (!existsSync(path))
    throw cliErrors.error('FILE_UNREADABLE', { message: `there is no file or directory ${printable(name)}` });
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

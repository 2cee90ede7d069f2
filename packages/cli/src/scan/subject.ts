import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { readSbom, type ScanSubject } from '@pratique/inspect';
import { isThere } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import { readCatalog } from '../inspect/read-catalog.ts';
import { naming } from '../program/parse-file.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Steps } from '../program/steps.ts';
import type { Terminal } from '../program/terminal.ts';
import type { imageFlags } from '../specs/inspect.ts';

/**
 * The packages of what a command names: a bill of materials (a file that ends in `.json`), a root file system, or an
 * image wherever it is; where its files are to be searched, the secrets in them. What could not be read is told.
 *
 * @throws `FILE_UNREADABLE`, `SBOM_INVALID`, and what reading images throws
 */
export async function openSubject(
  name: string,
  flags: FlagValues<typeof imageFlags>,
  terminal: Terminal,
  steps: Pick<Steps, 'begin' | 'say'>,
  signal: AbortSignal,
  searched = false,
): Promise<ScanSubject> {
  if (name.endsWith('.json')) return readSbomSubject(name, terminal);
  const read = await readCatalog(name, flags, terminal, steps, signal, searched);
  const { distro, packages } = read.catalog;
  const digest = read.image?.descriptor.digest ?? null;
  const { secrets } = read;
  return { kind: digest === null ? 'rootfs' : 'image', name: read.name, digest, distro, packages, secrets };
}

function readSbomSubject(name: string, terminal: Terminal): ScanSubject {
  const path = resolve(terminal.cwd, name);
  if (!isThere(path))
    throw cliErrors.error('FILE_UNREADABLE', { message: `there is no file or directory ${printable(name)}` });
  const bytes = readFile(name, terminal.cwd);
  const { distro, packages, unidentified } = naming(name, () => readSbom(bytes));
  if (unidentified.length > 0) {
    terminal.err(
      `warning: ${unidentified.length} components have no package URL of a known type and version: nothing is said about them\n`,
    );
  }
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { kind: 'sbom', name, digest, distro, packages };
}

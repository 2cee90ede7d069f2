import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { maxSbomBytes, readSbom, type ScanSubject } from '@pratique/inspect';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';

/**
 * Reads the bill of materials that is named, and warns of what it lists and says too little about.
 *
 * @throws `FILE_UNREADABLE`, `SBOM_INVALID`
 */
export function readSbomSubject(name: string, terminal: Terminal): ScanSubject {
  const path = resolve(terminal.cwd, name);
  if (!existsSync(path))
    throw cliErrors.error('FILE_UNREADABLE', { message: `there is no ${printable(name)}` });
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

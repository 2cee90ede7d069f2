import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readRoot } from '@pratique/tuf';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';

/** As much as clients read. */
const maxRootBytes = 512 * 1024;

export function readRootFile(file: string, terminal: Terminal): Uint8Array {
  const path = resolve(terminal.cwd, file);
  if (statSync(path).size > maxRootBytes) {
    throw cliErrors.error('USAGE', { message: 'the file is too large for a root', expected: '512 KiB' });
  }
  return readFileSync(path);
}

/** What people compare before they sign, and who has signed. */
export function describeRoot(bytes: Uint8Array): string {
  const { version, expires, digest, roles, signers } = readRoot(bytes);
  const lines = roles.root.keyIds.map((id) => {
    const fingerprint = roles.root.keys.get(id)?.fingerprint;
    const isSigned = fingerprint !== undefined && signers.includes(fingerprint);
    return `${isSigned ? 'signed ' : 'missing'}  ${fingerprint ?? 'a key that cannot be used'}`;
  });
  return [
    `root ${version}, until ${expires.toISOString()}, signed bytes sha256:${digest}`,
    `${roles.root.threshold} of ${roles.root.keyIds.length} keys:`,
    ...lines,
    '',
  ].join('\n');
}

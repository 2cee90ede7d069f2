import { readRoot } from '@pratique/tuf';
import { readFile } from '../program/read-file.ts';
import type { Terminal } from '../program/terminal.ts';

export function readRootFile(file: string, terminal: Terminal): Uint8Array {
  return readFile(file, terminal.cwd, 'text');
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

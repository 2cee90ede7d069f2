import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatPublicKey, formatSigningKey, type SigningKey } from '@pratique/crypto';
import { replaceFile } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { writeFile } from '../program/write-file.ts';

/** Writes PREFIX.key (encrypted, readable by its owner only) and PREFIX.pub; never overwrites unless told to. */
export function writePair(
  key: SigningKey,
  password: string,
  prefix: string,
  overwrite: boolean,
  terminal: Terminal,
): void {
  const files = { key: `${prefix}.key`, pub: `${prefix}.pub` };
  refuseExistingFiles(Object.values(files), overwrite, terminal);
  const write = (file: string, text: string, secret: boolean) => {
    // A key that is overwritten is there until the new one is, whole.
    if (overwrite) replaceFile(resolve(terminal.cwd, file), text, secret);
    else writeFile(file, text, terminal.cwd, { mode: secret ? 0o600 : 0o644, flag: 'wx' });
  };
  write(files.key, formatSigningKey(key, password), true);
  write(files.pub, formatPublicKey(key.publicKey), false);
  terminal.err(`Private key written to ${files.key}\nPublic key written to ${files.pub}\n`);
}

/** @throws FILE_EXISTS */
export function refuseExistingFiles(files: readonly string[], overwrite: boolean, terminal: Terminal): void {
  const existing = overwrite ? undefined : files.find((file) => existsSync(resolve(terminal.cwd, file)));
  if (existing === undefined) return;
  throw cliErrors.error('FILE_EXISTS', {
    message: `${existing} exists already`,
    remedy: 'Move it away, name another with --output-key-prefix, or overwrite it with --yes.',
  });
}

import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatPublicKey, formatSigningKey, type SigningKey } from '@pratique/crypto';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';

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
  const flag = overwrite ? 'w' : 'wx';
  writeFileSync(resolve(terminal.cwd, files.key), formatSigningKey(key, password), { mode: 0o600, flag });
  writeFileSync(resolve(terminal.cwd, files.pub), formatPublicKey(key.publicKey), { mode: 0o644, flag });
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

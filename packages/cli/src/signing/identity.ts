import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type IdentityToken, parseIdentityToken, sigstoreClientErrors } from '@pratique/sigstore-client';
import type { Terminal } from '../program/terminal.ts';
import type { SigningFlags } from './open-signer.ts';

/** Where identity tokens come from: what `--identity-token` names, a file or the token itself. */
export function openIdentity(flags: SigningFlags, terminal: Terminal): () => Promise<IdentityToken> {
  const given = flags['identity-token'];
  if (given === undefined || given === '') {
    throw sigstoreClientErrors.error('IDENTITY_TOKEN_MISSING', {
      message: 'there is no identity to sign with',
      expected: '--identity-token FILE, or SIGSTORE_ID_TOKEN',
      found: 'neither',
    });
  }
  const token = parseIdentityToken(tokenText(given, terminal));
  return async () => token;
}

function tokenText(given: string, terminal: Terminal): string {
  const path = resolve(terminal.cwd, given);
  // A token is longer than a path may be, and asking for a file of that name would be an error.
  return given.length < 256 && existsSync(path) ? readFileSync(path, 'utf8') : given;
}

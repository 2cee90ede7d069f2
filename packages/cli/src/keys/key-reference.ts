import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  isEncryptedKey,
  type PublicKey,
  parsePublicKey,
  parseSigningKey,
  type SigningKey,
} from '@pratique/crypto';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import { openingPassword } from './password.ts';

/** The text a `--key` value names: a file, or `env://NAME`. */
function readKey(reference: string, terminal: Terminal): string {
  if (reference.startsWith('env://')) {
    const name = reference.slice('env://'.length);
    const value = terminal.env[name];
    if (value) return value;
    throw cliErrors.error('FILE_UNREADABLE', {
      message: `the environment variable ${name.slice(0, 80)} holds no key`,
      remedy: `Set ${name.slice(0, 80)} to the PEM text of the key.`,
    });
  }
  const scheme = /^([a-z0-9]+):\/\//.exec(reference)?.[1];
  if (scheme) {
    throw cliErrors.error('USAGE', {
      message: `keys from ${scheme}:// are not supported`,
      expected: 'a file, or env://NAME',
      found: `${scheme}://…`,
      remedy: 'Export the public key to a file for verification; sign with a key file.',
    });
  }
  return readFileSync(resolve(terminal.cwd, reference), 'utf8');
}

/** The private key of `--key`, opened with its password. */
export async function loadSigningKey(
  reference: string | undefined,
  terminal: Terminal,
  command: string,
): Promise<SigningKey> {
  const pem = readKey(requireKey(reference, command), terminal);
  return parseSigningKey(pem, isEncryptedKey(pem) ? await openingPassword(terminal) : '');
}

/** The public key of `--key`. */
export function loadPublicKey(reference: string, terminal: Terminal): PublicKey {
  const pem = readKey(reference, terminal);
  if (pem.includes('PRIVATE KEY-----')) {
    throw cliErrors.error('USAGE', {
      message: `${reference.startsWith('env://') ? reference : `the file ${reference}`} is a private key`,
      expected: 'a public key',
      found: 'a private key',
      remedy: `pratique public-key --key ${reference} --outfile cosign.pub, and give that`,
    });
  }
  return parsePublicKey(pem);
}

/** Refuses a command without `--key`, and says what to give. */
export function requireKey(reference: string | undefined, command: string): string {
  if (reference) return reference;
  throw cliErrors.error('USAGE', {
    message: `pratique ${command} needs a key`,
    expected: '--key FILE or --key env://NAME',
    found: 'no --key',
    remedy: `pratique generate-key-pair, then pratique ${command} --key … (pratique ${command} --help shows examples)`,
  });
}

import {
  cryptoErrors,
  isEncryptedKey,
  type PublicKey,
  parsePublicKey,
  parseSigningKey,
  type Signer,
  type SigningKey,
} from '@pratique/crypto';
import { PratiqueError, printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import { readReference } from '../program/read-reference.ts';
import type { Terminal } from '../program/terminal.ts';
import { isManaged, managedKeys } from './managed-key.ts';
import { openingPassword } from './password.ts';

/** A private key to sign with, wherever it is; `close` when nothing more is signed. */
export interface OpenKey extends Signer {
  close(): void | Promise<void>;
}

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
      expected:
        'a file, env://NAME, pkcs11:…, piv:…, k8s://…, gitlab://…, hashivault://…, awskms://…, gcpkms://…, azurekms://… or the scheme of a KMS plugin',
      found: `${scheme}://…`,
      remedy: 'Get the key into a file or an environment variable first, and name that.',
    });
  }
  return readText(reference, terminal.cwd);
}

/** The private key of `--key`: a file opened with its password, or one in a token or a key service. */
export async function openSigningKey(
  reference: string | undefined,
  terminal: Terminal,
  command: string,
  signal?: AbortSignal,
): Promise<OpenKey> {
  const required = requireKey(reference, command);
  if (isManaged(required)) {
    const { openKey, context } = await managedKeys(terminal, signal);
    return await openKey(required, context);
  }
  const key = await loadSigningKey(required, terminal, command);
  return { ...key, close: () => {} };
}

/** The private key of `--key`, which must be a file or `env://`: what is to be stored in another form. */
export async function loadSigningKey(
  reference: string | undefined,
  terminal: Terminal,
  command: string,
): Promise<SigningKey> {
  const required = requireKey(reference, command);
  if (isManaged(required)) {
    throw cliErrors.error('USAGE', {
      message: 'a key in a token or a key service cannot be taken out of it',
      expected: 'a file, or env://NAME',
    });
  }
  const pem = readKey(required, terminal);
  const password = isEncryptedKey(pem) ? await openingPassword(terminal) : '';
  return parsing(required, () => parseSigningKey(pem, password), 'secret');
}

/** The public key of `--key`; of a key in a token or a key service its public half. */
export async function loadPublicKey(
  reference: string,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<PublicKey> {
  if (isManaged(reference)) {
    const { openPublicKey, context } = await managedKeys(terminal, signal);
    return await openPublicKey(reference, context);
  }
  return publicKeyIn(reference, readKey(reference, terminal));
}

/** The same of `verify` and its relatives, whose key may be behind an address, as cosign has it. */
export async function loadVerifierKey(
  reference: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PublicKey> {
  if (!/^https?:\/\//.test(reference)) return await loadPublicKey(reference, terminal, signal);
  terminal.err(
    'warning: whoever can answer for the address of --key decides whose signatures count; keep the key in a file\n',
  );
  const bytes = await readReference(reference, terminal, 'text', signal);
  return publicKeyIn(reference, new TextDecoder().decode(bytes));
}

function publicKeyIn(reference: string, pem: string): PublicKey {
  if (pem.includes('PRIVATE KEY-----')) {
    throw cliErrors.error('USAGE', {
      message: `${/^[a-z]+:\/\//.test(reference) ? printable(reference) : `the file ${reference}`} is a private key`,
      expected: 'a public key',
      found: 'a private key',
      remedy: `pratique public-key --key ${reference} --outfile cosign.pub, and give that`,
    });
  }
  return parsing(reference, () => parsePublicKey(pem));
}

/** Parses a key, and says of which reference it is that it is none; of a secret one nothing is quoted. */
function parsing<Key>(reference: string, parse: () => Key, kind: 'public' | 'secret' = 'public'): Key {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    // Bytes that are no PEM are a fault where a service sent them; here the wrong file was named.
    const code = error.code === 'ENCODING_INVALID' ? 'KEY_INVALID' : (error.code as keyof typeof entries);
    if (!Object.hasOwn(entries, code)) throw error;
    const { expected } = error;
    const { found, cause } = kind === 'public' ? error : {};
    const remedy = code === error.code ? error.remedy : undefined;
    const message = `${printable(reference)}: ${error.message}`;
    throw cryptoErrors.error(code, { message, expected, found, remedy, cause });
  }
}

const { entries } = cryptoErrors;

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

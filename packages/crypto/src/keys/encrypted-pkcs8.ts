import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readDer } from '../der/reader.ts';
import { cryptoErrors } from '../errors.ts';

/** PEM label of PKCS #8 that a password encrypts (RFC 5958 §3), as Docker and Notary keep the keys of content trust. */
export const encryptedPkcs8Label = 'ENCRYPTED PRIVATE KEY';

/** A file must not choose how long we work: about a second. Notary writes 2048. */
const maxIterations = 2_000_000;

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';

/**
 * Opens EncryptedPrivateKeyInfo with PBES2 and PBKDF2 (RFC 8018 §6.2).
 *
 * @throws KEY_PASSWORD_WRONG, KEY_FILE_INVALID, DER_INVALID
 */
export function decryptPkcs8(der: Uint8Array, password: string | Uint8Array): KeyObject {
  checkScheme(der);
  try {
    return createPrivateKey({
      key: Buffer.from(der),
      format: 'der',
      type: 'pkcs8',
      passphrase: Buffer.from(password),
    });
  } catch {
    // The cause is left out on purpose: it may quote what it failed to parse.
    throw wrongPassword();
  }
}

function checkScheme(der: Uint8Array): void {
  const scheme = readDer(der).nested();
  if (scheme.oid() !== pbes2) throw refused('it is not encrypted with PBES2');
  const derivation = scheme.nested().nested();
  if (derivation.oid() !== pbkdf2) throw refused('its key is not derived with PBKDF2');
  const parameters = derivation.nested();
  parameters.octetString();
  const iterations = parameters.smallInteger();
  if (iterations > maxIterations) throw refused(`it asks for more than ${maxIterations} rounds`);
}

function refused(why: string) {
  return cryptoErrors.error('KEY_FILE_INVALID', { message: `the private key file is not usable: ${why}` });
}

export function wrongPassword() {
  return cryptoErrors.error('KEY_PASSWORD_WRONG', {
    message: 'the password does not open this private key file',
  });
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { wrongPassword } from './encrypted-pkcs8.ts';

const headers = '(?:(?:gun|path|role): [^\\r\\n]{1,512}\\r?\\n){1,3}';
const headed = new RegExp(`(-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----\\r?\\n)${headers}\\r?\\n`);
const legacy = new RegExp(
  '^-----BEGIN ((?:EC|RSA) PRIVATE KEY)-----\\r?\\nProc-Type: 4,ENCRYPTED\\r?\\n' +
    `DEK-Info: (AES-(?:128|256)-CBC,[0-9A-Fa-f]{32})\\r?\\n(?:${headers})?\\r?\\n` +
    '([A-Za-z0-9+/=\\s]{1,16384})-----END \\1-----\\s*$',
);

/**
 * Takes out the lines in which Notary says what a key is for (`role: targets`, `gun: …`): headers of the PEM of before
 * RFC 7468.
 */
export function withoutKeyHeaders(pem: string): string {
  return pem.replace(headed, '$1');
}

/** Whether a file is encrypted as RFC 1421 has it, with AES-CBC: what OpenSSL and Notary wrote before PKCS #8. */
export function isLegacyEncrypted(pem: string): boolean {
  return legacy.test(pem);
}

/** Opens such a file. @throws KEY_PASSWORD_WRONG */
export function decryptLegacy(pem: string, password: string | Uint8Array): KeyObject {
  const [, label, cipher, body] = legacy.exec(pem)!;
  const key = `-----BEGIN ${label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: ${cipher}\n\n${body}-----END ${label}-----\n`;
  try {
    return createPrivateKey({ key, format: 'pem', passphrase: Buffer.from(password) });
  } catch {
    // The cause is left out on purpose: it may quote what it failed to parse.
    throw wrongPassword();
  }
}

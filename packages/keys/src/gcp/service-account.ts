import { type CryptoKey, importPKCS8, SignJWT } from 'jose';
import { keysErrors } from '../errors.ts';

interface ServiceAccount {
  readonly email: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  readonly keyId: unknown;
  readonly audience: string;
  readonly scope: string;
}

/** What a service account shows to get a token (RFC 7523 §2.1). @throws KEY_SERVICE_CONFIG */
export async function serviceAccountToken(account: ServiceAccount): Promise<string> {
  const { email, privateKey, keyId, audience, scope } = account;
  let key: CryptoKey;
  try {
    key = await importPKCS8(privateKey, 'RS256');
  } catch {
    // What it says of the key is not to be shown.
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'the private_key of the service account cannot be read',
      expected: 'an RSA key in PEM (PKCS #8)',
    });
  }
  return await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(typeof keyId === 'string' ? { kid: keyId } : {}) })
    .setIssuer(email)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key);
}

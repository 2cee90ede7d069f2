import { generateKeyPairSync } from 'node:crypto';
import { generateSigningKey, parseSigningKey, type SigningKey } from '@pratique/crypto';

const curves: Readonly<Record<string, 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521'>> = {
  'ecdsa-sha2-256-nistp256': 'ecdsa-p256',
  'ecdsa-sha2-384-nistp384': 'ecdsa-p384',
  'ecdsa-sha2-512-nistp521': 'ecdsa-p521',
};

/** A new key of the kind that cosign calls by `name`: a curve, or `rsa-sign-pkcs1-BITS-sha256`. */
export function makeKeyOf(name: string): SigningKey {
  const curve = curves[name];
  if (curve !== undefined) return generateSigningKey(curve);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: Number(name.split('-')[3]) });
  return parseSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

import { type SignatureScheme, verifySignature } from '../keys/verify.ts';
import type { Certificate } from './certificate.ts';
import { oids } from './oids.ts';

/** What issuers may sign with. SHA-1, DSA and RSA-PSS with its parameters are refused by not being here. */
const schemes: Readonly<Record<string, SignatureScheme>> = {
  [oids.ecdsaWithSha256]: 'ecdsa-sha256',
  [oids.ecdsaWithSha384]: 'ecdsa-sha384',
  [oids.ecdsaWithSha512]: 'ecdsa-sha512',
  [oids.rsaWithSha256]: 'rsa-pkcs1v15-sha256',
  [oids.rsaWithSha384]: 'rsa-pkcs1v15-sha384',
  [oids.rsaWithSha512]: 'rsa-pkcs1v15-sha512',
  [oids.ed25519]: 'ed25519',
};

/** Issuers found to have signed a certificate. A P-384 check costs as much as ten of P-256, and roots stay the same. */
const known = new WeakMap<Certificate, WeakSet<Certificate>>();

/**
 * True when `issuer`'s key signed `certificate` (RFC 5280 §4.1.1.3). The algorithm is the one the certificate names,
 * and must be of the issuer's kind of key. Pure; remembers a good answer for as long as both objects live.
 */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (known.get(certificate)?.has(issuer) === true) return true;
  const scheme = schemes[certificate.signatureAlgorithm];
  if (scheme === undefined) return false;
  const { toBeSigned, signature } = certificate;
  if (verifySignature(issuer.publicKey, toBeSigned, signature, [scheme]) === null) return false;
  const issuers = known.get(certificate);
  if (issuers === undefined) known.set(certificate, new WeakSet([issuer]));
  else issuers.add(issuer);
  return true;
}

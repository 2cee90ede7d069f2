import { generateSigningKey, type SigningKey } from '@pratique/crypto';
import { type ContentSigner, signedBytes, type TrustedRoot } from '@pratique/sigstore';
import { checkCertificate } from '../fulcio/check-certificate.ts';
import { requestCertificate } from '../fulcio/request-certificate.ts';
import type { Services } from '../http/services.ts';
import { checkNotExpired, type IdentityToken } from '../identity/token.ts';
import { type Witnesses, witnessed } from './witnesses.ts';

export interface KeylessOptions {
  /** Asked for a token whenever a certificate is needed. */
  readonly token: () => Promise<IdentityToken>;
  /** Address of the certificate authority. */
  readonly fulcio: string;
  readonly witnesses: Witnesses;
  /** Everything the services say is checked against it. */
  readonly root: TrustedRoot;
  /** Makes the key of a signature. Default: ECDSA P-256. */
  readonly makeKey?: () => SigningKey;
  /** Certificate logs that must promise to hold the certificate. Default 1. */
  readonly certificateLogs?: number;
}

/**
 * Signs as an identity: a fresh key for every signature, a certificate for it from Fulcio, and witnesses that it
 * was used while the certificate was good. The key is forgotten at once.
 */
export function keylessSigner(services: Services, options: KeylessOptions): ContentSigner {
  const { root, certificateLogs = 1, witnesses, makeKey = generateSigningKey } = options;
  return {
    async sign(content, request = {}) {
      const token = await options.token();
      checkNotExpired(token, new Date());
      const key = makeKey();
      const [leaf, ...issuers] = await requestCertificate(
        services,
        options.fulcio,
        key,
        token,
        request.signal,
      );
      const identity = checkCertificate(leaf, key.publicKey, root, certificateLogs, new Date());
      const signature = key.sign(signedBytes(content));
      const unwitnessed = { content, signature, key: key.publicKey, certificate: { leaf, issuers } };
      const signer = { keys: [], identities: [identity], certificateLogs };
      return await witnessed(services, witnesses, unwitnessed, root, signer, request);
    },
  };
}

import { generateSigningKey, type Signer } from '@pratique/crypto';
import type { ContentSigner, TrustedRoot } from '@pratique/sigstore';
import { checkCertificate } from '../fulcio/check-certificate.ts';
import { requestCertificate } from '../fulcio/request-certificate.ts';
import type { Services } from '../http/services.ts';
import { checkNotExpired, type IdentityToken } from '../identity/token.ts';
import { signContent } from './sign-content.ts';
import { type Witnesses, witnessed } from './witnesses.ts';

export interface KeylessOptions {
  /** Asked for a token whenever a certificate is needed. */
  readonly token: () => Promise<IdentityToken>;
  /** Address of the certificate authority. */
  readonly fulcio: string;
  readonly witnesses: Witnesses;
  /** Everything the services say is checked against it. */
  readonly root: TrustedRoot;
  /** Makes the key of a signature, or gives one that there is. Default: a new one, ECDSA P-256. */
  readonly makeKey?: () => Signer;
  /** Certificate logs that must promise to hold the certificate; 0: whether one does is not looked at. Default 1. */
  readonly certificateLogs?: number;
}

/**
 * Signs as an identity: a key, by default a fresh one for every signature that is forgotten at once, a certificate for it
 * from Fulcio, and witnesses that it was used while the certificate was good.
 */
export function keylessSigner(services: Services, options: KeylessOptions): ContentSigner {
  const { root, certificateLogs = 1, witnesses, makeKey = generateSigningKey } = options;
  return {
    async sign(content, request = {}) {
      const token = await options.token();
      checkNotExpired(token, new Date());
      const key = makeKey();
      const [leaf, ...issuers] = await requestCertificate(services, options.fulcio, key, token, {
        embedded: certificateLogs > 0,
        signal: request.signal,
      });
      const identity = checkCertificate(leaf, key.publicKey, root, certificateLogs, new Date());
      const certificate = { leaf, issuers };
      const unwitnessed = { ...(await signContent(key, content, witnesses, request.signal)), certificate };
      const signer = { keys: [], identities: [identity], certificateLogs };
      return await witnessed(services, witnesses, unwitnessed, root, signer, request);
    },
  };
}

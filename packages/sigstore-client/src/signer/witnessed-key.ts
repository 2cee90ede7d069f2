import type { Signer } from '@pratique/crypto';
import {
  type ContentSigner,
  type Signed,
  type SigningContent,
  signedBytes,
  type TrustedRoot,
} from '@pratique/sigstore';
import { checkCertificate } from '../fulcio/check-certificate.ts';
import type { Services } from '../http/services.ts';
import { type SignerTrust, type Witnesses, witnessed } from './witnesses.ts';

/**
 * Signs with a key, and has the signature logged and stamped: verifiers learn when the key was used. Without a
 * certificate they have to know the key; one that was brought along must be for this key and of an authority in the
 * trusted root, whose identity then signs.
 */
export function witnessedKeySigner(
  services: Services,
  key: Signer,
  witnesses: Witnesses,
  root: TrustedRoot,
  certificate: Signed['certificate'] = null,
): ContentSigner {
  const { publicKey } = key;
  return {
    async sign(content, request = {}) {
      const signer = signerTrust(key, root, certificate);
      const bytes = signedBytes(content);
      const prehashed = wantsPrehashed(content, witnesses) && key.signPrehashed !== undefined;
      const signature = prehashed ? key.signPrehashed!(bytes) : await key.sign(bytes, request.signal);
      const unwitnessed = { content, signature, key: publicKey, certificate, prehashed };
      return await witnessed(services, witnesses, unwitnessed, root, signer, request);
    },
  };
}

/**
 * Whether a log will know no more than a hash: Rekor v1 of messages, Rekor v2 of all. Of Ed25519 keys they take Ed25519ph
 * only, and cosign makes it for them; a DSSE envelope in Rekor v1 is signed plainly.
 */
function wantsPrehashed({ form }: SigningContent, { logs }: Witnesses): boolean {
  return logs.some(({ version }) => version === 2 || form === 'message');
}

/** Who the signature must be by: the key, or the identity of its certificate. @throws CERTIFICATE_UNUSABLE */
function signerTrust(
  { publicKey }: Signer,
  root: TrustedRoot,
  certificate: Signed['certificate'],
): SignerTrust {
  // Authorities beside Fulcio log no certificates.
  const certificateLogs = 0;
  if (certificate === null)
    return { keys: [{ name: publicKey.fingerprint, key: publicKey }], certificateLogs };
  const identity = checkCertificate(certificate.leaf, publicKey, root, certificateLogs, new Date());
  return { keys: [], identities: [identity], certificateLogs };
}

import type { Signer } from '@pratique/crypto';
import type { ContentSigner, Signed, TrustedRoot } from '@pratique/sigstore';
import { checkCertificate } from '../fulcio/check-certificate.ts';
import type { Services } from '../http/services.ts';
import { signContent } from './sign-content.ts';
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
  return {
    async sign(content, request = {}) {
      const signer = signerTrust(key, root, certificate);
      const unwitnessed = { ...(await signContent(key, content, witnesses, request.signal)), certificate };
      return await witnessed(services, witnesses, unwitnessed, root, signer, request);
    },
  };
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

import { createHash } from 'node:crypto';
import { encodeBase64 } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { type LogEntry, namingHash, parseLogEntry, signedBytes } from '@pratique/sigstore';
import { sigstoreClientErrors } from '../errors.ts';
import { jsonAnswer, refused, type Services, serviceUrl, wrongAnswer } from '../http/services.ts';
import type { Unwitnessed } from './v1.ts';

const service = 'the transparency log (Rekor v2)';

/**
 * Puts a signature into a Rekor v2 log (rekor-tiles `rekor_service.proto`), always as `hashedrekord` 0.0.2: of an
 * envelope the hash of its pre-authentication encoding is logged. It answers once the entry is in the tree, after
 * seconds. The entry is not verified here.
 *
 * @throws SIGNING_KEY_UNSUPPORTED, SIGNING_SERVICE_REFUSED, SIGNING_SERVICE_ANSWER, SIGNING_SERVICE_UNREACHABLE
 */
export async function addToRekorV2(
  services: Services,
  url: string,
  unwitnessed: Unwitnessed,
  signal?: AbortSignal,
): Promise<LogEntry> {
  const { content, signature, key, certificate } = unwitnessed;
  const digest = createHash(namingHash(unwitnessed)).update(signedBytes(content)).digest();
  const verifier =
    certificate === null
      ? { publicKey: { rawBytes: encodeBase64(key.spki) } }
      : { x509Certificate: { rawBytes: encodeBase64(certificate.leaf) } };
  const request = {
    hashedRekordRequestV002: {
      digest: encodeBase64(digest),
      signature: {
        content: encodeBase64(signature),
        verifier: { ...verifier, keyDetails: keyDetails(unwitnessed) },
      },
    },
  };
  const answer = await services.send({
    service,
    method: 'POST',
    url: serviceUrl(service, url, '/api/v2/log/entries'),
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(request)),
    idempotent: true,
    signal,
  });
  if (answer.status !== 201 && answer.status !== 200) throw refused(service, answer);
  try {
    return parseLogEntry(jsonAnswer(service, answer));
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code === 'SIGNING_SERVICE_ANSWER') throw error;
    throw wrongAnswer(service, error.message, error);
  }
}

/** PublicKeyDetails of protobuf-specs. */
function keyDetails({ key: { algorithm, bits }, prehashed }: Unwitnessed): string {
  switch (algorithm) {
    case 'ecdsa-p256':
      return 'PKIX_ECDSA_P256_SHA_256';
    case 'ecdsa-p384':
      return 'PKIX_ECDSA_P384_SHA_384';
    case 'ecdsa-p521':
      return 'PKIX_ECDSA_P521_SHA_512';
    case 'rsa':
      if ([2048, 3072, 4096].includes(bits)) return `PKIX_RSA_PKCS1V15_${bits}_SHA256`;
      break;
    case 'ed25519':
      if (prehashed === true) return 'PKIX_ED25519_PH';
      break;
  }
  throw sigstoreClientErrors.error('SIGNING_KEY_UNSUPPORTED', {
    message: `Rekor v2 takes no signature by a key of ${bits} bits and algorithm ${algorithm}`,
    expected: 'ECDSA, RSA of 2048, 3072 or 4096 bits, or an Ed25519 key in a file',
  });
}

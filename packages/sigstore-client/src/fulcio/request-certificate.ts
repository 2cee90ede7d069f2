import { encodeBase64, formatPublicKey, parsePem, type Signer } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { sigstoreClientErrors } from '../errors.ts';
import { answerReader } from '../http/json.ts';
import {
  explanation,
  jsonAnswer,
  refused,
  type Services,
  serviceUrl,
  wrongAnswer,
} from '../http/services.ts';
import type { IdentityToken } from '../identity/token.ts';

const service = 'the certificate authority (Fulcio)';
const maxCertificates = 10;

/** DER, the leaf first. Nothing of it is believed yet. */
export type CertificateChain = readonly [Uint8Array, ...Uint8Array[]];

export interface CertificateWishes {
  /** Only a certificate with its certificate log's promise inside. Default true. */
  readonly embedded?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a Fulcio for a certificate over `key` for the identity in `token` (Fulcio API v2, `CreateSigningCertificate`):
 * a signature over the identity proves that the key is held by who asks.
 *
 * @throws IDENTITY_TOKEN_REFUSED, SIGNING_SERVICE_REFUSED, SIGNING_SERVICE_ANSWER, SIGNING_SERVICE_UNREACHABLE
 */
export async function requestCertificate(
  services: Services,
  url: string,
  key: Signer,
  token: IdentityToken,
  { embedded = true, signal }: CertificateWishes = {},
): Promise<CertificateChain> {
  const request = {
    publicKeyRequest: {
      publicKey: { algorithm: algorithmOf(key), content: formatPublicKey(key.publicKey) },
      proofOfPossession: encodeBase64(await key.sign(new TextEncoder().encode(token.challenge), signal)),
    },
  };
  const answer = await services.send({
    service,
    method: 'POST',
    url: serviceUrl(service, url, '/api/v2/signingCert'),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token.raw}` },
    body: new TextEncoder().encode(JSON.stringify(request)),
    idempotent: true,
    signal,
  });
  if (answer.status === 401 || answer.status === 403) {
    throw sigstoreClientErrors.error('IDENTITY_TOKEN_REFUSED', {
      message: `${service} refused the identity token of ${token.issuer}: ${explanation(answer, token.raw)}`,
      found: `HTTP ${answer.status}`,
    });
  }
  if (answer.status !== 200 && answer.status !== 201) throw refused(service, answer, token.raw);
  return readChain(answer, embedded);
}

function algorithmOf({ publicKey }: Signer): 'ECDSA' | 'RSA_PSS' | 'ED25519' {
  if (publicKey.algorithm === 'ed25519') return 'ED25519';
  return publicKey.algorithm === 'rsa' ? 'RSA_PSS' : 'ECDSA';
}

/** A promise of a certificate log beside the certificate has no place in a bundle, and is not read. */
function readChain(answer: Parameters<typeof jsonAnswer>[1], embedded: boolean): CertificateChain {
  const read = answerReader(service);
  const document = read.object(jsonAnswer(service, answer), 'the answer');
  const bare = !embedded && Object.hasOwn(document, 'signedCertificateDetachedSct');
  const signed = read.objectAt(
    document,
    bare ? 'signedCertificateDetachedSct' : 'signedCertificateEmbeddedSct',
  );
  const pems = read.list(read.objectAt(signed, 'chain'), 'certificates', maxCertificates);
  const chain = pems.map((pem) => {
    if (typeof pem !== 'string') throw wrongAnswer(service, 'a certificate is not PEM');
    try {
      const [block, ...more] = parsePem(pem, 'a certificate');
      if (block.label === 'CERTIFICATE' && more.length === 0) return block.bytes;
    } catch (error) {
      if (!(error instanceof PratiqueError)) throw error;
    }
    throw wrongAnswer(service, 'a certificate is not PEM');
  });
  const [leaf, ...issuers] = chain;
  if (leaf === undefined) throw wrongAnswer(service, 'there is no certificate in it');
  return [leaf, ...issuers];
}

import { createHash } from 'node:crypto';
import {
  canonicalJson,
  decodeBase64,
  encodeBase64,
  formatPem,
  formatPublicKey,
  type HashAlgorithm,
  type JsonObject,
  type PublicKey,
  parseCertificate,
  parseEnvelope,
  parsePublicKey,
  type SignatureScheme,
  toHex,
  verifyDigestSignature,
  verifySignature,
} from '@pratique/crypto';
import { fromClient, Refusal } from '../http/refusal.ts';
import { member, object, only, text } from '../http/request.ts';
import { matchSignatures } from '../rekor/match-signatures.ts';
import { hashKey, nameKeys, subjectKeys } from '../search/keys.ts';

/** An entry whose signature was verified, as it is logged. */
export interface CanonicalEntryV2 {
  readonly kind: 'hashedrekord' | 'dsse';
  /** RFC 8785: the bytes of the leaf. */
  readonly body: Uint8Array;
  readonly searchKeys: readonly string[];
}

interface Verifier {
  readonly key: PublicKey;
  readonly hash: HashAlgorithm;
  readonly scheme: SignatureScheme;
  /** As it stands in the entry. */
  readonly value: JsonObject;
  readonly searchKeys: readonly string[];
}

const maxVerifiers = 16;
/** What fits into an entry bundle of C2SP `tlog-tiles`. */
const maxBodyBytes = 65_535;
/** PublicKeyDetails of protobuf-specs: the key they are about, the hash that is signed, and how. */
const details: Readonly<
  Record<string, { readonly key: string; readonly hash: HashAlgorithm; readonly scheme: SignatureScheme }>
> = {
  PKIX_RSA_PKCS1V15_2048_SHA256: { key: 'rsa 2048', hash: 'sha256', scheme: 'rsa-pkcs1v15-sha256' },
  PKIX_RSA_PKCS1V15_3072_SHA256: { key: 'rsa 3072', hash: 'sha256', scheme: 'rsa-pkcs1v15-sha256' },
  PKIX_RSA_PKCS1V15_4096_SHA256: { key: 'rsa 4096', hash: 'sha256', scheme: 'rsa-pkcs1v15-sha256' },
  PKIX_ECDSA_P256_SHA_256: { key: 'ecdsa-p256 256', hash: 'sha256', scheme: 'ecdsa-sha256' },
  PKIX_ECDSA_P384_SHA_384: { key: 'ecdsa-p384 384', hash: 'sha384', scheme: 'ecdsa-sha384' },
  PKIX_ECDSA_P521_SHA_512: { key: 'ecdsa-p521 521', hash: 'sha512', scheme: 'ecdsa-sha512' },
  PKIX_ED25519_PH: { key: 'ed25519 256', hash: 'sha512', scheme: 'ed25519ph' },
};
const hashNames = { sha256: 'SHA2_256', sha384: 'SHA2_384', sha512: 'SHA2_512' } as const;

/**
 * Reads a request to Rekor v2 (rekor-tiles `rekor_service.proto`): `hashedRekordRequestV002`, or `dsseRequestV002` of
 * older clients. Verifies its signatures and brings it into the form that is logged. Members that are not known are
 * refused, so that nobody believes them to be logged.
 *
 * @throws Refusal 400 for anything that is not such a request, or whose signature does not verify
 */
export function canonicalEntryV2(request: JsonObject): CanonicalEntryV2 {
  only(request, ['hashedRekordRequestV002', 'dsseRequestV002'], 'the request');
  const [hashedRekord, dsse] = [
    member(request, 'hashedRekordRequestV002'),
    member(request, 'dsseRequestV002'),
  ];
  if ((hashedRekord === undefined) === (dsse === undefined)) {
    throw new Refusal(400, 'the request has either hashedRekordRequestV002 or dsseRequestV002');
  }
  return fromClient(() =>
    hashedRekord === undefined
      ? dsseEntry(object(dsse, 'dsseRequestV002'))
      : hashedRekordEntry(object(hashedRekord, 'hashedRekordRequestV002')),
  );
}

function hashedRekordEntry(request: JsonObject): CanonicalEntryV2 {
  only(request, ['digest', 'signature'], 'hashedRekordRequestV002');
  const digest = decodeBase64(text(member(request, 'digest'), 'digest'), 'digest');
  const signature = object(member(request, 'signature'), 'signature');
  only(signature, ['content', 'verifier'], 'signature');
  const content = decodeBase64(text(member(signature, 'content'), 'content'), 'content of the signature');
  const verifier = readVerifier(object(member(signature, 'verifier'), 'verifier'));
  if (verifyDigestSignature(verifier.key, verifier.hash, digest, content) === null) {
    throw new Refusal(400, 'the signature is not one of this key over this digest');
  }
  return canonical(
    'hashedrekord',
    {
      hashedRekordV002: {
        data: { algorithm: hashNames[verifier.hash], digest: encodeBase64(digest) },
        signature: { content: encodeBase64(content), verifier: verifier.value },
      },
    },
    [...verifier.searchKeys, `${verifier.hash}:${toHex(digest)}`],
  );
}

function dsseEntry(request: JsonObject): CanonicalEntryV2 {
  only(request, ['envelope', 'verifiers'], 'dsseRequestV002');
  const envelope = parseEnvelope(object(member(request, 'envelope'), 'envelope'));
  const list = member(request, 'verifiers');
  if (!Array.isArray(list) || list.length === 0 || list.length > maxVerifiers) {
    throw new Refusal(400, `verifiers is not a list of 1 to ${maxVerifiers}`);
  }
  const verifiers = list.map((item) => readVerifier(object(item, 'a verifier')));
  const matched = matchSignatures(
    envelope,
    verifiers,
    ({ key, scheme }, signed, signature) => verifySignature(key, signed, signature, [scheme]) !== null,
  );
  const signatures = matched.map(({ signature, verifier }) => ({
    content: encodeBase64(signature),
    verifier: verifier.value,
  }));
  const payloadHash = createHash('sha256').update(envelope.payload).digest('base64');
  return canonical(
    'dsse',
    {
      dsseV002: {
        payloadHash: { algorithm: 'SHA2_256', digest: payloadHash },
        signatures: signatures.toSorted((a, b) => (a.content < b.content ? -1 : 1)),
      },
    },
    [
      ...verifiers.flatMap(({ searchKeys }) => searchKeys),
      hashKey(envelope.payload),
      ...subjectKeys(envelope),
    ],
  );
}

function canonical(
  kind: CanonicalEntryV2['kind'],
  spec: JsonObject,
  searchKeys: readonly string[],
): CanonicalEntryV2 {
  const body = new TextEncoder().encode(canonicalJson({ apiVersion: '0.0.2', kind, spec }));
  if (body.byteLength > maxBodyBytes)
    throw new Refusal(400, 'the entry is too large: its keys or certificates are');
  return { kind, body, searchKeys };
}

/** A key or certificate in DER, and what kind of signatures it makes, which must be what such a key can make. */
function readVerifier(verifier: JsonObject): Verifier {
  only(verifier, ['publicKey', 'x509Certificate', 'keyDetails'], 'verifier');
  const keyDetails = text(member(verifier, 'keyDetails'), 'keyDetails');
  const raw = (name: string): Uint8Array | undefined => {
    const value = member(verifier, name);
    if (value === undefined) return undefined;
    only(object(value, name), ['rawBytes'], name);
    return decodeBase64(text(member(object(value, name), 'rawBytes'), 'rawBytes'), name);
  };
  const [publicKey, certificate] = [raw('publicKey'), raw('x509Certificate')];
  if ((publicKey === undefined) === (certificate === undefined)) {
    throw new Refusal(400, 'a verifier has either publicKey or x509Certificate');
  }
  const parsed = certificate === undefined ? undefined : parseCertificate(certificate);
  const key = parsed?.publicKey ?? parsePublicKey(formatPem('PUBLIC KEY', publicKey!));
  const known = Object.hasOwn(details, keyDetails) ? details[keyDetails] : undefined;
  if (known?.key !== `${key.algorithm} ${key.bits}`) {
    throw new Refusal(
      400,
      `keyDetails is not one of ${Object.keys(details).join(', ')}, or not that of the key`,
    );
  }
  const pem = parsed === undefined ? formatPublicKey(key) : formatPem('CERTIFICATE', parsed.der);
  return {
    key,
    hash: known.hash,
    scheme: known.scheme,
    value: {
      keyDetails,
      ...(parsed === undefined
        ? { publicKey: { rawBytes: encodeBase64(key.spki) } }
        : { x509Certificate: { rawBytes: encodeBase64(parsed.der) } }),
    },
    searchKeys: [hashKey(pem), ...(parsed === undefined ? [] : nameKeys(parsed))],
  };
}

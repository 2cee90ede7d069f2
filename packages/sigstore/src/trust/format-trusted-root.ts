import { X509Certificate } from 'node:crypto';
import {
  basicConstraints,
  type Certificate,
  encodeBase64,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type KeyAlgorithm,
  noteKeyHash,
  type PublicKey,
  parseJson,
} from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import type { Window } from './trust.ts';
import { parseTrustedRoot } from './trusted-root.ts';

/** A log that is to be trusted. */
export interface NewLog extends Window {
  /** Empty: not said. */
  readonly url: string;
  readonly key: PublicKey;
  readonly validFrom: Date;
  /** What the log calls itself in checkpoints, where its id is made from that: Rekor v2 and static CT logs. */
  readonly origin?: string;
}

/** A certificate or timestamp authority that is to be trusted. */
export interface NewAuthority extends Window {
  /** Empty: not said. */
  readonly url: string;
  /** Root last. */
  readonly chain: readonly Certificate[];
}

/** What a trusted root is made from. */
export interface TrustedRootParts {
  readonly logs: readonly NewLog[];
  readonly certificateLogs: readonly NewLog[];
  readonly authorities: readonly NewAuthority[];
  readonly timestampAuthorities: readonly NewAuthority[];
}

const members = {
  logs: 'tlogs',
  authorities: 'certificateAuthorities',
  certificateLogs: 'ctlogs',
  timestampAuthorities: 'timestampAuthorities',
} as const;

/**
 * A trusted root (protobuf-specs, version 0.1) as JSON: the services given, after those of `base` that are kept.
 *
 * @param base a trusted root, and which of its lists are kept
 * @throws TRUSTED_ROOT_INVALID where what comes out could not be read again
 */
export function formatTrustedRoot(
  parts: TrustedRootParts,
  base?: { readonly root: Uint8Array; readonly keep: readonly (keyof TrustedRootParts)[] },
): Uint8Array {
  for (const { chain, url } of parts.timestampAuthorities) {
    if (chain.length < 2 || basicConstraints(chain[0]!).ca)
      throw invalid(`the chain of ${url} begins with no timestamping certificate`);
  }
  const own: Readonly<Record<keyof TrustedRootParts, readonly object[]>> = {
    logs: parts.logs.map(log),
    certificateLogs: parts.certificateLogs.map(log),
    authorities: parts.authorities.map(authority),
    timestampAuthorities: parts.timestampAuthorities.map(authority),
  };
  const kept = base === undefined ? {} : parsed(base.root);
  const document: Record<string, unknown> = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  };
  for (const [name, member] of Object.entries(members) as [keyof TrustedRootParts, string][]) {
    const before = base?.keep.includes(name) === true ? (kept[member] ?? []) : [];
    const list = [...(before as readonly JsonValue[]), ...own[name]];
    if (list.length > 0) document[member] = list;
  }
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  parseTrustedRoot(bytes);
  return bytes;
}

function parsed(root: Uint8Array): JsonObject {
  parseTrustedRoot(root);
  const document = parseJson(root, 'the trusted root');
  return isJsonObject(document) ? document : {};
}

const keyDetails: Readonly<Record<Exclude<KeyAlgorithm, 'rsa'>, string>> = {
  'ecdsa-p256': 'PKIX_ECDSA_P256_SHA_256',
  'ecdsa-p384': 'PKIX_ECDSA_P384_SHA_384',
  'ecdsa-p521': 'PKIX_ECDSA_P521_SHA_512',
  ed25519: 'PKIX_ED25519',
};

function log({ url, key, origin, ...window }: NewLog): object {
  const { algorithm, bits } = key;
  return {
    ...(url === '' ? {} : { baseUrl: url }),
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: encodeBase64(key.spki),
      keyDetails: algorithm === 'rsa' ? `PKIX_RSA_PKCS1V15_${bits}_SHA256` : keyDetails[algorithm],
      validFor: validFor(window),
    },
    logId: { keyId: origin === undefined ? key.hint : encodeBase64(noteKeyHash(origin, key)) },
  };
}

function authority({ url, chain, ...window }: NewAuthority): object {
  const root = chain.at(-1);
  if (root === undefined) throw invalid(`${url} has no certificate`);
  return {
    subject: subject(root),
    ...(url === '' ? {} : { uri: url }),
    certChain: { certificates: chain.map(({ der }) => ({ rawBytes: encodeBase64(der) })) },
    validFor: validFor(window),
  };
}

/** For people: nothing is decided by it. */
function subject({ der }: Certificate): object {
  const names = new Map(
    new X509Certificate(Buffer.from(der)).subject.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const [organization, commonName] = [names.get('O'), names.get('CN')];
  return { ...(organization && { organization }), ...(commonName && { commonName }) };
}

function validFor({ validFrom, validUntil }: Window): object {
  const time = (date: Date) => date.toISOString().replace('.000Z', 'Z');
  return {
    ...(validFrom === undefined ? {} : { start: time(validFrom) }),
    ...(validUntil === undefined ? {} : { end: time(validUntil) }),
  };
}

function invalid(message: string) {
  return sigstoreErrors.error('TRUSTED_ROOT_INVALID', {
    message: `the trusted root cannot be made: ${message}`,
  });
}

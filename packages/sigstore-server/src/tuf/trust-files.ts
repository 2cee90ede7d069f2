import {
  type Certificate,
  encodeBase64,
  formatPem,
  formatPublicKey,
  type JsonObject,
  noteKeyHash,
  type PublicKey,
} from '@pratique/crypto';
import type { Target } from './repository.ts';

/** Everything a client has to believe, and where it finds it. */
export interface Trusted {
  /** Of the whole server: `https://sigstore.example.com`. */
  readonly url: string;
  readonly issuer: string;
  /** From when on the keys are good. */
  readonly since: Date;
  readonly rekor: PublicKey;
  /** Its checkpoints bear `name`, which clients take from the host of the log’s URL. */
  readonly rekorV2: { readonly key: PublicKey; readonly name: string };
  readonly certificateLog: PublicKey;
  /** Leaf first, root last. */
  readonly fulcio: readonly Certificate[];
  readonly timestamps: readonly Certificate[];
}

/** The targets of the TUF repository: `trusted_root.json`, the signing configuration, and what old clients look for. */
export function trustTargets(trusted: Trusted): Record<string, Target> {
  const json = (value: JsonObject) => `${JSON.stringify(value, null, 2)}\n`;
  const use = (usage: string, uri: string) => ({ sigstore: { usage, status: 'Active', uri } });
  const pem = (chain: readonly Certificate[]) =>
    chain.map(({ der }) => formatPem('CERTIFICATE', der)).join('');
  const { url } = trusted;
  return {
    'trusted_root.json': { content: json(trustedRoot(trusted)) },
    'signing_config.v0.2.json': { content: json(signingConfig(trusted, 1)) },
    'signing_config_rekor_v2.v0.2.json': { content: json(signingConfig(trusted, 2)) },
    'fulcio_v1.crt.pem': { content: pem(trusted.fulcio.slice(-1)), custom: use('Fulcio', url) },
    'fulcio_intermediate_v1.crt.pem': {
      content: pem(trusted.fulcio.slice(0, -1)),
      custom: use('Fulcio', url),
    },
    'ctfe.pub': { content: formatPublicKey(trusted.certificateLog), custom: use('CTFE', url) },
    'rekor.pub': { content: formatPublicKey(trusted.rekor), custom: use('Rekor', url) },
    'tsa_leaf.crt.pem': {
      content: pem(trusted.timestamps.slice(0, 1)),
      custom: use('TSA', `${url}/api/v1/timestamp`),
    },
    'tsa_root.crt.pem': {
      content: pem(trusted.timestamps.slice(-1)),
      custom: use('TSA', `${url}/api/v1/timestamp`),
    },
  };
}

/** TrustedRoot of Sigstore's protobuf-specs, version 0.1. */
function trustedRoot(trusted: Trusted): JsonObject {
  const { url, since, rekor, rekorV2, certificateLog, fulcio, timestamps } = trusted;
  const validFor = { start: protobufTime(since) };
  const log = (baseUrl: string, key: PublicKey) => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: encodeBase64(key.spki), keyDetails: keyDetails(key), validFor },
    logId: { keyId: key.hint },
  });
  const tileLog = (name: string, key: PublicKey) => {
    const baseUrl = new URL(url);
    baseUrl.hostname = name;
    // The full hash of the name and key: a checkpoint's signature line begins with four bytes of it.
    return {
      ...log(baseUrl.href.replace(/\/$/, ''), key),
      logId: { keyId: encodeBase64(noteKeyHash(name, key)) },
    };
  };
  const authority = (uri: string, commonName: string, chain: readonly Certificate[]) => ({
    subject: { organization: 'pratique', commonName },
    uri,
    certChain: { certificates: chain.map(({ der }) => ({ rawBytes: encodeBase64(der) })) },
    validFor,
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(url, rekor), tileLog(rekorV2.name, rekorV2.key)],
    certificateAuthorities: [authority(url, 'pratique fulcio', fulcio)],
    ctlogs: [log(`${url}/ct/v1`, certificateLog)],
    timestampAuthorities: [authority(`${url}/api/v1/timestamp`, 'pratique timestamp authority', timestamps)],
  };
}

function keyDetails({ algorithm }: PublicKey): string {
  return algorithm === 'ed25519' ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256';
}

/** SigningConfig of Sigstore's protobuf-specs, version 0.2, for one version of Rekor: clients take the newest they see. */
function signingConfig({ url, issuer, since }: Trusted, rekorVersion: 1 | 2): JsonObject {
  const service = (address: string, majorApiVersion: 1 | 2 = 1) => ({
    url: address,
    majorApiVersion,
    validFor: { start: protobufTime(since) },
    operator: 'pratique',
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(url)],
    oidcUrls: [service(issuer)],
    rekorTlogUrls: [service(url, rekorVersion)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(`${url}/api/v1/timestamp`)],
    tsaConfig: { selector: 'ANY' },
  };
}

function protobufTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

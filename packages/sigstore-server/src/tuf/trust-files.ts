import {
  type Certificate,
  encodeBase64,
  formatPem,
  formatPublicKey,
  type JsonObject,
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
    'signing_config.v0.2.json': { content: json(signingConfig(trusted)) },
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
function trustedRoot({ url, since, rekor, certificateLog, fulcio, timestamps }: Trusted): JsonObject {
  const validFor = { start: protobufTime(since) };
  const log = (baseUrl: string, key: PublicKey) => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: encodeBase64(key.spki), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
    logId: { keyId: key.hint },
  });
  const authority = (uri: string, commonName: string, chain: readonly Certificate[]) => ({
    subject: { organization: 'pratique', commonName },
    uri,
    certChain: { certificates: chain.map(({ der }) => ({ rawBytes: encodeBase64(der) })) },
    validFor,
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(url, rekor)],
    certificateAuthorities: [authority(url, 'pratique fulcio', fulcio)],
    ctlogs: [log(`${url}/ct/v1`, certificateLog)],
    timestampAuthorities: [authority(`${url}/api/v1/timestamp`, 'pratique timestamp authority', timestamps)],
  };
}

/** SigningConfig of Sigstore's protobuf-specs, version 0.2. */
function signingConfig({ url, issuer, since }: Trusted): JsonObject {
  const service = (address: string) => ({
    url: address,
    majorApiVersion: 1,
    validFor: { start: protobufTime(since) },
    operator: 'pratique',
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(url)],
    oidcUrls: [service(issuer)],
    rekorTlogUrls: [service(url)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(`${url}/api/v1/timestamp`)],
    tsaConfig: { selector: 'ANY' },
  };
}

function protobufTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

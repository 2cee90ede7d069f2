import { createHash } from 'node:crypto';
import {
  encodeBase64,
  formatPem,
  generateSigningKey,
  oids,
  preAuthEncoding,
  type SigningKey,
} from '@pratique/crypto';
import { mediaTypes } from '../media-types.ts';
import { exactly, type TrustedIdentity } from '../trust/identity.ts';
import type { TransparencyLog, Trust } from '../trust/trust.ts';
import { dsseBody, type EntryJson, hashedRekordBody, testLog } from './transparency-log.ts';
import { makeLoggedCertificate, testCertificateLog } from './virtual/certificate-log.ts';
import {
  type AuthorityOptions,
  anchorsOf,
  emptyName,
  extensions,
  makeAuthority,
  type NewCertificate,
  names,
} from './virtual/certificates.ts';
import { hashedRekordV2Body, testLogV2 } from './virtual/rekor-v2.ts';
import { testTimestampAuthority } from './virtual/timestamp-authority.ts';

/** Everything happens here and at this moment, unless a test says otherwise. */
export const signingTime = new Date('2026-06-01T12:00:00Z');
export const subject = 'dev@example.test';
export const issuer = 'https://accounts.example.test';
export const years = {
  validFrom: new Date('2026-01-01T00:00:00Z'),
  validUntil: new Date('2027-01-01T00:00:00Z'),
};
const minutes = { validFrom: new Date('2026-06-01T11:55:00Z'), validUntil: new Date('2026-06-01T12:05:00Z') };

/** Keys are made once: they are what is slow. P-384 where Sigstore has it. */
export const keys = {
  root: generateSigningKey('ecdsa-p384'),
  intermediate: generateSigningKey('ecdsa-p384'),
  certificateLog: generateSigningKey(),
  log: generateSigningKey(),
  logV2: generateSigningKey('ed25519'),
  timestampRoot: generateSigningKey('ecdsa-p384'),
  timestampIntermediate: generateSigningKey(),
  timestamp: generateSigningKey(),
  signer: generateSigningKey(),
  stranger: generateSigningKey(),
};

export const authorityOptions: AuthorityOptions = {
  name: 'virtual',
  rootKey: keys.root,
  intermediateKey: keys.intermediate,
  purpose: oids.codeSigning,
  ...years,
};
export const authority = makeAuthority(authorityOptions);
export const certificateLog = testCertificateLog(keys.certificateLog, years);
export const rekor = testLog(keys.log, years);
export const rekorV2 = testLogV2(keys.logV2, 'log2026-1.example.test', years);
export const timestampAuthorityOptions: AuthorityOptions = {
  name: 'virtual timestamp',
  rootKey: keys.timestampRoot,
  intermediateKey: keys.timestampIntermediate,
  purpose: oids.timeStamping,
  ...years,
};
export const timestampAuthority = testTimestampAuthority(
  makeAuthority(timestampAuthorityOptions),
  keys.timestamp,
  years,
);

export const identity: TrustedIdentity = {
  name: 'dev',
  subject: exactly(subject),
  issuer: exactly(issuer),
};

/** What a verifier believes that was given this Sigstore's trusted root. */
export const trust = {
  keys: [],
  logs: [rekor.trusted, rekorV2.trusted],
  identities: [identity],
  authorities: [{ uri: 'https://fulcio.example.test', ...anchorsOf(authority), ...years }],
  certificateLogs: [certificateLog.trusted],
  timestampAuthorities: [timestampAuthority.trusted],
} satisfies Trust;

/** What Fulcio writes into a certificate, to be made wrong. */
export function leafOptions(): NewCertificate {
  return {
    issuer: authority.issuer,
    subject: emptyName,
    key: keys.signer.publicKey,
    ...minutes,
    extensions: [
      extensions.signsData(),
      extensions.purposes(false, oids.codeSigning),
      extensions.subjectKey(keys.signer.publicKey),
      extensions.names(names.email(subject)),
      extensions.fulcioRaw(1, issuer),
      extensions.fulcio(8, issuer),
    ],
  };
}

/** A certificate for the signer, in the certificate log. */
export function makeLeaf(change: Partial<NewCertificate> = {}): Uint8Array {
  const options = { ...leafOptions(), ...change };
  return makeLoggedCertificate(options, (tbs) => [
    certificateLog.timestamp(tbs, options.issuer.key.publicKey.spki),
  ]);
}

/** A bundle, open for forging. */
export interface KeylessBundleJson {
  mediaType: string;
  verificationMaterial: {
    certificate: { rawBytes: string };
    tlogEntries: EntryJson[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  messageSignature?: { messageDigest: { algorithm: string; digest: string }; signature: string };
  dsseEnvelope?: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

export interface SignOptions {
  readonly certificate?: Uint8Array;
  readonly key?: SigningKey;
  /** Which generation of log. Default 1. */
  readonly rekor?: 1 | 2;
  readonly timestamps?: readonly Uint8Array[];
  /** Time of the log's promise. */
  readonly loggedAt?: Date;
}

/** A signature over a file as `cosign sign-blob` makes it. */
export function signMessage(message: Uint8Array, options: SignOptions = {}): KeylessBundleJson {
  const { certificate = makeLeaf(), key = keys.signer } = options;
  const signature = key.sign(message);
  const digest = createHash('sha256').update(message).digest('base64');
  const body =
    options.rekor === 2
      ? hashedRekordV2Body(message, signature, { certificate })
      : hashedRekordBody(message, encodeBase64(signature), formatPem('CERTIFICATE', certificate));
  return {
    ...material(signature, certificate, body, options),
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest },
      signature: encodeBase64(signature),
    },
  };
}

/** A statement in an envelope, as `cosign sign` and `cosign attest` make it. */
export function signStatement(statement: Uint8Array, options: SignOptions = {}): KeylessBundleJson {
  const { certificate = makeLeaf(), key = keys.signer } = options;
  const signed = preAuthEncoding(mediaTypes.inToto, statement);
  const signature = key.sign(signed);
  const sig = encodeBase64(signature);
  const body =
    options.rekor === 2
      ? hashedRekordV2Body(signed, signature, { certificate })
      : dsseBody(statement, sig, formatPem('CERTIFICATE', certificate));
  return {
    ...material(signature, certificate, body, options),
    dsseEnvelope: {
      payload: encodeBase64(statement),
      payloadType: mediaTypes.inToto,
      signatures: [{ sig }],
    },
  };
}

function material(
  signature: Uint8Array,
  certificate: Uint8Array,
  body: Parameters<typeof rekor.entry>[0],
  options: SignOptions,
): KeylessBundleJson {
  const entry =
    options.rekor === 2 ? rekorV2.entry(body) : rekor.entry(body, options.loggedAt ?? signingTime);
  const timestamps = options.timestamps ?? [timestampAuthority.stamp(signature)];
  return {
    mediaType: mediaTypes.bundle,
    verificationMaterial: {
      certificate: { rawBytes: encodeBase64(certificate) },
      tlogEntries: [entry],
      timestampVerificationData: {
        rfc3161Timestamps: timestamps.map((stamp) => ({ signedTimestamp: encodeBase64(stamp) })),
      },
    },
  };
}

/** This Sigstore's `trusted_root.json`. */
export function trustedRootJson() {
  const log = (of: TransparencyLog) => ({
    baseUrl: of.baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: encodeBase64(of.key.spki),
      keyDetails: of.key.algorithm === 'ed25519' ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256',
      validFor: period,
    },
    logId: { keyId: Buffer.from(of.id, 'hex').toString('base64') },
  });
  const period = { start: years.validFrom.toISOString(), end: years.validUntil.toISOString() };
  const chain = (...certificates: readonly Uint8Array[]) => ({
    certificates: certificates.map((der) => ({ rawBytes: encodeBase64(der) })),
  });
  const { leaf, intermediates, anchors } = timestampAuthority.trusted;
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [rekor, rekorV2].map(({ trusted }) => log(trusted)),
    ctlogs: [log(certificateLog.trusted)],
    certificateAuthorities: [
      {
        uri: 'https://fulcio.example.test',
        certChain: chain(authority.intermediate, authority.root),
        validFor: period,
      },
    ],
    timestampAuthorities: [
      {
        uri: timestampAuthority.trusted.uri,
        certChain: chain(
          ...[leaf, ...intermediates, ...anchors].flatMap((item) => (item === null ? [] : [item.der])),
        ),
        validFor: period,
      },
    ],
  };
}

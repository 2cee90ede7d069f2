import { encodeBase64, preAuthEncoding } from '@pratique/crypto';
import { mediaTypes } from '../../media-types.ts';
import { joinEcdsa } from '../ecdsa.ts';
import { alice, bundle, bundleJson, bytesOf, goodStatement, stranger, subject } from '../forge.ts';

import { changedBundle, logEntryOf, loggedBundle, type Row, text } from './mutate.ts';

/** Bundle: its form. */
export const bundleFormRows: readonly Row[] = [
  ['JSON cut off', 'ENCODING_INVALID', () => bundle(JSON.stringify(bundleJson()).slice(0, -1))],
  ['nothing', 'ENCODING_INVALID', () => bundle('')],
  ['a list', 'BUNDLE_INVALID', changedBundle((json) => [json])],
  [
    'a member given twice',
    'ENCODING_INVALID',
    () => bundle(JSON.stringify(bundleJson()).replace('"payloadType"', '"payload":"e30=","payloadType"')),
  ],
  [
    'no media type',
    'BUNDLE_VERSION_UNSUPPORTED',
    changedBundle((json) => ({ ...json, mediaType: undefined })),
  ],
  [
    'a media type of version 0.4',
    'BUNDLE_VERSION_UNSUPPORTED',
    changedBundle((json) => {
      json.mediaType = json.mediaType.replace('0.3', '0.4');
    }),
  ],
  [
    'a media type of version 0.0',
    'BUNDLE_VERSION_UNSUPPORTED',
    changedBundle((json) => {
      json.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.0';
    }),
  ],
  [
    'a media type with a space in it',
    'BUNDLE_VERSION_UNSUPPORTED',
    changedBundle((json) => {
      json.mediaType = 'application/vnd.dev.sigstore.bundle+json; version=0.3';
    }),
  ],
  [
    'a media type of simple signing',
    'BUNDLE_VERSION_UNSUPPORTED',
    changedBundle((json) => {
      json.mediaType = mediaTypes.simpleSigning;
    }),
  ],
  [
    'no key material',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.verificationMaterial = {};
    }),
  ],
  [
    'a key and a certificate',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.verificationMaterial.certificate = { rawBytes: 'AAAA' };
    }),
  ],
  [
    'a certificate chain in version 0.3',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.verificationMaterial = { x509CertificateChain: { certificates: [{ rawBytes: 'AAAA' }] } };
    }),
  ],
  [
    'an empty certificate chain in version 0.2',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
      json.verificationMaterial = { x509CertificateChain: { certificates: [] } };
    }),
  ],
  ['no content', 'BUNDLE_INVALID', changedBundle((json) => ({ ...json, dsseEnvelope: undefined }))],
  [
    'an envelope and a message signature',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.messageSignature = { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' };
    }),
  ],
  [
    'a message signature over the image’s manifest',
    'BUNDLE_CONTENT_UNSUPPORTED',
    changedBundle((json) => ({
      ...json,
      dsseEnvelope: undefined,
      messageSignature: {
        messageDigest: {
          algorithm: 'SHA2_256',
          digest: Buffer.from('a1'.repeat(32), 'hex').toString('base64'),
        },
        signature: encodeBase64(alice.sign(bytesOf(subject.digest))),
      },
    })),
  ],
  [
    '33 log entries (CVE-2024-45395)',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.verificationMaterial.tlogEntries = Array.from({ length: 33 }, () => logEntryOf(json));
    }),
  ],
  [
    '33 timestamps',
    'BUNDLE_INVALID',
    changedBundle((json) => {
      json.verificationMaterial.timestampVerificationData = {
        rfc3161Timestamps: Array.from({ length: 33 }, () => ({ signedTimestamp: 'AAAA' })),
      };
    }),
  ],
  [
    'a version 0.3 log entry with a promise and no proof',
    'BUNDLE_INVALID',
    loggedBundle((entry) => ({ ...entry, inclusionProof: undefined })),
  ],
  [
    'a version 0.1 log entry with a proof and no promise',
    'BUNDLE_INVALID',
    loggedBundle(
      (entry) => ({ ...entry, inclusionPromise: undefined }),
      (json) => {
        json.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
      },
    ),
  ],
  ['a log index below zero', 'BUNDLE_INVALID', loggedBundle((entry) => ({ ...entry, logIndex: '-1' }))],
  [
    'a log id of a megabyte',
    'BUNDLE_INVALID',
    loggedBundle((entry) => ({ ...entry, logId: { keyId: 'AAAA'.repeat(350_000) } })),
  ],
  [
    'a log index of 2⁶³',
    'BUNDLE_INVALID',
    loggedBundle((entry) => ({ ...entry, logIndex: '9223372036854775808' })),
  ],
];

/** Bundle: its envelope. */
export const envelopeRows: readonly Row[] = [
  [
    'two signatures, the trusted one first',
    'ENVELOPE_SIGNATURE_COUNT',
    changedBundle((json) => {
      json.dsseEnvelope.signatures.push(...bundleJson(undefined, stranger).dsseEnvelope.signatures);
    }),
  ],
  [
    'two signatures, the trusted one last',
    'ENVELOPE_SIGNATURE_COUNT',
    changedBundle((json) => {
      json.dsseEnvelope.signatures.unshift(...bundleJson(undefined, stranger).dsseEnvelope.signatures);
    }),
  ],
  [
    'the same signature twice',
    'ENVELOPE_SIGNATURE_COUNT',
    changedBundle((json) => {
      json.dsseEnvelope.signatures.push(json.dsseEnvelope.signatures[0]!);
    }),
  ],
  [
    'no signature',
    'ENVELOPE_SIGNATURE_COUNT',
    changedBundle((json) => {
      json.dsseEnvelope.signatures = [];
    }),
  ],
  [
    '10,000 signatures',
    'ENVELOPE_INVALID',
    changedBundle((json) => {
      json.dsseEnvelope.signatures = Array.from({ length: 10_000 }, () => json.dsseEnvelope.signatures[0]!);
    }),
  ],
  [
    'an empty signature',
    'SIGNATURE_MALFORMED',
    changedBundle((json) => {
      json.dsseEnvelope.signatures[0]!.sig = '';
    }),
  ],
  [
    'a signature that is not base64',
    'ENCODING_INVALID',
    changedBundle((json) => {
      json.dsseEnvelope.signatures[0]!.sig = '%%%%';
    }),
  ],
  [
    'a signature of r = s = 0',
    'SIGNATURE_INVALID',
    changedBundle((json) => {
      json.dsseEnvelope.signatures[0]!.sig = encodeBase64(joinEcdsa(0n, 0n));
    }),
  ],
  [
    'a payload type changed after signing',
    'PAYLOAD_TYPE_MISMATCH',
    changedBundle((json) => {
      json.dsseEnvelope.payloadType = 'application/json';
    }),
  ],
  [
    'a payload type signed as another one',
    'PAYLOAD_TYPE_MISMATCH',
    () => bundle(bundleJson(undefined, alice, 'application/vnd.example+json')),
  ],
  [
    'a payload type in another case',
    'PAYLOAD_TYPE_MISMATCH',
    () => bundle(bundleJson(undefined, alice, 'application/vnd.in-toto+JSON')),
  ],
  [
    'an in-toto type over a signature made for another type',
    'SIGNATURE_INVALID',
    () => {
      const json = bundleJson(undefined, alice, 'application/json');
      json.dsseEnvelope.payloadType = mediaTypes.inToto;
      return bundle(json);
    },
  ],
  [
    'a payload changed after signing',
    'SIGNATURE_INVALID',
    changedBundle((json) => {
      const statement = goodStatement();
      statement.subject[0].annotations.env = 'prod';
      json.dsseEnvelope.payload = encodeBase64(bytesOf(statement));
    }),
  ],
  [
    'a signature over the bare payload (no pre-authentication encoding)',
    'SIGNATURE_INVALID',
    changedBundle((json) => {
      json.dsseEnvelope.signatures[0]!.sig = encodeBase64(alice.sign(bytesOf(goodStatement())));
    }),
  ],
  [
    'a pre-authentication encoding with a wrong length',
    'SIGNATURE_INVALID',
    changedBundle((json) => {
      const encoded = text(preAuthEncoding(mediaTypes.inToto, bytesOf(goodStatement()))).replace(
        'v1 28',
        'v1 29',
      );
      json.dsseEnvelope.signatures[0]!.sig = encodeBase64(alice.sign(bytesOf(encoded)));
    }),
  ],
  [
    'a payload in base64 with a line break',
    'ENCODING_INVALID',
    changedBundle((json) => {
      json.dsseEnvelope.payload += '\n';
    }),
  ],
  [
    'a payload that is an object',
    'ENVELOPE_INVALID',
    changedBundle((json) => {
      (json.dsseEnvelope as { payload: unknown }).payload = goodStatement();
    }),
  ],
  [
    'signatures that are an object',
    'ENVELOPE_INVALID',
    changedBundle((json) => {
      (json.dsseEnvelope as { signatures: unknown }).signatures = {
        0: json.dsseEnvelope.signatures[0],
        length: 1,
      };
    }),
  ],
];

import { createSelfSigned, encodeBase64, formatPublicKey, preAuthEncoding } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { annotationNames, mediaTypes } from '../media-types.ts';
import { joinEcdsa, order, splitEcdsa } from '../testing/ecdsa.ts';
import {
  alice,
  attestationLayer,
  type BundleJson,
  bundle,
  bundleJson,
  bytesOf,
  evidence,
  flip,
  goodDocument,
  goodStatement,
  keys,
  layer,
  log,
  logWindow,
  now,
  otherDigest,
  otherLog,
  signWith,
  stranger,
  subject,
  trusting,
  trustingLog,
} from '../testing/forge.ts';
import { dsseBody, type EntryJson, hashedRekordBody, logAnnotation } from '../testing/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import type { EvidenceItem } from '../types.ts';
import { distinctSigners, verifyEvidence } from './verify.ts';

/** What a forged candidate must end as: refused with this code, or a genuine attestation that is no signature. */
type Row = readonly [name: string, expected: string, item: () => EvidenceItem, trust?: Trust];

function outcome(item: EvidenceItem, trust: Trust = trusting()): string {
  const result = verifyEvidence(evidence(item), trust, now);
  expect(result.signatures.length + result.attestations.length + result.rejected.length).toBe(1);
  if (result.signatures.length > 0) return 'SIGNATURE';
  return result.attestations.length > 0 ? 'ATTESTATION' : result.rejected[0]!.code;
}

function rows(title: string, table: readonly Row[]): void {
  describe(title, () => {
    for (const [name, expected, item, trust] of table) {
      test(`${name} → ${expected}`, () => expect(outcome(item(), trust)).toBe(expected));
    }
  });
}

/** A layer whose document is the good one after `change`, signed again by the trusted key. */
const signedDocument = (change: (document: ReturnType<typeof goodDocument>) => unknown) => () => {
  const document = goodDocument();
  return layer(bytesOf(change(document) ?? document));
};
/** A layer with the good document and the trusted key's signature after `change`. */
const changedSignature = (change: (signature: Uint8Array) => Uint8Array) => () => {
  const payload = bytesOf(goodDocument());
  return layer(payload, alice, encodeBase64(change(alice.sign(payload))));
};
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const goodText = () => text(bytesOf(goodDocument()));

/** A bundle after `change`, not signed again. */
const changedBundle = (change: (json: BundleJson) => unknown) => () => {
  const json = bundleJson();
  return bundle(change(json) ?? json);
};
/** A bundle whose statement is the good one after `change`, signed again by the trusted key. */
const signedStatement = (change: (statement: ReturnType<typeof goodStatement>) => unknown) => () => {
  const statement = goodStatement();
  return bundle(bundleJson(bytesOf(change(statement) ?? statement)));
};

describe('control: what the rows forge is accepted as long as it is not forged', () => {
  test.each([
    ['a layer', layer()],
    ['a bundle', bundle()],
    ['an attestation layer with the signature predicate', attestationLayer(bundleJson().dsseEnvelope)],
  ])('%s', (_name, item) => expect(outcome(item)).toBe('SIGNATURE'));
  test.each(Object.entries(keys))('a layer and a bundle by %s', (_name, key) => {
    expect(outcome(layer(undefined, key), trusting(key))).toBe('SIGNATURE');
    expect(outcome(bundle(bundleJson(undefined, key)), trusting(key))).toBe('SIGNATURE');
  });
  test('a layer and a bundle in the log that is asked for', () => {
    expect(outcome(loggedLayer((entry) => entry)(), trustingLog)).toBe('SIGNATURE');
    expect(outcome(loggedBundle((entry) => entry)(), trustingLog)).toBe('SIGNATURE');
  });
});

rows('layer of a signature tag: what is signed', [
  [
    'the payload of another image under this image’s signature',
    'NO_MATCHING_KEY',
    () => {
      const mine = bytesOf(goodDocument());
      const document = goodDocument();
      document.critical.image['docker-manifest-digest'] = otherDigest;
      return layer(bytesOf(document), alice, encodeBase64(alice.sign(mine)));
    },
  ],
  [
    'a genuine signature copied over from another image',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = otherDigest;
    }),
  ],
  [
    'a signature for another image whose payload was edited to name this one',
    'NO_MATCHING_KEY',
    () => {
      const document = goodDocument();
      document.critical.image['docker-manifest-digest'] = otherDigest;
      return layer(bytesOf(goodDocument()), alice, encodeBase64(alice.sign(bytesOf(document))));
    },
  ],
  [
    'an annotation edited after signing',
    'NO_MATCHING_KEY',
    () => {
      const payload = bytesOf(goodText().replace('"dev"', '"prd"'));
      return layer(payload, alice, encodeBase64(alice.sign(bytesOf(goodDocument()))));
    },
  ],
  [
    'a space added to the payload',
    'NO_MATCHING_KEY',
    () => layer(bytesOf(`${goodText()} `), alice, encodeBase64(alice.sign(bytesOf(goodDocument())))),
  ],
  [
    'a digest in capitals',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = `sha256:${'A1'.repeat(32)}`;
    }),
  ],
  [
    'a digest without its algorithm',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = 'a1'.repeat(32);
    }),
  ],
  [
    'a digest of another algorithm',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = `sha512:${'a1'.repeat(32)}`;
    }),
  ],
  [
    'a digest with a line break behind it',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] += '\n';
    }),
  ],
  [
    'an empty digest',
    'SUBJECT_MISMATCH',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = '';
    }),
  ],
  [
    'a list of digests',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.critical.image['docker-manifest-digest'] = [subject.digest];
    }),
  ],
  [
    'the type of atomic signatures',
    'PAYLOAD_TYPE_MISMATCH',
    signedDocument((d) => {
      d.critical.type = 'atomic container signature';
    }),
  ],
  [
    'no type',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      delete d.critical.type;
    }),
  ],
  [
    'no image',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      delete d.critical.image;
    }),
  ],
  [
    'no identity',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      delete d.critical.identity;
    }),
  ],
  [
    'null instead of critical',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.critical = null;
    }),
  ],
  [
    'critical only under another case',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.Critical = d.critical;
      delete d.critical;
    }),
  ],
  [
    'critical only on the prototype',
    'PAYLOAD_INVALID',
    () =>
      layer(
        bytesOf(
          goodText()
            .replace(/^\{"critical"/, '{"__proto__":{"critical"')
            .replace(/$/, '}'),
        ),
      ),
  ],
  [
    'a list instead of optional',
    'PAYLOAD_INVALID',
    signedDocument((d) => {
      d.optional = ['env'];
    }),
  ],
  ['the document null', 'PAYLOAD_INVALID', () => layer(bytesOf('null'))],
  ['the document in a list', 'PAYLOAD_INVALID', signedDocument((d) => [d])],
  ['an empty payload', 'ENCODING_INVALID', () => layer(new Uint8Array())],
  ['JSON cut off', 'ENCODING_INVALID', () => layer(bytesOf(goodText().slice(0, -2)))],
  ['JSON with more behind it', 'ENCODING_INVALID', () => layer(bytesOf(`${goodText()}{}`))],
  [
    'the digest given twice, good one last',
    'ENCODING_INVALID',
    () =>
      layer(bytesOf(goodText().replace('"image":{', `"image":{"docker-manifest-digest":"${otherDigest}",`))),
  ],
  [
    'the digest given twice, one name escaped',
    'ENCODING_INVALID',
    () =>
      layer(
        bytesOf(goodText().replace('"image":{', `"image":{"docker\\u002dmanifest-digest":"${otherDigest}",`)),
      ),
  ],
  ['a byte order mark', 'ENCODING_INVALID', () => layer(bytesOf(`\ufeff${goodText()}`))],
  [
    'bytes that are not UTF-8',
    'ENCODING_INVALID',
    () => layer(Uint8Array.from(Buffer.from(goodText().replace('dev', 'd\u00e9v'), 'latin1'))),
  ],
  [
    'nesting without end',
    'ENCODING_INVALID',
    () => layer(bytesOf(goodText().replace('"dev"', `${'['.repeat(5000)}${']'.repeat(5000)}`))),
  ],
  [
    'a DSSE envelope where a payload belongs',
    'PAYLOAD_INVALID',
    () => layer(bytesOf(bundleJson().dsseEnvelope)),
  ],
]);

rows('layer of a signature tag: the signature', [
  ['no signature annotation', 'SIGNATURE_MALFORMED', () => ({ ...layer(), annotations: {} }) as EvidenceItem],
  ['an empty signature', 'SIGNATURE_MALFORMED', () => layer(undefined, alice, '')],
  ['text that is not base64', 'ENCODING_INVALID', () => layer(undefined, alice, '!')],
  [
    'base64 with a line break',
    'ENCODING_INVALID',
    () => layer(undefined, alice, `${encodeBase64(alice.sign(bytesOf(goodDocument())))}\n`),
  ],
  ['base64 of the URL alphabet', 'ENCODING_INVALID', () => layer(undefined, alice, `${'_-'.repeat(48)}`)],
  ['base64 without its padding', 'ENCODING_INVALID', () => layer(undefined, alice, 'MEUCIQ')],
  ['base64 with stray bits', 'ENCODING_INVALID', () => layer(undefined, alice, 'MEUCIR==')],
  ['one bit of the signature flipped', 'NO_MATCHING_KEY', changedSignature((s) => flip(s))],
  [
    'r and s swapped',
    'NO_MATCHING_KEY',
    changedSignature((s) => {
      const [r, t] = splitEcdsa(s);
      return joinEcdsa(t, r);
    }),
  ],
  ['r = 0 (CVE-2022-21449)', 'NO_MATCHING_KEY', changedSignature((s) => joinEcdsa(0n, splitEcdsa(s)[1]))],
  ['s = 0', 'NO_MATCHING_KEY', changedSignature((s) => joinEcdsa(splitEcdsa(s)[0], 0n))],
  ['r = s = 0', 'NO_MATCHING_KEY', changedSignature(() => joinEcdsa(0n, 0n))],
  [
    'a negative r',
    'NO_MATCHING_KEY',
    changedSignature((s) => joinEcdsa(-splitEcdsa(s)[0], splitEcdsa(s)[1])),
  ],
  [
    'r that is r minus the order',
    'NO_MATCHING_KEY',
    changedSignature((s) => joinEcdsa(splitEcdsa(s)[0] - order, splitEcdsa(s)[1])),
  ],
  [
    'r plus the order',
    'NO_MATCHING_KEY',
    changedSignature((s) => joinEcdsa(splitEcdsa(s)[0] + order, splitEcdsa(s)[1])),
  ],
  [
    's plus the order',
    'NO_MATCHING_KEY',
    changedSignature((s) => joinEcdsa(splitEcdsa(s)[0], splitEcdsa(s)[1] + order)),
  ],
  ['the order itself as s', 'NO_MATCHING_KEY', changedSignature((s) => joinEcdsa(splitEcdsa(s)[0], order))],
  ['a byte behind the DER', 'NO_MATCHING_KEY', changedSignature((s) => Uint8Array.of(...s, 0))],
  [
    'a byte inside the DER behind s',
    'NO_MATCHING_KEY',
    changedSignature((s) => Uint8Array.of(0x30, s[1]! + 2, ...s.subarray(2), 5, 0)),
  ],
  [
    'a BER long-form length',
    'NO_MATCHING_KEY',
    changedSignature((s) => Uint8Array.of(0x30, 0x81, s[1]!, ...s.subarray(2))),
  ],
  [
    'an integer with a needless zero',
    'NO_MATCHING_KEY',
    changedSignature((s) => Uint8Array.of(0x30, s[1]! + 1, 2, s[3]! + 1, 0, ...s.subarray(4))),
  ],
  [
    'raw r‖s instead of DER',
    'NO_MATCHING_KEY',
    changedSignature((s) => {
      const hex = splitEcdsa(s)
        .map((n) => n.toString(16).padStart(64, '0'))
        .join('');
      return Uint8Array.from(Buffer.from(hex, 'hex'));
    }),
  ],
  ['an empty SEQUENCE', 'NO_MATCHING_KEY', changedSignature(() => Uint8Array.of(0x30, 0))],
  [
    'SHA-384 under a P-256 key',
    'NO_MATCHING_KEY',
    () => {
      const payload = bytesOf(goodDocument());
      return layer(payload, alice, encodeBase64(signWith(alice, 'sha384', payload)));
    },
  ],
  [
    'SHA-1 under a P-256 key',
    'NO_MATCHING_KEY',
    () => {
      const payload = bytesOf(goodDocument());
      return layer(payload, alice, encodeBase64(signWith(alice, 'sha1', payload)));
    },
  ],
  [
    'a signature over the payload’s digest instead of the payload',
    'NO_MATCHING_KEY',
    () => layer(undefined, alice, encodeBase64(alice.sign(bytesOf(subject.digest)))),
  ],
  [
    'the signature of a bundle',
    'NO_MATCHING_KEY',
    () => layer(undefined, alice, bundleJson().dsseEnvelope.signatures[0]!.sig),
  ],
]);

const by = (key: (typeof keys)[keyof typeof keys], make: (payload: Uint8Array) => Uint8Array) => () => {
  const payload = bytesOf(goodDocument());
  return layer(payload, key, encodeBase64(make(payload)));
};
rows('keys and algorithms', [
  ['a key nobody trusts', 'NO_MATCHING_KEY', () => layer(undefined, stranger)],
  ['a bundle by a key nobody trusts', 'NO_MATCHING_KEY', () => bundle(bundleJson(undefined, stranger))],
  ['no key trusted at all', 'NO_MATCHING_KEY', () => bundle(), { keys: [], logs: [] }],
  ['P-384 where P-256 is trusted', 'NO_MATCHING_KEY', () => layer(undefined, keys['ecdsa-p384'])],
  ['RSA where P-256 is trusted', 'NO_MATCHING_KEY', () => layer(undefined, keys.rsa)],
  ['Ed25519 where P-256 is trusted', 'NO_MATCHING_KEY', () => layer(undefined, keys.ed25519)],
  [
    'P-384 with SHA-512',
    'NO_MATCHING_KEY',
    by(keys['ecdsa-p384'], (p) => signWith(keys['ecdsa-p384'], 'sha512', p)),
    trusting(keys['ecdsa-p384']),
  ],
  [
    'P-384 with SHA-1',
    'NO_MATCHING_KEY',
    by(keys['ecdsa-p384'], (p) => signWith(keys['ecdsa-p384'], 'sha1', p)),
    trusting(keys['ecdsa-p384']),
  ],
  [
    'P-521 with SHA-384',
    'NO_MATCHING_KEY',
    by(keys['ecdsa-p521'], (p) => signWith(keys['ecdsa-p521'], 'sha384', p)),
    trusting(keys['ecdsa-p521']),
  ],
  [
    'RSA with SHA-1',
    'NO_MATCHING_KEY',
    by(keys.rsa, (p) => signWith(keys.rsa, 'sha1', p)),
    trusting(keys.rsa),
  ],
  [
    'RSA-PSS where PKCS #1 v1.5 is meant',
    'NO_MATCHING_KEY',
    by(keys.rsa, (p) => signWith(keys.rsa, 'sha256', p, true)),
    trusting(keys.rsa),
  ],
  [
    'an RSA signature with a zero before it',
    'NO_MATCHING_KEY',
    by(keys.rsa, (p) => Uint8Array.of(0, ...keys.rsa.sign(p))),
    trusting(keys.rsa),
  ],
  [
    'an RSA signature of one',
    'NO_MATCHING_KEY',
    by(keys.rsa, () => Uint8Array.from(Buffer.alloc(384).fill(1, 383))),
    trusting(keys.rsa),
  ],
  [
    'an Ed25519 signature with s plus the order',
    'NO_MATCHING_KEY',
    by(keys.ed25519, (p) => {
      const signature = keys.ed25519.sign(p);
      const l = 2n ** 252n + 27742317777372353535851937790883648493n;
      const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + l;
      const high = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
      return Uint8Array.of(...signature.subarray(0, 32), ...high);
    }),
    trusting(keys.ed25519),
  ],
  [
    'an Ed25519 signature cut off',
    'NO_MATCHING_KEY',
    by(keys.ed25519, (p) => keys.ed25519.sign(p).subarray(0, 63)),
    trusting(keys.ed25519),
  ],
  [
    'an Ed25519 signature of zeros',
    'NO_MATCHING_KEY',
    by(keys.ed25519, () => new Uint8Array(64)),
    trusting(keys.ed25519),
  ],
  [
    'a key whose time is over',
    'KEY_OUTSIDE_VALIDITY',
    () => layer(),
    trusting(alice, { validUntil: new Date(now.getTime() - 1) }),
  ],
  [
    'a key whose time has not come',
    'KEY_OUTSIDE_VALIDITY',
    () => bundle(),
    trusting(alice, { validFrom: new Date(now.getTime() + 1) }),
  ],
  [
    'a layer with a certificate where a key is trusted',
    'CERTIFICATE_NOT_TRUSTED',
    () =>
      layer(undefined, alice, undefined, { [annotationNames.certificate]: '-----BEGIN CERTIFICATE-----' }),
  ],
  [
    'a bundle with a certificate where a key is trusted',
    'CERTIFICATE_NOT_TRUSTED',
    changedBundle((json) => {
      json.verificationMaterial = { certificate: { rawBytes: encodeBase64(alice.publicKey.spki) } };
    }),
  ],
  [
    'an attestation layer with a certificate where a key is trusted',
    'CERTIFICATE_NOT_TRUSTED',
    () =>
      attestationLayer(bundleJson().dsseEnvelope, {
        [annotationNames.certificate]: '-----BEGIN CERTIFICATE-----',
      }),
  ],
  [
    'a trusted key’s hint on a stranger’s signature',
    'SIGNATURE_INVALID',
    () => {
      const json = bundleJson(undefined, stranger);
      json.verificationMaterial = { publicKey: { hint: alice.publicKey.hint } };
      return bundle(json);
    },
  ],
  [
    'a hint that is a whole public key',
    'NO_MATCHING_KEY',
    () => {
      const json = bundleJson(undefined, stranger);
      json.verificationMaterial = { publicKey: { hint: formatPublicKey(stranger.publicKey) } };
      return bundle(json);
    },
  ],
]);

rows('bundle: form', [
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
    '33 log entries',
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
    'a log index of 2⁶³',
    'BUNDLE_INVALID',
    loggedBundle((entry) => ({ ...entry, logIndex: '9223372036854775808' })),
  ],
]);

rows('bundle: envelope', [
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
]);

rows('bundle: statement', [
  [
    'a genuine statement about another image',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha256: 'b2'.repeat(32) };
    }),
  ],
  [
    'the digest under another algorithm',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha512: 'a1'.repeat(32) };
    }),
  ],
  [
    'the digest under an algorithm in capitals',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { SHA256: 'a1'.repeat(32) };
    }),
  ],
  [
    'the digest in capitals',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha256: 'A1'.repeat(32) };
    }),
  ],
  [
    'the digest with its algorithm in front',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0].digest = { sha256: subject.digest };
    }),
  ],
  [
    'the digest only on the prototype',
    'PAYLOAD_INVALID',
    () =>
      bundle(
        bundleJson(
          bytesOf(
            JSON.stringify(goodStatement())
              .replace('"digest":{"sha256"', '"digest":{"__proto__":{"sha256"')
              .replace('"},"annotations"', '"}},"annotations"'),
          ),
        ),
      ),
  ],
  [
    'the digest as the subject’s name',
    'SUBJECT_MISMATCH',
    signedStatement((s) => {
      s.subject[0] = { name: subject.digest, digest: { sha256: 'b2'.repeat(32) } };
    }),
  ],
  [
    'a null subject before the right one',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject.unshift(null);
    }),
  ],
  [
    'a null subject behind the right one',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject.push(null);
    }),
  ],
  [
    'null instead of subjects',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject = null;
    }),
  ],
  [
    'no subjects',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject = [];
    }),
  ],
  [
    'subjects missing',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s.subject;
    }),
  ],
  [
    'a subject without digest',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s.subject[0].digest;
    }),
  ],
  [
    'a subject with no digests',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject[0].digest = {};
    }),
  ],
  [
    'a digest that is a number',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject[0].digest.sha256 = 1;
    }),
  ],
  [
    '1,025 subjects, the right one among them',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      s.subject = Array.from({ length: 1025 }, () => s.subject[0]);
    }),
  ],
  [
    '33 digests of a subject, the right one among them',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      for (let i = 0; i < 32; i++) s.subject[0].digest[`h${i}`] = 'x';
    }),
  ],
  [
    'no statement type',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s._type;
    }),
  ],
  [
    'another statement type',
    'PAYLOAD_TYPE_MISMATCH',
    signedStatement((s) => {
      s._type = 'https://in-toto.io/Statement/v9';
    }),
  ],
  [
    'no predicate type',
    'PAYLOAD_INVALID',
    signedStatement((s) => {
      delete s.predicateType;
    }),
  ],
  [
    'a payload cut off',
    'ENCODING_INVALID',
    () => bundle(bundleJson(bytesOf(goodStatement()).subarray(0, -1))),
  ],
  [
    'a predicate type given twice',
    'ENCODING_INVALID',
    () =>
      bundle(
        bundleJson(
          bytesOf(
            JSON.stringify(goodStatement()).replace('"predicate":', '"predicateType":"x","predicate":'),
          ),
        ),
      ),
  ],
  [
    'an SBOM attestation where a signature is wanted (security-profiles-operator #3449)',
    'ATTESTATION',
    signedStatement((s) => {
      s.predicateType = 'https://spdx.dev/Document';
    }),
  ],
  [
    'the signature’s predicate type in another case',
    'ATTESTATION',
    signedStatement((s) => {
      s.predicateType = s.predicateType.toUpperCase();
    }),
  ],
  [
    'the signature’s predicate type with a slash behind it',
    'ATTESTATION',
    signedStatement((s) => {
      s.predicateType += '/';
    }),
  ],
  [
    'an attestation layer with two signatures',
    'ENVELOPE_SIGNATURE_COUNT',
    () => {
      const { dsseEnvelope } = bundleJson();
      return attestationLayer({
        ...dsseEnvelope,
        signatures: [...dsseEnvelope.signatures, ...dsseEnvelope.signatures],
      });
    },
  ],
  ['an attestation layer that is a whole bundle', 'ENVELOPE_INVALID', () => attestationLayer(bundleJson())],
]);

/** The genuine log entry of a bundle. */
function logEntryOf(json: BundleJson, time = now, at = log): EntryJson {
  const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
  return at.entry(dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey), time);
}
/** A bundle with its genuine log entry after `change`. */
function loggedBundle(change: (entry: EntryJson) => unknown, more: (json: BundleJson) => void = () => {}) {
  return () => {
    const json = bundleJson();
    json.verificationMaterial.tlogEntries = [change(logEntryOf(json)) as EntryJson];
    more(json);
    return bundle(json);
  };
}
/** A layer with its genuine log entry after `change`. */
function loggedLayer(change: (entry: EntryJson) => EntryJson) {
  return () => {
    const payload = bytesOf(goodDocument());
    const signature = encodeBase64(alice.sign(payload));
    const entry = log.entry(hashedRekordBody(payload, signature, alice.publicKey), now);
    return layer(payload, alice, signature, { [annotationNames.bundle]: logAnnotation(change(entry)) });
  };
}
/** An entry, signed again by the log after `change`. */
const promised = (change: (entry: EntryJson) => EntryJson) => (entry: EntryJson) => {
  const changed = change(entry);
  return { ...changed, inclusionPromise: { signedEntryTimestamp: log.promise(changed) } };
};
const withProof =
  (change: (proof: NonNullable<EntryJson['inclusionProof']>) => object) => (entry: EntryJson) => ({
    ...entry,
    inclusionProof: { ...entry.inclusionProof!, ...change(entry.inclusionProof!) },
  });
const flipBase64 = (encoded: string, index?: number) =>
  encodeBase64(flip(Buffer.from(encoded, 'base64'), index));

rows('transparency log, where one is trusted', [
  ['a layer in no log', 'LOG_ENTRY_REQUIRED', () => layer(), trustingLog],
  ['a bundle in no log', 'LOG_ENTRY_REQUIRED', () => bundle(), trustingLog],
  [
    'an attestation layer in no log',
    'LOG_ENTRY_REQUIRED',
    () => attestationLayer(bundleJson().dsseEnvelope),
    trustingLog,
  ],
  [
    'a bundle in another log',
    'LOG_NOT_TRUSTED',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [logEntryOf(json, now, otherLog)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an entry of another log under the trusted log’s id',
    'LOG_PROMISE_INVALID',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [
        { ...logEntryOf(json, now, otherLog), logId: logEntryOf(json).logId },
      ];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'the entry of another signature by the same key (CVE-2022-23649)',
    'LOG_ENTRY_MISMATCH',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [logEntryOf(bundleJson())];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a layer with the entry of another payload (CVE-2026-22703)',
    'LOG_ENTRY_MISMATCH',
    () => {
      const item = loggedLayer((entry) => entry)() as Extract<EvidenceItem, { kind: 'simple-signing' }>;
      const payload = bytesOf(`${goodText()}\n`);
      const annotations = {
        ...item.annotations,
        [annotationNames.signature]: encodeBase64(alice.sign(payload)),
      };
      return { ...item, payload, annotations };
    },
    trustingLog,
  ],
  [
    'an entry with the right signature and another payload’s hash',
    'LOG_ENTRY_MISMATCH',
    () => {
      const json = bundleJson();
      const body = dsseBody(bytesOf('other'), json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
      json.verificationMaterial.tlogEntries = [log.entry(body, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an entry with the right signature and another key',
    'LOG_ENTRY_MISMATCH',
    () => {
      const json = bundleJson();
      const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
      const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, stranger.publicKey);
      json.verificationMaterial.tlogEntries = [log.entry(body, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a layer with the entry of another signature over the same payload',
    'LOG_ENTRY_MISMATCH',
    () => {
      const payload = bytesOf(goodDocument());
      const logged = encodeBase64(alice.sign(payload));
      const entry = log.entry(hashedRekordBody(payload, logged, alice.publicKey), now);
      return layer(payload, alice, undefined, { [annotationNames.bundle]: logAnnotation(entry) });
    },
    trustingLog,
  ],
  [
    'a layer with an entry that names another key',
    'LOG_ENTRY_MISMATCH',
    () => {
      const payload = bytesOf(goodDocument());
      const signature = encodeBase64(alice.sign(payload));
      const entry = log.entry(hashedRekordBody(payload, signature, stranger.publicKey), now);
      return layer(payload, alice, signature, { [annotationNames.bundle]: logAnnotation(entry) });
    },
    trustingLog,
  ],
  [
    'an entry that logs two signatures',
    'LOG_ENTRY_INVALID',
    () => {
      const json = bundleJson();
      const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
      const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
      const spec = body.spec as { signatures: unknown[] };
      spec.signatures.push(spec.signatures[0]);
      json.verificationMaterial.tlogEntries = [log.entry(body, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an entry of a version that is not read',
    'LOG_ENTRY_INVALID',
    () => {
      const json = bundleJson();
      const payload = Buffer.from(json.dsseEnvelope.payload, 'base64');
      const body = dsseBody(payload, json.dsseEnvelope.signatures[0]!.sig, alice.publicKey);
      json.verificationMaterial.tlogEntries = [log.entry({ ...body, apiVersion: '0.0.2' }, now)];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a hashedrekord with a hash of an unknown algorithm',
    'LOG_ENTRY_MISMATCH',
    () => {
      const payload = bytesOf(goodDocument());
      const signature = encodeBase64(alice.sign(payload));
      const body = structuredClone(hashedRekordBody(payload, signature, alice.publicKey)) as {
        spec: { data: { hash: { algorithm: string } } };
      };
      body.spec.data.hash.algorithm = 'md5';
      const entry = log.entry(body as never, now);
      return layer(payload, alice, signature, { [annotationNames.bundle]: logAnnotation(entry) });
    },
    trustingLog,
  ],
  [
    'a promise with a flipped bit',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({
      ...entry,
      inclusionPromise: { signedEntryTimestamp: flipBase64(entry.inclusionPromise!.signedEntryTimestamp) },
    })),
    trustingLog,
  ],
  [
    'a promise by the signer instead of the log',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({
      ...entry,
      inclusionPromise: { signedEntryTimestamp: encodeBase64(alice.sign(bytesOf(entry.canonicalizedBody))) },
    })),
    trustingLog,
  ],
  [
    'a time changed after the log signed it',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({ ...entry, integratedTime: '1' })),
    trustingLog,
  ],
  [
    'an index changed after the log signed it',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({ ...entry, logIndex: '8' })),
    trustingLog,
  ],
  [
    'a body changed after the log signed it',
    'LOG_PROMISE_INVALID',
    loggedLayer((entry) => ({
      ...entry,
      canonicalizedBody: Buffer.from(`${Buffer.from(entry.canonicalizedBody, 'base64')} `).toString('base64'),
    })),
    trustingLog,
  ],
  [
    'a time the promise does not cover, because there is no promise',
    'KEY_OUTSIDE_VALIDITY',
    loggedBundle((entry) => ({ ...entry, inclusionPromise: undefined })),
    {
      ...trustingLog,
      keys: [{ name: 'alice', key: alice.publicKey, validFrom: new Date(now.getTime() + 1) }],
    },
  ],
  [
    'a time in the log from after the key’s end',
    'KEY_OUTSIDE_VALIDITY',
    loggedBundle((entry) => entry),
    {
      ...trustingLog,
      keys: [{ name: 'alice', key: alice.publicKey, validUntil: new Date(now.getTime() - 1000) }],
    },
  ],
  [
    'an entry from before the log’s key was valid',
    'LOG_OUTSIDE_VALIDITY',
    loggedLayer(
      promised((entry) => ({
        ...entry,
        integratedTime: String(logWindow.validFrom.getTime() / 1000 - 1),
      })),
    ),
    trustingLog,
  ],
  [
    'an entry from after the log’s key was valid',
    'LOG_OUTSIDE_VALIDITY',
    loggedLayer(
      promised((entry) => ({
        ...entry,
        integratedTime: String(logWindow.validUntil.getTime() / 1000 + 1),
      })),
    ),
    trustingLog,
  ],
  [
    'the same entry twice',
    'LOG_ENTRY_DUPLICATE',
    () => {
      const json = bundleJson();
      const entry = logEntryOf(json);
      json.verificationMaterial.tlogEntries = [entry, entry];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a good entry beside a broken one of the same log',
    'LOG_PROMISE_INVALID',
    () => {
      const json = bundleJson();
      const entry = logEntryOf(json);
      json.verificationMaterial.tlogEntries = [entry, { ...entry, logIndex: '5' }];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'a proof with a flipped bit',
    'LOG_PROOF_INVALID',
    loggedBundle(
      withProof(({ hashes }) => ({
        hashes: [flipBase64(hashes[0]!), ...hashes.slice(1)],
      })),
    ),
    trustingLog,
  ],
  [
    'a proof cut off',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(({ hashes }) => ({ hashes: hashes.slice(0, -1) }))),
    trustingLog,
  ],
  [
    'a proof with one hash too many',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(({ hashes, rootHash }) => ({ hashes: [...hashes, rootHash] }))),
    trustingLog,
  ],
  [
    'no proof hashes and the leaf as root',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(() => ({ hashes: [] }))),
    trustingLog,
  ],
  [
    'a proof for another index',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(() => ({ logIndex: '6' }))),
    trustingLog,
  ],
  [
    'a proof for an index outside of the tree',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(() => ({ logIndex: '11' }))),
    trustingLog,
  ],
  [
    'a proof against another root hash',
    'LOG_PROOF_INVALID',
    loggedBundle(withProof(({ rootHash }) => ({ rootHash: flipBase64(rootHash) }))),
    trustingLog,
  ],
  [
    'a genuine proof with a checkpoint of another tree',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(() => ({
        checkpoint: { envelope: log.checkpoint(11, new Uint8Array(32)) },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint of another size',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ rootHash }) => ({
        checkpoint: { envelope: log.checkpoint(12, Buffer.from(rootHash, 'base64')) },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint nobody trusted signed',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ rootHash }) => ({
        checkpoint: { envelope: log.checkpoint(11, Buffer.from(rootHash, 'base64'), stranger) },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint with another key hint',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ checkpoint }) => ({
        checkpoint: {
          envelope: checkpoint.envelope.replace(
            /test \S+\n$/,
            (line) => `test ${flipBase64(line.slice(5, -1), 0)}\n`,
          ),
        },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint without signature',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ checkpoint }) => ({
        checkpoint: { envelope: `${checkpoint.envelope.split('\n\n')[0]}\n` },
      })),
    ),
    trustingLog,
  ],
  [
    'a checkpoint whose text was changed',
    'LOG_CHECKPOINT_INVALID',
    loggedBundle(
      withProof(({ checkpoint }) => ({
        checkpoint: { envelope: checkpoint.envelope.replace('- 1\n', '- 2\n') },
      })),
    ),
    trustingLog,
  ],
  [
    'a kind that contradicts the body',
    'LOG_ENTRY_INVALID',
    loggedBundle((entry) => ({
      ...entry,
      kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
    })),
    trustingLog,
  ],
  [
    'an entry of a kind that is not read',
    'LOG_ENTRY_INVALID',
    () => {
      const json = bundleJson();
      json.verificationMaterial.tlogEntries = [
        log.entry({ apiVersion: '0.0.1', kind: 'rekord', spec: {} }, now),
      ];
      return bundle(json);
    },
    trustingLog,
  ],
  [
    'an annotation that is not JSON',
    'ENCODING_INVALID',
    () => layer(undefined, alice, undefined, { [annotationNames.bundle]: '{' }),
    trustingLog,
  ],
  [
    'an annotation without a promise',
    'LOG_ENTRY_INVALID',
    loggedLayer((entry) => ({ ...entry, inclusionPromise: undefined }) as unknown as EntryJson),
    trustingLog,
  ],
]);

describe('what must not be mistaken for a denial or for more than it is', () => {
  test('both values of s verify, as Cosign writes either, and are still one signer (quorum)', () => {
    const payload = bytesOf(goodDocument());
    const signature = alice.sign(payload);
    const [r, s] = splitEcdsa(signature);
    const twin = layer(payload, alice, encodeBase64(joinEcdsa(r, order - s)));
    const result = verifyEvidence(
      evidence(layer(payload, alice, encodeBase64(signature)), twin, bundle()),
      trusting(),
      now,
    );
    expect(result.signatures).toHaveLength(3);
    expect(distinctSigners(result.signatures)).toEqual([alice.publicKey.fingerprint]);
  });

  test('a stranger’s hint on a trusted key’s signature does not hide who signed', () => {
    const json = bundleJson();
    json.verificationMaterial = { publicKey: { hint: stranger.publicKey.hint } };
    expect(outcome(bundle(json))).toBe('SIGNATURE');
  });

  test('a log entry is not read where no log is trusted: nobody could vouch for its time', () => {
    const result = verifyEvidence(evidence(loggedBundle((entry) => entry)()), trusting(), now);
    expect(result.signatures[0]).toMatchObject({ signedAt: null, log: null });
  });

  test('one forged signature does not spoil a genuine one, and does not go unmentioned', () => {
    const result = verifyEvidence(evidence(layer(undefined, stranger), layer()), trusting(), now);
    expect(result.signatures).toHaveLength(1);
    expect(result.rejected.map((rejection) => rejection.code)).toEqual(['NO_MATCHING_KEY']);
  });

  test('a refusal says which key it found and which it wanted', () => {
    const [rejection] = verifyEvidence(
      evidence(bundle(bundleJson(undefined, stranger))),
      trusting(),
      now,
    ).rejected;
    expect(rejection?.expected).toContain(alice.publicKey.fingerprint);
    expect(rejection?.found).toContain(stranger.publicKey.fingerprint);
    expect(rejection?.checks.at(-1)).toMatchObject({ name: 'signature', ok: false });
  });

  test('a refused certificate is named, so that people know which signature is meant', () => {
    const { certificatePem } = createSelfSigned({ names: ['build.example.test'] });
    const item = layer(undefined, alice, undefined, { [annotationNames.certificate]: certificatePem });
    const [rejection] = verifyEvidence(evidence(item), trusting(), now).rejected;
    expect(rejection?.found).toBe('a certificate for build.example.test (by its own account)');
  });

  test('terminal escapes in a payload do not reach a message', () => {
    const item = signedDocument((d) => {
      d.critical.type = '\u001b[2Jcosign container image signature';
    })();
    const { rejected } = verifyEvidence(evidence(item), trusting(), now);
    expect(JSON.stringify(rejected)).not.toMatch(/\\u001b/);
    expect(rejected[0]?.found).toBe('\\u{1b}[2Jcosign container image signature');
  });
});

import { encodeBase64, formatPublicKey, parseCertificate, parseDetachedTimestamp } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../testing/forge.ts';
import { artifact } from '../testing/keyless/row.ts';
import { hashedRekordBody } from '../testing/transparency-log.ts';
import {
  type DetachedTimestamp,
  type TimestampOptions,
  testCertificateLog,
} from '../testing/virtual/certificate-log.ts';
import {
  anchorsOf,
  distinguishedName,
  extensions,
  makeAuthority,
  makeCertificate,
} from '../testing/virtual/certificates.ts';
import {
  authority,
  authorityOptions,
  certificateLog,
  keys,
  leafOptions,
  makeLeaf,
  rekor,
  signingTime,
  signMessage,
  trust,
  years,
} from '../testing/virtual-sigstore.ts';
import { exactly } from '../trust/identity.ts';
import type { Trust } from '../trust/trust.ts';
import type { GivenParts } from '../types.ts';
import { verifyBundle } from './bundle.ts';

/** The code of the refusal, or that there was none. */
function outcome(json: unknown, given: GivenParts, change: Partial<Trust> = {}): string {
  const result = verifyBundle(bytesOf(json), { bytes: artifact }, { ...trust, ...change }, signingTime, {
    given,
  });
  return result.ok ? 'ACCEPTED' : result.rejection.code;
}

describe('a chain in a bundle of version 0.3', () => {
  const allowed = { allowCertificateChain: true };
  const { anchors } = anchorsOf(authority);
  /** Only the root is known: the intermediate has to come from the bundle. */
  const rootOnly: Partial<Trust> = {
    authorities: [{ uri: 'https://fulcio.example.test', anchors, intermediates: [], ...years }],
  };
  const stranger = makeAuthority({
    ...authorityOptions,
    rootKey: keys.stranger,
    intermediateKey: keys.stranger,
  });
  /** By the name of the genuine one and with its key, but issued by somebody else. */
  const forged = makeAuthority({ ...authorityOptions, rootKey: keys.stranger });
  const chained = (leaf: Uint8Array, ...issuers: readonly Uint8Array[]) => {
    const { verificationMaterial, ...json } = signMessage(artifact, { certificate: leaf });
    const { certificate, ...more } = verificationMaterial;
    const certificates = [certificate, ...issuers.map((der) => ({ rawBytes: encodeBase64(der) }))];
    return { ...json, verificationMaterial: { ...more, x509CertificateChain: { certificates } } };
  };

  test('is read only where that is allowed, and leads to a root that is trusted', () => {
    const bundle = chained(makeLeaf(), authority.intermediate);
    expect(outcome(bundle, {}, rootOnly)).toBe('BUNDLE_INVALID');
    expect(outcome(bundle, allowed, rootOnly)).toBe('ACCEPTED');
    expect(outcome(bundle, allowed)).toBe('ACCEPTED');
    expect(outcome(signMessage(artifact), allowed, rootOnly)).toBe('CERTIFICATE_PATH_INVALID');
  });

  test.each([
    [
      'nobody is trusted',
      makeLeaf(),
      [authority.intermediate],
      { authorities: [] },
      'CERTIFICATE_PATH_INVALID',
    ],
    ['a forged intermediate', makeLeaf(), [forged.intermediate], rootOnly, 'CERTIFICATE_PATH_INVALID'],
    [
      'a stranger’s intermediate and leaf',
      makeLeaf({ issuer: stranger.issuer }),
      [stranger.intermediate],
      rootOnly,
      'CERTIFICATE_PATH_INVALID',
    ],
    [
      'a stranger’s root',
      makeLeaf({ issuer: stranger.issuer }),
      [stranger.intermediate, stranger.root],
      rootOnly,
      'BUNDLE_INVALID',
    ],
    ['the genuine root', makeLeaf(), [authority.intermediate, authority.root], rootOnly, 'BUNDLE_INVALID'],
    [
      'a certificate of no authority',
      makeLeaf(),
      [authority.intermediate, makeLeaf()],
      rootOnly,
      'BUNDLE_INVALID',
    ],
    [
      'eleven certificates',
      makeLeaf(),
      Array.from({ length: 10 }, () => authority.intermediate),
      rootOnly,
      'BUNDLE_INVALID',
    ],
    [
      'an intermediate that had expired',
      makeLeaf(),
      [
        makeAuthority({
          ...authorityOptions,
          intermediate: { validUntil: new Date('2026-06-01T11:59:59Z') },
        }).intermediate,
      ],
      rootOnly,
      'CERTIFICATE_PATH_INVALID',
    ],
    [
      'a leaf that its signer issued under their own certificate',
      makeLeaf({ issuer: { name: distinguishedName('mallory'), key: keys.stranger } }),
      [
        makeCertificate({
          ...leafOptions(),
          subject: distinguishedName('mallory'),
          key: keys.stranger.publicKey,
          extensions: [extensions.authority(), extensions.signsCertificates()],
        }),
        authority.intermediate,
      ],
      rootOnly,
      // The intermediate may issue leaves, and no authority below it.
      'CERTIFICATE_PATH_INVALID',
    ],
  ] as const)('and proves nothing with %s', (_name, leaf, issuers, change, expected) => {
    expect(outcome(chained(leaf, ...issuers), allowed, change)).toBe(expected);
  });

  test('in an older bundle it is of no use', () => {
    const bundle = chained(makeLeaf(), authority.intermediate);
    const older = { ...bundle, mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2' };
    expect(outcome(older, allowed)).toBe('ACCEPTED');
    expect(outcome(older, allowed, rootOnly)).toBe('CERTIFICATE_PATH_INVALID');
  });
});

describe('a certificate from beside the signatures', () => {
  const certificate = (change: Parameters<typeof makeLeaf>[0] = {}): GivenParts => ({
    certificate: parseCertificate(makeLeaf(change)),
  });
  /** By the signer's key, of which the bundle and the log know nothing but that. */
  const byKey = (logged: 'key' | 'certificate' | 'nothing' = 'key') => {
    const { verificationMaterial, ...json } = signMessage(artifact);
    const { certificate: _, timestampVerificationData } = verificationMaterial;
    const name = logged === 'key' ? formatPublicKey(keys.signer.publicKey) : null;
    const entries =
      logged === 'nothing'
        ? []
        : name === null
          ? verificationMaterial.tlogEntries
          : [rekor.entry(hashedRekordBody(artifact, json.messageSignature!.signature, name), signingTime)];
    return {
      ...json,
      verificationMaterial: {
        publicKey: { hint: keys.signer.publicKey.hint },
        tlogEntries: entries,
        timestampVerificationData: logged === 'nothing' ? null : timestampVerificationData,
      },
    };
  };

  test('says who signed with a bare key', () => {
    expect(outcome(byKey(), {})).toBe('NO_CERTIFICATE');
    expect(outcome(byKey(), certificate())).toBe('ACCEPTED');
  });

  test.each([
    ['another key', certificate({ key: keys.stranger.publicKey }), {}, 'SIGNATURE_INVALID'],
    [
      'another identity',
      certificate(),
      { identities: [{ ...trust.identities[0]!, subject: exactly('other@example.test') }] },
      'IDENTITY_MISMATCH',
    ],
    [
      'another issuer',
      certificate(),
      { identities: [{ ...trust.identities[0]!, issuer: exactly('https://other.test') }] },
      'IDENTITY_MISMATCH',
    ],
    ['an authority that nobody trusts', certificate(), { authorities: [] }, 'CERTIFICATE_PATH_INVALID'],
    [
      'a validity that was over',
      certificate({ validUntil: new Date('2026-06-01T11:59:59Z') }),
      {},
      'CERTIFICATE_PATH_INVALID',
    ],
    ['no certificate log', certificate(), { certificateLogs: [] }, 'CERTIFICATE_LOG_MISSING'],
    ['nobody to be', certificate(), { identities: [] }, 'CERTIFICATE_NOT_TRUSTED'],
  ] as const)('and proves nothing with %s', (_name, given, change, expected) => {
    expect(outcome(byKey(), given, change)).toBe(expected);
  });

  test('does not say when: a log or an authority has to', () => {
    expect(outcome(byKey('nothing'), certificate(), { logs: [] })).toBe('SIGNING_TIME_MISSING');
    expect(outcome(byKey('nothing'), certificate())).toBe('LOG_ENTRY_REQUIRED');
  });

  test('is not the one that a log entry names where the signature carries none', () => {
    expect(outcome(byKey('certificate'), certificate())).toBe('LOG_ENTRY_MISMATCH');
  });

  test('must be the one that the signature carries', () => {
    const leaf = makeLeaf();
    const bundle = signMessage(artifact, { certificate: leaf });
    expect(outcome(bundle, { certificate: parseCertificate(leaf) })).toBe('ACCEPTED');
    // Good in itself, and of the same key.
    expect(outcome(bundle, certificate())).toBe('CERTIFICATE_MISMATCH');
  });
});

describe('a timestamp of a certificate log from beside the certificate', () => {
  const unlogged = makeCertificate(leafOptions());
  const logged = makeLeaf();
  const other = testCertificateLog(keys.stranger, years);
  const given = (
    der: Uint8Array,
    options: TimestampOptions = {},
    change: Partial<DetachedTimestamp> = {},
    log = certificateLog,
  ): GivenParts => ({
    certificateTimestamp: parseDetachedTimestamp(bytesOf({ ...log.answer(der, options), ...change })),
  });
  const by = (certificate: Uint8Array) => signMessage(artifact, { certificate });

  test('counts as one inside, where that is not', () => {
    expect(outcome(by(unlogged), {})).toBe('CERTIFICATE_LOG_MISSING');
    expect(outcome(by(unlogged), given(unlogged))).toBe('ACCEPTED');
    expect(outcome(by(unlogged), given(unlogged, { extensions: Uint8Array.of(0, 0, 5) }))).toBe('ACCEPTED');
  });

  const precertificate = certificateLog.answer(unlogged);
  test.each([
    ['of another certificate', given(logged), {}],
    ['signed by a stranger', given(unlogged, { signer: keys.stranger }), {}],
    ['of a log that is not trusted', given(unlogged, {}, {}, other), {}],
    ['of an unknown log, signed by a known one', given(unlogged, { logId: new Uint8Array(32) }), {}],
    [
      'of a time that is not the one signed',
      given(unlogged, {}, { timestamp: Date.parse('2026-05-01') }),
      {},
    ],
    ['with extensions that are not signed', given(unlogged, {}, { extensions: 'AAAF' }), {}],
    ['from before the log was trusted', given(unlogged, { time: new Date('2025-12-31T23:59:59Z') }), {}],
    ['from after the log was trusted', given(unlogged, { time: new Date('2027-01-01T00:00:01Z') }), {}],
    ['where no certificate log is trusted', given(unlogged), { certificateLogs: [] }],
    ['where two logs are asked for', given(unlogged), { thresholds: { certificateLogs: 2 } }],
  ] as const)('and counts for nothing %s', (_name, parts, change) => {
    expect(outcome(by(unlogged), parts, change)).toBe('CERTIFICATE_LOG_MISSING');
  });

  test('must be good also beside one inside, and does not make two of one log', () => {
    expect(outcome(by(logged), given(logged))).toBe('ACCEPTED');
    expect(outcome(by(logged), given(unlogged))).toBe('CERTIFICATE_LOG_MISSING');
    expect(outcome(by(logged), given(logged), { thresholds: { certificateLogs: 2 } })).toBe(
      'CERTIFICATE_LOG_MISSING',
    );
    const both = { certificateLogs: [certificateLog.trusted, other.trusted] };
    const two = { ...both, thresholds: { certificateLogs: 2 } };
    expect(outcome(by(logged), given(logged, {}, {}, other), two)).toBe('ACCEPTED');
  });

  test('for a certificate before its promises were put into it is of that, and not of this one', () => {
    const issuerSpki = authority.issuer.key.publicKey.spki;
    const inside = certificateLog.timestamp(unlogged, issuerSpki);
    // The signature over a precertificate in place of the one over the certificate.
    const signature = encodeBase64(inside.subarray(1 + 32 + 8 + 2));
    expect(outcome(by(unlogged), given(unlogged, {}, { signature }))).toBe('CERTIFICATE_LOG_MISSING');
  });

  test.each([
    ['a list', []],
    ['version 2', { ...precertificate, sct_version: 1 }],
    ['no version', { ...precertificate, sct_version: undefined }],
    ['no log', { ...precertificate, id: undefined }],
    ['an id that is none', { ...precertificate, id: 'AAAA' }],
    ['a time that is text', { ...precertificate, timestamp: '1' }],
    ['a time before all others', { ...precertificate, timestamp: -1 }],
    ['a time after all others', { ...precertificate, timestamp: 2 ** 53 }],
    ['extensions that are none', { ...precertificate, extensions: 7 }],
    ['no signature', { ...precertificate, signature: undefined }],
    ['a signature that is cut off', { ...precertificate, signature: 'BAMA' }],
    ['an unknown algorithm', { ...precertificate, signature: `AAAA${precertificate.signature.slice(4)}` }],
    ['bytes behind the signature', { ...precertificate, signature: `${precertificate.signature}AAAA` }],
  ])('is not read with %s', (_name, json) => {
    expect(() => parseDetachedTimestamp(bytesOf(json))).toThrowError(
      expect.objectContaining({ code: expect.stringMatching(/^(CERTIFICATE|ENCODING)_INVALID$/) }),
    );
  });
});

import {
  embeddedTimestamps,
  parseCertificate,
  parseTimestampResponse,
  verifyCertificateTimestamp,
  verifyTimestampToken,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readExtensions } from '../certificate/extensions.ts';
import { bytesOf } from '../testing/forge.ts';
import { artifact } from '../testing/keyless/row.ts';
import {
  identity,
  keys,
  makeLeaf,
  signingTime,
  signMessage,
  timestampAuthority,
  trust,
  trustedRootJson,
} from '../testing/virtual-sigstore.ts';
import { exactly, pattern } from '../trust/identity.ts';
import { isWithin } from '../trust/trust.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { parseTimestampAnnotation } from './annotations.ts';
import { verifyBundle } from './bundle.ts';

/** Damages one byte, cuts, or repeats a part. */
const damage = (bytes: Uint8Array) =>
  fc
    .tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length))
    .map(([index, byte, end]) => (index % 3 === 0 ? bytes.subarray(0, end) : bytes.with(index, byte)));

function answersWithOurErrors(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(PratiqueError);
  }
}

const stamp = timestampAuthority.stamp(artifact);

test('a damaged timestamp is answered with an error of ours or refused, and never says another time', () => {
  fc.assert(
    fc.property(damage(stamp), (bytes) => {
      answersWithOurErrors(() => {
        const token = parseTimestampResponse(bytes);
        const result = verifyTimestampToken(token, artifact, timestampAuthority.trusted);
        if (result.ok) expect(result.time).toEqual(signingTime);
      });
    }),
    { numRuns: 1000 },
  );
});

test('a damaged certificate with timestamps is answered with an error of ours', () => {
  const leaf = makeLeaf();
  const { key } = trust.certificateLogs[0]!;
  fc.assert(
    fc.property(damage(leaf), (bytes) => {
      answersWithOurErrors(() => {
        const certificate = parseCertificate(bytes);
        readExtensions(certificate);
        for (const timestamp of embeddedTimestamps(certificate)) {
          expect(
            verifyCertificateTimestamp(timestamp, certificate, keys.intermediate.publicKey, key),
          ).toBeTypeOf('boolean');
        }
      });
    }),
    { numRuns: 1000 },
  );
});

test('a trusted root is read whole: logs, authorities, timestamp authorities', () => {
  const root = parseTrustedRoot(bytesOf(trustedRootJson()));
  expect(root.logs.map(({ id }) => id)).toEqual(trust.logs.map(({ id }) => id));
  expect(root.certificateLogs).toHaveLength(1);
  expect(root.authorities[0]).toMatchObject({ uri: 'https://fulcio.example.test' });
  expect(root.timestampAuthorities[0]!.leaf).not.toBeNull();
  const believed = { ...root, keys: [], identities: [identity] };
  const bundle = bytesOf(signMessage(artifact));
  expect(verifyBundle(bundle, { bytes: artifact }, believed, signingTime).ok).toBe(true);
});

test.each([
  [
    'a certificate log whose key has no start',
    (root: ReturnType<typeof trustedRootJson>) => {
      delete (root.ctlogs[0]!.publicKey.validFor as { start?: string }).start;
    },
  ],
  [
    'an authority without certificates',
    (root: ReturnType<typeof trustedRootJson>) => {
      root.certificateAuthorities[0]!.certChain.certificates = [];
    },
  ],
  [
    'an authority with eleven certificates',
    (root: ReturnType<typeof trustedRootJson>) => {
      const chain = root.certificateAuthorities[0]!.certChain;
      chain.certificates = Array.from({ length: 11 }, () => chain.certificates[0]!);
    },
  ],
  [
    'a timestamp authority without root',
    (root: ReturnType<typeof trustedRootJson>) => {
      const chain = root.timestampAuthorities[0]!.certChain;
      chain.certificates = chain.certificates.slice(0, 1);
    },
  ],
  [
    'a log of another hash',
    (root: ReturnType<typeof trustedRootJson>) => {
      root.tlogs[0]!.hashAlgorithm = 'SHA2_512';
    },
  ],
])('a trusted root with %s is refused', (_name, change) => {
  const root = structuredClone(trustedRootJson());
  change(root);
  expect(() => parseTrustedRoot(bytesOf(root))).toThrow(
    expect.objectContaining({ code: 'TRUSTED_ROOT_INVALID' }),
  );
});

test('a log with a key of an unknown algorithm is not trusted, and does not spoil the others', () => {
  const root = structuredClone(trustedRootJson());
  // An SPKI of ML-DSA-44, cut short.
  root.tlogs[0]!.publicKey.rawBytes = Buffer.from('3012300b0609608648016503040311030300aabb', 'hex').toString(
    'base64',
  );
  expect(parseTrustedRoot(bytesOf(root)).logs).toHaveLength(1);
});

test('identity patterns match the whole text, in linear time', () => {
  expect(pattern('.*@example\\.com').matches('dev@example.com')).toBe(true);
  expect(pattern('example\\.com').matches('https://evil.test/example.com')).toBe(false);
  expect(pattern('^https://github\\.com/owner/.*$').matches('https://github.com/owner/x')).toBe(true);
  expect(pattern('a|b').matches('ab')).toBe(false);
  expect(pattern('(a+)+$').matches(`${'a'.repeat(50_000)}b`)).toBe(false);
  expect(exactly('a.c').matches('abc')).toBe(false);
  for (const wrong of ['(', '(?=a)', 'a'.repeat(1025)]) {
    expect(() => pattern(wrong)).toThrow(expect.objectContaining({ code: 'IDENTITY_PATTERN_INVALID' }));
  }
});

test('the annotation of a timestamp is read strictly', () => {
  expect(parseTimestampAnnotation('{"SignedRFC3161Timestamp":"AAE="}')).toEqual(Uint8Array.of(0, 1));
  for (const wrong of ['', '[]', '{}', '{"SignedRFC3161Timestamp":7}', '{"SignedRFC3161Timestamp":"%"}'])
    expect(() => parseTimestampAnnotation(wrong)).toThrow(PratiqueError);
});

test('windows without bounds are open', () => {
  expect(isWithin(new Date(0), {})).toBe(true);
});

import { encodeBase64, generateSigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { bytesOf } from '../testing/forge.ts';
import { isWithin } from './trust.ts';
import { parseTrustedRoot } from './trusted-root.ts';

const { publicKey } = generateSigningKey();
const good = () => ({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [
    {
      baseUrl: 'https://log.example.test',
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: encodeBase64(publicKey.spki),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor: { start: '2026-01-01T00:00:00Z', end: '2026-12-31T23:59:59.999Z' } as Record<
          string,
          string
        >,
      },
      logId: { keyId: publicKey.hint },
    },
  ],
});

test('a log is read with its key and its time', () => {
  const [log] = parseTrustedRoot(bytesOf(good())).logs;
  expect(log).toMatchObject({
    id: publicKey.fingerprint.slice(7),
    validFrom: new Date('2026-01-01T00:00:00Z'),
    validUntil: new Date('2026-12-31T23:59:59.999Z'),
  });
  expect(log!.key.fingerprint).toBe(publicKey.fingerprint);
});

test('a log key without start of validity is refused, not taken as valid for ever', () => {
  const root = good();
  delete root.tlogs[0]!.publicKey.validFor.start;
  expect(() => parseTrustedRoot(bytesOf(root))).toThrow(
    expect.objectContaining({ code: 'TRUSTED_ROOT_INVALID' }),
  );
});

test.each([
  ['media type', (root: ReturnType<typeof good>) => ({ ...root, mediaType: 'application/json' })],
  [
    'time',
    (root: ReturnType<typeof good>) => {
      root.tlogs[0]!.publicKey.validFor.start = 'January';
      return root;
    },
  ],
  [
    'number of logs',
    (root: ReturnType<typeof good>) => ({ ...root, tlogs: Array.from({ length: 65 }, () => root.tlogs[0]) }),
  ],
])('a trusted root with a wrong %s is refused', (_name, change) => {
  expect(() => parseTrustedRoot(bytesOf(change(good())))).toThrow(
    expect.objectContaining({ code: 'TRUSTED_ROOT_INVALID' }),
  );
});

test('a root all of whose logs have keys of unknown algorithms is refused, not one that asks for no log', () => {
  const root = good();
  // SubjectPublicKeyInfo of ML-DSA-44 (RFC 9881), without a key.
  const unknown = { ...root.tlogs[0]!.publicKey, rawBytes: 'MBIwCwYJYIZIAWUDBAMRAwMAAAA=' };
  const strange = { ...root.tlogs[0]!, publicKey: unknown };
  expect(parseTrustedRoot(bytesOf({ ...root, tlogs: [...root.tlogs, strange] })).logs).toHaveLength(1);
  expect(() => parseTrustedRoot(bytesOf({ ...root, tlogs: [strange] }))).toThrow(
    expect.objectContaining({ code: 'TRUSTED_ROOT_INVALID' }),
  );
});

test('windows are closed intervals: both ends count', () => {
  const [validFrom, validUntil] = [new Date(1000), new Date(2000)];
  expect([999, 1000, 2000, 2001].map((time) => isWithin(new Date(time), { validFrom, validUntil }))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

import { encodeBase64, generateSigningKey, oids } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../testing/forge.ts';
import { artifact, at, entryOf, sha256, signatureOf, stampsOf, without } from '../testing/keyless/row.ts';
import { makeLoggedCertificate, testCertificateLog } from '../testing/virtual/certificate-log.ts';
import { extensions, makeAuthority, names } from '../testing/virtual/certificates.ts';
import { testTimestampAuthority } from '../testing/virtual/timestamp-authority.ts';
import {
  certificateLog,
  issuer,
  keys,
  leafOptions,
  makeLeaf,
  signingTime,
  signMessage,
  subject,
  timestampAuthority,
  timestampAuthorityOptions,
  trust,
  years,
} from '../testing/virtual-sigstore.ts';
import { exactly, pattern, type TrustedIdentity } from '../trust/identity.ts';
import type { Trust } from '../trust/trust.ts';
import { verifyBundle } from './bundle.ts';

/** What the forge damages is accepted as long as it is not damaged, in every form a real Sigstore gives it. */
function verify(json: unknown, change: Partial<Trust> = {}) {
  return verifyBundle(bytesOf(json), { bytes: artifact }, { ...trust, ...change }, signingTime);
}
const asking = (change: Partial<TrustedIdentity>): Partial<Trust> => ({
  identities: [{ ...trust.identities[0]!, ...change }],
});
const named = (...list: readonly Uint8Array[]) =>
  makeLeaf({ extensions: [...without(oids.subjectAltName), extensions.names(...list)] });

describe('an identity is found', () => {
  const workflow = 'https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main';
  test.each([
    ['as an e-mail address', named(names.email(subject)), subject],
    ['as a URI', named(names.uri(workflow)), workflow],
    ['as a user name', named(names.other('1.3.6.1.4.1.57264.1.7', 'dev!example.test')), 'dev!example.test'],
    ['as the second name', named(names.email('other@example.test'), names.uri(workflow)), workflow],
    ['behind a kind of name nobody signs under', named(names.dns('a.test'), names.email(subject)), subject],
  ])('%s', (_name, certificate, wanted) => {
    const result = verify(signMessage(artifact, { certificate }), asking({ subject: exactly(wanted) }));
    expect(result).toMatchObject({
      ok: true,
      verified: { signer: { kind: 'identity', subject: wanted, issuer } },
    });
  });

  test('by a pattern, and by what GitHub says of it', () => {
    const certificate = makeLeaf({
      extensions: [
        ...leafOptions().extensions,
        extensions.fulcioRaw(5, 'acme/app'),
        extensions.fulcio(24, 'repo:acme/app'),
      ],
    });
    const wanted = {
      subject: pattern('.*@example\\.test'),
      extensions: { githubWorkflowRepository: exactly('acme/app'), tokenSubject: pattern('repo:.*') },
    };
    const result = verify(signMessage(artifact, { certificate }), asking(wanted));
    expect(result).toMatchObject({
      ok: true,
      verified: {
        signer: { extensions: { githubWorkflowRepository: 'acme/app', tokenSubject: 'repo:acme/app' } },
      },
    });
  });

  test('by its issuer of old, where there is no new one', () => {
    const certificate = makeLeaf({
      extensions: [...leafOptions().extensions.slice(0, 4), extensions.fulcioRaw(1, issuer)],
    });
    expect(verify(signMessage(artifact, { certificate })).ok).toBe(true);
  });
});

test.each(['ecdsa-p384', 'ecdsa-p521', 'rsa', 'ed25519'] as const)('a signature by %s', (algorithm) => {
  const key = generateSigningKey(algorithm);
  const certificate = makeLeaf({ key: key.publicKey });
  expect(verify(signMessage(artifact, { certificate, key })).ok).toBe(true);
});

test('two logs, two certificate logs and two timestamp authorities, where two of each are asked for', () => {
  const otherLog = testCertificateLog(keys.stranger, years);
  const otherAuthority = testTimestampAuthority(
    makeAuthority({ ...timestampAuthorityOptions, rootKey: keys.stranger, intermediateKey: keys.stranger }),
    keys.stranger,
    years,
    {},
    'https://tsa2.example.test',
  );
  const spki = leafOptions().issuer.key.publicKey.spki;
  const certificate = makeLoggedCertificate(leafOptions(), (tbs) => [
    certificateLog.timestamp(tbs, spki),
    // Static logs put the index of the entry here.
    otherLog.timestamp(tbs, spki, { extensions: Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 7) }),
  ]);
  const json = signMessage(artifact, { certificate });
  const second = signMessage(artifact, { certificate, rekor: 2 });
  // The signature of an ECDSA key differs each time: the second log must hold the first one's.
  expect(signatureOf(second)).not.toEqual(signatureOf(json));
  stampsOf(json).push({ signedTimestamp: encodeBase64(otherAuthority.stamp(signatureOf(json))) });
  const change = {
    certificateLogs: [certificateLog.trusted, otherLog.trusted],
    timestampAuthorities: [otherAuthority.trusted, timestampAuthority.trusted],
    thresholds: { certificateLogs: 2, timestamps: 2 },
  };
  expect(verify(json, change)).toMatchObject({ ok: true });
  json.verificationMaterial.tlogEntries.push(entryOf(second));
  expect(verify(json, { ...change, thresholds: { ...change.thresholds, logs: 2 } })).toMatchObject({
    ok: false,
    rejection: { code: 'LOG_ENTRY_MISMATCH' },
  });
});

test('windows are closed: both ends count', () => {
  const moment = { validFrom: signingTime, validUntil: signingTime };
  const change = {
    authorities: [{ ...trust.authorities[0]!, ...moment }],
    timestampAuthorities: [{ ...timestampAuthority.trusted, ...moment }],
    logs: trust.logs.map((log) => ({ ...log, ...moment })),
  };
  for (const rekor of [1, 2] as const) {
    const certificate = makeLeaf(moment);
    expect(verify(signMessage(artifact, { certificate, rekor }), change).ok).toBe(true);
  }
});

test('a timestamp whose authority sent its certificate along, where only its root is trusted', () => {
  const json = signMessage(artifact, { rekor: 2 });
  const stamp = timestampAuthority.stamp(signatureOf(json), { certificates: [timestampAuthority.leaf] });
  stampsOf(json)[0] = { signedTimestamp: encodeBase64(stamp) };
  const change = { timestampAuthorities: [{ ...timestampAuthority.trusted, leaf: null }] };
  expect(verify(json, change)).toMatchObject({ ok: true, verified: { signedAt: signingTime.toISOString() } });
});

test('an entry of a log nobody knows, beside one of a log that is trusted', () => {
  const json = signMessage(artifact);
  json.verificationMaterial.tlogEntries.push(entryOf(signMessage(artifact, { rekor: 2 })));
  expect(verify(json, { logs: [trust.logs[0]!] }).ok).toBe(true);
});

test('the result is plain data, with every check and the earliest proven time', () => {
  const stamp = (signature: Uint8Array) =>
    timestampAuthority.stamp(signature, { time: at('2026-06-01T11:59:30Z') });
  const json = signMessage(artifact);
  stampsOf(json)[0] = { signedTimestamp: encodeBase64(stamp(signatureOf(json))) };
  const result = verify(json);
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  expect(result).toMatchObject({
    ok: true,
    verified: { signedAt: '2026-06-01T11:59:30.000Z', statement: null },
  });
  expect(result.ok && result.verified.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
    'bundle true',
    'artifact-digest true',
    'certificate true',
    'signature true',
    'transparency-log true',
    'timestamps true',
    'signing-time true',
    'certificate-path true',
    'certificate-log true',
    'identity true',
  ]);
});

test('a digest of the wrong kind is no shortcut: SHA-512 of a file signed under SHA-256', () => {
  const digest = { algorithm: 'sha512', digest: new Uint8Array(64) } as const;
  expect(verifyBundle(bytesOf(signMessage(artifact)), digest, trust, signingTime)).toMatchObject({
    ok: false,
    rejection: { code: 'ARTIFACT_MISMATCH' },
  });
  const good = { algorithm: 'sha256', digest: sha256(artifact) } as const;
  expect(verifyBundle(bytesOf(signMessage(artifact)), good, trust, signingTime).ok).toBe(true);
});

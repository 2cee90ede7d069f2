import { encodeBase64, formatPem } from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { bytesOf, flip, subject as imageSubject, otherDigest } from '../testing/forge.ts';
import { certificateLogRows } from '../testing/keyless/certificate-logs.ts';
import { identityRows } from '../testing/keyless/identities.ts';
import { keylessLogRows } from '../testing/keyless/logs.ts';
import { pathRows } from '../testing/keyless/paths.ts';
import { artifact, type KeylessRow, otherArtifact, sha256 } from '../testing/keyless/row.ts';
import { timestampRows } from '../testing/keyless/timestamps.ts';
import { hashedRekordBody } from '../testing/transparency-log.ts';
import {
  authority,
  type KeylessBundleJson,
  rekor,
  signingTime,
  signMessage,
  signStatement,
  trust,
} from '../testing/virtual-sigstore.ts';
import type { Trust } from '../trust/trust.ts';
import { type Artifact, verifyBundle } from './bundle.ts';

/**
 * The forge: genuine bundles of a virtual Sigstore with one thing wrong, hundreds of them. None may be accepted, and
 * those of the tables must be refused for the right reason: without the check a row is about, it would be accepted.
 */
function outcome(json: unknown, believed: Trust = trust, about: Artifact = { bytes: artifact }): string {
  const result = verifyBundle(bytesOf(json), about, believed, signingTime);
  return result.ok ? 'ACCEPTED' : result.rejection.code;
}

const tables: Readonly<Record<string, readonly KeylessRow[]>> = {
  'certificate path': pathRows,
  'certificate log': certificateLogRows,
  identity: identityRows,
  timestamps: timestampRows,
  'transparency log': keylessLogRows,
};

describe.each(Object.entries(tables))('%s', (_title, rows) => {
  for (const [name, expected, make, change] of rows) {
    test(`${name} → ${expected}`, () => {
      expect(outcome(make(), { ...trust, ...change })).toBe(expected);
    });
  }
});

const statement = (digest: string) =>
  bytesOf({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: digest } }],
    predicateType: 'https://example.test/predicate',
    predicate: {},
  });
const fileStatement = statement(Buffer.from(sha256(artifact)).toString('hex'));

/** A genuine bundle of every kind. */
const kinds: Readonly<Record<string, () => KeylessBundleJson>> = {
  'file in Rekor v1': () => signMessage(artifact),
  'file in Rekor v2': () => signMessage(artifact, { rekor: 2 }),
  'statement in Rekor v1': () => signStatement(fileStatement),
  'statement in Rekor v2': () => signStatement(fileStatement, { rekor: 2 }),
};
/** Nothing may be left out unnoticed: without this a damaged timestamp could pass for one of an unknown authority. */
const strict: Trust = { ...trust, thresholds: { timestamps: 1 } };

/** Every text in a document, with its path. */
function texts(value: unknown, path: readonly (string | number)[] = []): [(string | number)[], string][] {
  if (typeof value === 'string') return [[[...path], value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => texts(member, [...path, name]));
}

function replaced(document: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [head, ...tail] = path;
  if (head === undefined) return value;
  const copy = (Array.isArray(document) ? [...document] : { ...(document as object) }) as Record<
    string,
    unknown
  >;
  copy[head] = replaced(copy[head], tail, value);
  return copy;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Of the reply around a timestamp's signed part, only the number of its status may change: 0 granted, 1 with changes. */
const statusByte = (bytes: Uint8Array) => bytes.indexOf(0x02, 2) + 2;

describe.each(Object.entries(kinds))('a genuine bundle: %s', (_title, make) => {
  const good = make();
  const about = { bytes: artifact };

  test('is accepted, by the file and by its digest', () => {
    expect(outcome(good, strict, about)).toBe('ACCEPTED');
    expect(outcome(good, strict, { algorithm: 'sha256', digest: sha256(artifact) })).toBe('ACCEPTED');
  });

  test('is refused for another file, by the file and by its digest (CVE-2022-36056, CVE-2026-31830)', () => {
    for (const other of [
      { bytes: otherArtifact },
      { algorithm: 'sha256', digest: sha256(otherArtifact) } as const,
      { algorithm: 'sha512', digest: new Uint8Array(64) } as const,
      { algorithm: 'sha256', digest: new Uint8Array() } as const,
    ]) {
      expect(outcome(good, strict, other)).toBe('ARTIFACT_MISMATCH');
    }
  });

  test('is refused with a bit flipped anywhere in any of its parts', () => {
    let forged = 0;
    for (const [path, text] of texts(good)) {
      if (!base64.test(text) || path.at(-1) === 'version' || path.at(-1) === 'algorithm') continue;
      const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
      const step = Math.max(1, Math.floor(bytes.length / 24));
      for (let index = 0; index < bytes.length; index += step) {
        if (path.at(-1) === 'signedTimestamp' && index === statusByte(bytes)) continue;
        const changed = Buffer.from(flip(bytes, index)).toString('base64');
        const name = `${path.join('.')} byte ${index}`;
        expect(`${name}: ${outcome(replaced(good, path, changed), strict, about)}`).not.toContain('ACCEPTED');
        forged++;
      }
    }
    expect(forged).toBeGreaterThan(150);
  });

  test('is refused with any text emptied, repeated, cut or replaced by another kind of value', () => {
    let forged = 0;
    for (const [path, text] of texts(good)) {
      for (const value of ['', `${text}${text}`, text.slice(0, -1), ` ${text}`, null, 8, {}, [text]]) {
        // An absent time or promise is absent; what they prove must then be proven otherwise, which the timestamp does.
        const absent = value === null || value === '';
        if (absent && ['integratedTime', 'signedEntryTimestamp'].includes(String(path.at(-1)))) continue;
        const name = `${path.join('.')} = ${JSON.stringify(value)}`;
        expect(`${name}: ${outcome(replaced(good, path, value), strict, about)}`).not.toContain('ACCEPTED');
        forged++;
      }
    }
    expect(forged).toBeGreaterThan(100);
  });

  test('is refused with any part of another genuine bundle in the place of its own', () => {
    let forged = 0;
    for (const [title, other] of Object.entries(kinds)) {
      const donor = other();
      for (const path of parts(good)) {
        const part = path.reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], donor);
        const own = path.reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], good);
        if (part === undefined || JSON.stringify(part) === JSON.stringify(own)) continue;
        const name = `${path.join('.')} of ${title}`;
        expect(`${name}: ${outcome(replaced(good, path, part), strict, about)}`).not.toContain('ACCEPTED');
        forged++;
      }
    }
    expect(forged).toBeGreaterThan(30);
  });
});

/** Every path in a document but the document itself. */
function parts(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, member]) => parts(member, [...path, name]))
      : [];
  return path.length === 0 ? below : [[...path], ...below];
}

test('an attestation about an image is not one about a file, nor the other way round', () => {
  const image = signStatement(statement(imageSubject.digest.slice('sha256:'.length)));
  expect(outcome(image)).toBe('ARTIFACT_MISMATCH');
  const digest = Uint8Array.from(Buffer.from(otherDigest.slice('sha256:'.length), 'hex'));
  expect(outcome(image, trust, { algorithm: 'sha256', digest })).toBe('ARTIFACT_MISMATCH');
});

test('an entry for a message is not one for an envelope, though it name the payload and the signature', () => {
  const json = signStatement(fileStatement);
  const { rawBytes } = json.verificationMaterial.certificate;
  const pem = formatPem('CERTIFICATE', Uint8Array.from(Buffer.from(rawBytes, 'base64')));
  const body = hashedRekordBody(fileStatement, json.dsseEnvelope!.signatures[0]!.sig, pem);
  json.verificationMaterial.tlogEntries = [rekor.entry(body, signingTime)];
  expect(outcome(json)).toBe('LOG_ENTRY_MISMATCH');
});

test('a predicate of another type than was asked for does not count (CVE-2022-35929, CVE-2022-35930)', () => {
  const verify = (json: unknown, predicateType: string) =>
    verifyBundle(bytesOf(json), { bytes: artifact }, trust, signingTime, { predicateType });
  expect(verify(signStatement(fileStatement), 'https://example.test/predicate').ok).toBe(true);
  for (const json of [signStatement(fileStatement), signMessage(artifact)]) {
    expect(verify(json, 'https://example.test/other')).toMatchObject({
      ok: false,
      rejection: { code: 'PAYLOAD_TYPE_MISMATCH' },
    });
  }
});

test('a signed statement that cannot be read, or is of another type, is no success (CVE-2026-39395)', () => {
  const broken = [new Uint8Array(), bytesOf('{'), bytesOf([]), bytesOf({ predicateType: 'x' }), artifact];
  for (const payload of broken) {
    for (const options of [{}, { predicateType: 'https://example.test/predicate' }]) {
      const json = bytesOf(signStatement(payload));
      expect(verifyBundle(json, { bytes: artifact }, trust, signingTime, options).ok).toBe(false);
    }
  }
});

test('a chain from before v0.3 may carry intermediates, which are not believed, and must not carry a root', () => {
  const chained = (...more: readonly Uint8Array[]) => {
    const json = signMessage(artifact);
    const { certificate, ...material } = json.verificationMaterial;
    const certificates = [certificate, ...more.map((der) => ({ rawBytes: encodeBase64(der) }))];
    return {
      ...json,
      mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
      verificationMaterial: { ...material, x509CertificateChain: { certificates } },
    };
  };
  const { intermediate, root } = authority;
  expect(outcome(chained(intermediate))).toBe('ACCEPTED');
  expect(outcome(chained(intermediate, root))).toBe('BUNDLE_INVALID');
  const [trusted] = trust.authorities;
  const rootOnly = { ...trust, authorities: [{ ...trusted!, intermediates: [] }] };
  expect(outcome(chained(intermediate), rootOnly)).toBe('CERTIFICATE_PATH_INVALID');
});

import { createHash } from 'node:crypto';
import {
  certificateExtensions,
  distinguishedName,
  encodeBase64,
  formatPublicKey,
  generateSigningKey,
  issueCertificate,
  issueTimestamp,
  type JsonObject,
  type JsonValue,
  newSerialNumber,
  oids,
  parseCertificate,
  parseTimestampResponse,
  preAuthEncoding,
  type SigningKey,
} from '@pratique/crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../http/refusal.ts';
import { hashedRekord } from '../testing/client.ts';
import { canonicalEntry } from './entry.ts';

const key = generateSigningKey();
const stranger = generateSigningKey();
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const twice = (bytes: Uint8Array) => base64(base64(bytes));
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const bodyOf = (entry: unknown) =>
  JSON.parse(new TextDecoder().decode(canonicalEntry(entry as JsonObject).body)) as unknown;

function refused(entry: unknown): string {
  try {
    canonicalEntry(entry as JsonObject);
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).status).toBe(400);
    return (error as Refusal).message;
  }
  throw new Error('it was accepted');
}

const inToto = 'application/vnd.in-toto+json';
const statement = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v0.1',
  predicateType: 'https://slsa.dev/provenance/v0.2',
  subject: [{ name: 'a', digest: { sha256: 'aa'.repeat(32) } }],
  predicate: { materials: [{ uri: 'b', digest: { sha1: 'bb'.repeat(20) } }] },
});

interface IntotoChange {
  readonly payload?: string;
  readonly signer?: SigningKey;
  readonly named?: SigningKey;
  readonly keyid?: string;
}

function intoto({ payload = statement, signer = key, named = key, keyid }: IntotoChange = {}) {
  const bytes = new TextEncoder().encode(statement);
  const signature = signer.sign(preAuthEncoding(inToto, bytes));
  return {
    kind: 'intoto',
    apiVersion: '0.0.2',
    spec: {
      content: {
        envelope: {
          payload: twice(new TextEncoder().encode(payload)),
          payloadType: inToto,
          signatures: [
            {
              ...(keyid === undefined ? {} : { keyid }),
              publicKey: base64(formatPublicKey(named.publicKey)),
              sig: twice(signature),
            },
          ],
        },
        hash: { algorithm: 'sha256', value: 'cc'.repeat(32) },
      },
    },
  };
}

describe('intoto 0.0.2', () => {
  test('is logged without its payload, as Rekor does, and found by subjects and materials', () => {
    const entry = intoto({ keyid: 'k' });
    const { content } = entry.spec;
    const { payload: _, ...envelope } = content.envelope;
    expect(bodyOf(entry)).toEqual({
      apiVersion: '0.0.2',
      kind: 'intoto',
      spec: {
        content: {
          envelope,
          hash: content.hash,
          payloadHash: { algorithm: 'sha256', value: sha256(statement) },
        },
      },
    });
    expect(canonicalEntry(entry).searchKeys).toEqual([
      `sha256:${sha256(formatPublicKey(key.publicKey))}`,
      `sha256:${sha256(statement)}`,
      `sha256:${'aa'.repeat(32)}`,
      `sha1:${'bb'.repeat(20)}`,
    ]);
  });

  test.each<[string, IntotoChange]>([
    ['a signature by another key', { signer: stranger }],
    ['another key than the one that signed', { named: stranger }],
    ['another payload than the signed one', { payload: `${statement} ` }],
  ])('%s is refused', (_, change) => {
    expect(refused(intoto(change))).toMatch(/not one of the key beside it/);
  });

  type Content = ReturnType<typeof intoto>['spec']['content'];
  test.each<[string, (content: Content) => unknown]>([
    ['no signature', (content) => ({ ...content, envelope: { ...content.envelope, signatures: [] } })],
    [
      'a second signature that is none',
      ({ envelope, ...content }) => {
        const [first] = envelope.signatures;
        const second = { ...first!, sig: twice(Uint8Array.of(1)) };
        return { ...content, envelope: { ...envelope, signatures: [first!, second] } };
      },
    ],
    [
      'too many signatures',
      ({ envelope, ...content }) => ({
        ...content,
        envelope: { ...envelope, signatures: Array(17).fill(envelope.signatures[0]) },
      }),
    ],
    ['no payload', ({ envelope, ...content }) => ({ ...content, envelope: { ...envelope, payload: '' } })],
    [
      'a payload that is in base64 once',
      ({ envelope, ...content }) => ({ ...content, envelope: { ...envelope, payload: base64(statement) } }),
    ],
    ['no hash', ({ envelope }) => ({ envelope })],
    [
      'a hash of another algorithm',
      (content) => ({ ...content, hash: { ...content.hash, algorithm: 'sha1' } }),
    ],
    ['a hash that is none', (content) => ({ ...content, hash: { ...content.hash, value: 'CC' } })],
    ['null', () => null],
  ])('%s is refused', (_, change) => {
    const entry = intoto();
    refused({ ...entry, spec: { content: change(entry.spec.content) } });
  });

  test('another version is refused', () => {
    refused({ ...intoto(), apiVersion: '0.0.1' });
    refused({ ...intoto(), apiVersion: '0.0.3' });
  });
});

function envelopeOf(signers: readonly SigningKey[], payload = statement): string {
  const signed = preAuthEncoding(inToto, new TextEncoder().encode(statement));
  return JSON.stringify({
    payloadType: inToto,
    payload: base64(payload),
    signatures: signers.map((signer) => ({ keyid: '', sig: base64(signer.sign(signed)) })),
  });
}

describe('intoto 0.0.1', () => {
  const entry = (envelope: JsonValue, named: SigningKey | null = key) => ({
    kind: 'intoto',
    apiVersion: '0.0.1',
    spec: {
      content: { envelope },
      ...(named === null ? {} : { publicKey: base64(formatPublicKey(named.publicKey)) }),
    },
  });

  test('is logged by the hashes of the envelope and its payload, and found by subjects and materials', () => {
    const envelope = envelopeOf([key]);
    expect(bodyOf(entry(envelope))).toEqual({
      apiVersion: '0.0.1',
      kind: 'intoto',
      spec: {
        content: {
          hash: { algorithm: 'sha256', value: sha256(envelope) },
          payloadHash: { algorithm: 'sha256', value: sha256(statement) },
        },
        publicKey: base64(formatPublicKey(key.publicKey)),
      },
    });
    expect(canonicalEntry(entry(envelope)).searchKeys).toEqual([
      `sha256:${sha256(formatPublicKey(key.publicKey))}`,
      `sha256:${sha256(envelope)}`,
      `sha256:${sha256(statement)}`,
      `sha256:${'aa'.repeat(32)}`,
      `sha1:${'bb'.repeat(20)}`,
    ]);
  });

  test('hashes that the client gives are not believed', () => {
    const { spec, ...rest } = entry(envelopeOf([key]));
    const hash = { algorithm: 'sha256', value: 'cc'.repeat(32) };
    const claimed = { ...rest, spec: { ...spec, content: { ...spec.content, hash, payloadHash: hash } } };
    expect(JSON.stringify(bodyOf(claimed))).not.toContain('cccc');
  });

  test.each([
    ['a signature by another key', entry(envelopeOf([stranger]))],
    ['a second signature by another key', entry(envelopeOf([key, stranger]))],
    ['another payload than the signed one', entry(envelopeOf([key], `${statement} `))],
    ['no signature', entry(envelopeOf([]))],
    ['no key', entry(envelopeOf([key]), null)],
    ['an envelope that is no text', entry(JSON.parse(envelopeOf([key])) as JsonValue)],
    ['an envelope that is cut off', entry(envelopeOf([key]).slice(0, -1))],
    ['hashes alone', { ...entry(''), spec: { content: { hash: {} }, publicKey: 'x' } }],
  ])('%s is refused', (_, proposed) => {
    refused(proposed);
  });
});

/** A timestamp over nothing in particular, by an authority whose certificate may be wrong. */
async function timestamp(change: { purpose?: string; signer?: SigningKey; certificates?: boolean } = {}) {
  const authority = generateSigningKey();
  const name = distinguishedName('test', 'authority');
  const der = issueCertificate(
    {
      issuer: name,
      subject: name,
      publicKey: authority.publicKey,
      validFrom: new Date(0),
      validUntil: new Date(2e12),
      extensions: [certificateExtensions.extendedKeyUsage(change.purpose ?? oids.timeStamping, true)],
      serialNumber: newSerialNumber(),
    },
    authority,
  );
  const imprint = createHash('sha256').update('stamped').digest();
  const request = { hash: 'sha256', imprint, policy: null, nonce: null } as const;
  const certificate = parseCertificate(der);
  const issuer = { key: change.signer ?? authority, certificate, policy: '1.3.6.1.4.1.57264.2' };
  return await issueTimestamp({ ...request, certificates: change.certificates ?? true }, issuer, new Date());
}

const rfc3161 = (response: Uint8Array) => ({
  kind: 'rfc3161',
  apiVersion: '0.0.1',
  spec: { tsr: { content: encodeBase64(response) } },
});

describe('rfc3161 0.0.1', () => {
  test('is logged whole, and found by its hash', async () => {
    const response = await timestamp();
    expect(bodyOf(rfc3161(response))).toEqual(rfc3161(response));
    expect(canonicalEntry(rfc3161(response)).searchKeys).toEqual([`sha256:${sha256(response)}`]);
  });

  test.each([
    ['one that another key signed', { signer: stranger }, /did not sign it/],
    ['one whose certificate is for something else', { purpose: oids.codeSigning }, /not for timestamps/],
    ['one without its certificate', { certificates: false }, /did not come along/],
  ])('%s is refused', async (_, change, message) => {
    expect(refused(rfc3161(await timestamp(change)))).toMatch(message);
  });

  test('one that was not granted, that is none, or is too large is refused', async () => {
    refused(rfc3161(Uint8Array.of(0x30, 5, 0x30, 3, 2, 1, 2)));
    refused(rfc3161(new Uint8Array(11 * 1024)));
    refused({ ...rfc3161(new Uint8Array()), spec: { tsr: null } });
    refused({ ...rfc3161(await timestamp()), spec: { tsr: { content: '***' } } });
  });

  test('one of which any byte is another is refused, or stands for the same signature', async () => {
    const response = await timestamp();
    fc.assert(
      fc.property(fc.nat(response.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
        const damaged = response.with(index, response[index]! ^ mask);
        try {
          canonicalEntry(rfc3161(damaged));
          // What is not signed: the status, and lists that name nothing new.
          const [was, is] = [response, damaged].map((bytes) => parseTimestampResponse(bytes));
          expect([is!.content, is!.signer]).toEqual([was!.content, was!.signer]);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('hashedrekord by Ed25519', () => {
  const ed25519 = generateSigningKey('ed25519');
  const data = new TextEncoder().encode('hashed');
  const entry = (signature: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha512', signer = ed25519) => {
    const plain = hashedRekord('hashed', signer);
    const value = createHash(algorithm).update(data).digest('hex');
    const { publicKey } = plain.spec.signature;
    return {
      ...plain,
      spec: {
        data: { hash: { algorithm, value } },
        signature: { content: encodeBase64(signature), publicKey },
      },
    };
  };

  test('is logged where it is pre-hashed (Ed25519ph, SHA-512)', () => {
    const good = entry(ed25519.signPrehashed!(data));
    expect(bodyOf(good)).toEqual(good);
  });

  test.each([
    ['a plain signature', () => entry(ed25519.sign(data))],
    [
      'a plain signature over the hash',
      () => entry(ed25519.sign(createHash('sha512').update(data).digest())),
    ],
    ['a pre-hashed one of another hash', () => entry(ed25519.signPrehashed!(data), 'sha256')],
    ['a pre-hashed one of something else', () => entry(ed25519.signPrehashed!(Uint8Array.of(1)))],
    ['a pre-hashed one by another key', () => entry(generateSigningKey('ed25519').signPrehashed!(data))],
    ['one by an ECDSA key', () => entry(ed25519.signPrehashed!(data), 'sha512', key)],
  ])('%s is refused', (_, make) => {
    refused(make());
  });
});

test('bytes of any kind are refused as the client’s mistake, and nothing else happens', () => {
  const kinds = fc.constantFrom(
    'intoto 0.0.1',
    'intoto 0.0.2',
    'rfc3161 0.0.1',
    'dsse 0.0.1',
    'hashedrekord 0.0.1',
  );
  fc.assert(
    fc.property(kinds, fc.jsonValue(), (kindVersion, spec) => {
      const [kind, apiVersion] = kindVersion.split(' ');
      refused({ kind, apiVersion, spec });
    }),
  );
});

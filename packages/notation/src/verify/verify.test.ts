import {
  certificateExtension,
  encodeBase64,
  type JsonObject,
  type KeyAlgorithm,
  oids,
} from '@pratique/crypto';
import { describe, expect, test } from 'vitest';
import { type CborMap, type CborTag, type CborValue, readCbor } from '../cbor/read.ts';
import { writeCbor } from '../cbor/write.ts';
import type { EnvelopeFormat } from '../media-types.ts';
import { coseHeader, formatCose, formatJws, jwsHeader } from '../sign/envelope.ts';
import { formatPayload } from '../sign/sign.ts';
import type { NotationSigner } from '../sign/signer.ts';
import {
  extensions,
  newAuthority,
  newHolder,
  newRoot,
  newSelfSigned,
  newTimestampAuthority,
  signerOf,
  stamp,
  wabbit,
} from '../testing/authority.ts';
import { withHeaders as forgeHeaders, type HeaderChanges } from '../testing/forge.ts';
import {
  codeOf,
  content,
  formats,
  intermediate,
  itemOf,
  judge,
  leaf,
  now,
  root,
  sign,
  signer,
  statement,
  subject,
} from '../testing/world.ts';
import { levelOf } from '../trust/level.ts';
import { parseTrustedIdentities } from '../trust/policy.ts';
import type { NotationItem } from '../types.ts';

/** A signature whose signer wrote these protected headers. */
const withHeaders = async (format: EnvelopeFormat, changes: HeaderChanges, by = signer) =>
  itemOf(format, await forgeHeaders(format, content(), by, changes));

const scheme = 'io.cncf.notary.signingScheme';
const time = 'io.cncf.notary.signingTime';
const authentic = 'io.cncf.notary.authenticSigningTime';
const expiry = 'io.cncf.notary.expiry';
const may = new Date('2026-05-01T00:00:00Z');

describe.each(formats)('%s', (format) => {
  test.each<KeyAlgorithm>(['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa'])(
    'a signature by a key of %s is accepted, with who signed, and only for its image',
    async (algorithm) => {
      const by = newHolder(intermediate, { algorithm });
      const item = await sign(
        format,
        { payload: formatPayload(subject, { build: '7' }) },
        signerOf(by, intermediate, root),
      );
      const verdict = judge(item);
      expect(verdict).toMatchObject({
        ok: true,
        genuine: true,
        signature: {
          format: 'notation',
          signer: {
            kind: 'identity',
            subject: 'CN=signer,O=wabbit-networks.io,ST=WA,C=US',
            issuer: 'CN=root',
          },
          annotations: { build: '7' },
          signedAt: null,
        },
      });
      expect(verdict.ok && verdict.signature.checks.every(({ ok }) => ok === true)).toBe(true);
    },
  );

  test('a self-signed signer is accepted where its certificate is in the trust store', async () => {
    const own = newSelfSigned();
    const item = await sign(format, {}, signerOf(own));
    expect(codeOf(judge(item, { stores: { ...statement.stores, ca: [own.certificate] } }))).toBe('accepted');
    expect(codeOf(judge(item))).toBe('NOTATION_SIGNER_UNTRUSTED');
  });

  test.each<[string, HeaderChanges, string]>([
    ['without crit', { crit: undefined }, 'NOTATION_ENVELOPE_INVALID'],
    ['with an empty crit', { crit: [] }, 'NOTATION_ENVELOPE_INVALID'],
    ['with a crit that is no list', { crit: scheme }, 'NOTATION_ENVELOPE_INVALID'],
    ['that does not mark its scheme', { crit: [expiry], [expiry]: now }, 'NOTATION_ENVELOPE_INVALID'],
    [
      'that does not mark its expiry',
      { [expiry]: new Date('2026-12-01T00:00:00Z') },
      'NOTATION_ENVELOPE_INVALID',
    ],
    ['with an unknown critical header', { crit: [scheme, 'x'], x: 'y' }, 'NOTATION_CRITICAL_HEADER'],
    ['with a critical header that is not there', { crit: [scheme, 'x'] }, 'NOTATION_CRITICAL_HEADER'],
    [
      'with the critical header expiry that is not there',
      { crit: [scheme, expiry] },
      'NOTATION_CRITICAL_HEADER',
    ],
    ['with b64', { crit: [scheme, 'b64'], b64: false }, 'NOTATION_CRITICAL_HEADER'],
    [
      'for a plugin',
      {
        crit: [scheme, 'io.cncf.notary.verificationPlugin'],
        'io.cncf.notary.verificationPlugin': 'com.example',
      },
      'NOTATION_PLUGIN_NEEDED',
    ],
    [
      'for a plugin that is not marked',
      { 'io.cncf.notary.verificationPlugin': 'x' },
      'NOTATION_PLUGIN_NEEDED',
    ],
    ['without a scheme', { [scheme]: undefined }, 'NOTATION_ENVELOPE_INVALID'],
    ['of an unknown scheme', { [scheme]: 'notary.x509.other' }, 'NOTATION_ENVELOPE_INVALID'],
    ['without a signing time', { [time]: undefined }, 'NOTATION_ENVELOPE_INVALID'],
    ['with the signing time of the other scheme, too', { [authentic]: may }, 'NOTATION_ENVELOPE_INVALID'],
    [
      'of a signing authority that does not mark its time',
      { [scheme]: 'notary.x509.signingAuthority', [time]: undefined, [authentic]: may },
      'NOTATION_ENVELOPE_INVALID',
    ],
    ['that expires when it was made', { crit: [scheme, expiry], [expiry]: may }, 'NOTATION_ENVELOPE_INVALID'],
    ['that has expired', { crit: [scheme, expiry], [expiry]: now }, 'NOTATION_SIGNATURE_EXPIRED'],
    ['of another content', { cty: 'application/json' }, 'NOTATION_PAYLOAD_INVALID'],
    ['of no content type', { cty: undefined }, 'NOTATION_ENVELOPE_INVALID'],
    ['without an algorithm', { alg: undefined }, 'NOTATION_ENVELOPE_INVALID'],
  ])('a signature %s is refused', async (_, changes, code) => {
    expect(codeOf(judge(await withHeaders(format, changes)))).toBe(code);
  });

  test('a signature that has not expired is accepted, and so is an unknown header that is not critical', async () => {
    const later = { crit: [scheme, expiry], [expiry]: new Date('2026-06-01T00:00:01Z'), x: 'y' };
    expect(codeOf(judge(await withHeaders(format, later)))).toBe('accepted');
  });

  test('a signature names the algorithm of its key, or is refused', async () => {
    const item = await withHeaders(format, { alg: format === 'jws' ? 'ES384' : -35 });
    expect(codeOf(judge(item))).toBe('NOTATION_ALGORITHM_MISMATCH');
    const none = await withHeaders(format, { alg: format === 'jws' ? 'none' : 0 });
    expect(codeOf(judge(none))).toBe('NOTATION_ENVELOPE_INVALID');
  });

  test('a signature for another image is refused: by digest, by size, by media type', async () => {
    for (const change of [
      { digest: `sha256:${'c'.repeat(64)}` as const },
      { size: 1 },
      { mediaType: 'application/vnd.oci.image.index.v1+json' },
    ]) {
      const item = await sign(format, { payload: formatPayload({ ...subject, ...change }, {}) });
      expect(codeOf(judge(item))).toBe('NOTATION_SUBJECT_MISMATCH');
    }
  });

  test.each([
    '',
    '[]',
    '{}',
    '{"targetArtifact":null}',
    '{"targetArtifact":{"mediaType":"m","digest":"sha256:0","size":1}}',
    `{"targetArtifact":{"mediaType":"m","digest":"${subject.digest}","size":-1}}`,
    `{"targetArtifact":{"mediaType":"m","digest":"${subject.digest}","size":1,"annotations":{"a":1}}}`,
    `{"targetArtifact":{"mediaType":"m","digest":"${subject.digest}","size":1},"targetArtifact":{}}`,
  ])('the payload %s is refused', async (text) => {
    const item = await sign(format, { payload: new TextEncoder().encode(text) });
    expect(['NOTATION_PAYLOAD_INVALID', 'NOTATION_ENVELOPE_INVALID']).toContain(codeOf(judge(item)));
  });

  test('a signature by another key with the signer’s certificates is refused', async () => {
    const stranger = newHolder(intermediate);
    const forged: NotationSigner = { ...signer, sign: signerOf(stranger, intermediate, root).sign };
    expect(codeOf(judge(await sign(format, {}, forged)))).toBe('NOTATION_SIGNATURE_INVALID');
  });

  test('whatever byte of an envelope is changed, it is refused or says the same', async () => {
    const item = await sign(format);
    const good = judge(item);
    let refused = 0;
    for (let at = 0; at < item.bytes.byteLength; at += 7) {
      const bytes = item.bytes.with(at, item.bytes[at]! ^ 0x01);
      const verdict = judge({ ...item, bytes });
      if (verdict.ok) expect(verdict.signature).toEqual(good.ok && good.signature);
      else refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });

  describe('chains', () => {
    const judged = async (chain: NotationSigner['chain'], by = signer) =>
      codeOf(judge(await sign(format, {}, { ...by, chain })));
    const [l, i, r] = [leaf.certificate, intermediate.certificate, root.certificate];

    test('a chain that is not whole, or not in order, is refused', async () => {
      expect(await judged([l, i, r])).toBe('accepted');
      for (const chain of [[l], [l, i], [l, r], [l, r, i], [l, i, r, r], [l, l, i, r], [l, i, i, r]] as const)
        expect(await judged(chain)).toBe('NOTATION_CHAIN_INVALID');
      expect(await judged([i, r])).toBe('NOTATION_CHAIN_INVALID');
    });

    test('an issuer of the same name whose key did not sign is no issuer', async () => {
      const other = newAuthority(root, 'intermediate');
      expect(await judged([l, other.certificate, r])).toBe('NOTATION_CHAIN_INVALID');
    });

    const usage = extensions.signsData();
    test.each<[string, readonly Uint8Array[]]>([
      ['no key usage', []],
      ['a key usage that is not critical', [extensions.keyUsage(0b1000_0000, false)]],
      ['no digitalSignature', [extensions.keyUsage(0b0100_0000)]],
      ['keyCertSign, too', [extensions.keyUsage(0b1000_0100)]],
      ['cRLSign, too', [extensions.keyUsage(0b1000_0010)]],
      ['keyEncipherment, too', [extensions.keyUsage(0b1010_0000)]],
      ['the powers of an authority', [usage, extensions.authority(0)]],
      ['TLS servers as its purpose', [usage, extensions.extendedKeyUsage(oids.serverAuth)]],
      ['any purpose', [usage, extensions.extendedKeyUsage(oids.anyExtendedKeyUsage)]],
      ['timestamps as its purpose', [usage, extensions.extendedKeyUsage(oids.timeStamping)]],
      ['an unknown critical extension', [usage, certificateExtension('1.2.3.4', Uint8Array.of(5, 0), true)]],
    ])('a signer with %s is refused', async (_, given) => {
      const bad = newHolder(intermediate, { extensions: given });
      const by = { ...signer, sign: signerOf(newHolder(intermediate), intermediate, root).sign };
      expect(await judged([bad.certificate, i, r], by)).toBe('NOTATION_CHAIN_INVALID');
    });

    test.each<[string, readonly Uint8Array[]]>([
      ['is none', [extensions.signsCertificates()]],
      ['has no key usage', [extensions.authority(2)]],
      ['may not sign certificates', [extensions.authority(2), extensions.keyUsage(0b1000_0000)]],
      [
        'has a key usage that is not critical',
        [extensions.authority(2), extensions.keyUsage(0b0000_0100, false)],
      ],
    ])('an authority that %s is refused', async (_, given) => {
      const bad = newAuthority(root, 'bad', { extensions: given });
      const below = newHolder(bad);
      expect(await judged([below.certificate, bad.certificate, r])).toBe('NOTATION_CHAIN_INVALID');
    });

    test('no more authorities stand below one than it allows', async () => {
      const narrow = newRoot('narrow', {
        extensions: [extensions.authority(0), extensions.signsCertificates()],
      });
      const middle = newAuthority(narrow, 'middle');
      const direct = newHolder(narrow);
      const deep = newHolder(middle);
      const stores = { ...statement.stores, ca: [narrow.certificate] };
      expect(codeOf(judge(await sign(format, {}, signerOf(direct, narrow)), { stores }))).toBe('accepted');
      expect(await judged([deep.certificate, middle.certificate, narrow.certificate])).toBe(
        'NOTATION_CHAIN_INVALID',
      );
    });

    test('a key that signs nothing is refused', async () => {
      const ed25519 = newHolder(intermediate, { algorithm: 'ed25519' });
      expect(await judged([ed25519.certificate, i, r])).toBe('NOTATION_CHAIN_INVALID');
    });
  });

  describe('trust', () => {
    test('another authority of the same name is not trusted, whatever its signer is called', async () => {
      const other = newRoot('root');
      const item = await sign(format, {}, signerOf(newHolder(other), other));
      expect(codeOf(judge(item))).toBe('NOTATION_SIGNER_UNTRUSTED');
    });

    test('an authority in the middle may be trusted', async () => {
      const stores = { ...statement.stores, ca: [intermediate.certificate] };
      expect(judge(await sign(format), { stores })).toMatchObject({
        ok: true,
        signature: { signer: { issuer: 'CN=intermediate' } },
      });
    });

    test('certificates of signing authorities prove nobody who signs for themselves, and the other way round', async () => {
      const stores = { ca: [], signingAuthority: [root.certificate], tsa: [] };
      expect(codeOf(judge(await sign(format), { stores }))).toBe('NOTATION_SIGNER_UNTRUSTED');
      const byAuthority = await withHeaders(format, {
        crit: [scheme, authentic],
        [scheme]: 'notary.x509.signingAuthority',
        [time]: undefined,
        [authentic]: may,
      });
      expect(codeOf(judge(byAuthority))).toBe('NOTATION_SIGNER_UNTRUSTED');
      expect(judge(byAuthority, { stores })).toMatchObject({
        ok: true,
        signature: { signedAt: '2026-05-01T00:00:00.000Z' },
      });
      const later = new Date('2030-01-01T00:00:00Z');
      expect(codeOf(judge(byAuthority, { stores }, later))).toBe('accepted');
    });

    test.each([
      'C=US, ST=WA, O=wabbit-networks.io, CN=another',
      'C=US, ST=WA, O=wabbit-networks.ioo',
      'C=us, ST=WA, O=wabbit-networks.io',
      'C=US, ST=WA, O=wabbit-networks.io, OU=team',
    ])('a signer is not %s', async (identity) => {
      const identities = parseTrustedIdentities([`x509.subject: ${identity}`]);
      expect(codeOf(judge(await sign(format), { identities }))).toBe('NOTATION_IDENTITY_MISMATCH');
    });

    test('identities for plugins alone trust nobody; * trusts whom the store proves', async () => {
      const item = await sign(format);
      const identities = parseTrustedIdentities(['com.example: x']);
      expect(codeOf(judge(item, { identities }))).toBe('NOTATION_IDENTITY_MISMATCH');
      expect(codeOf(judge(item, { identities: '*' }))).toBe('accepted');
    });

    test('a subject that says something twice is none that is compared', async () => {
      const twice = newHolder(intermediate, { subject: [...wabbit, [oids.organization, 'other']] });
      const item = await sign(format, {}, signerOf(twice, intermediate, root));
      expect(codeOf(judge(item))).toBe('NOTATION_IDENTITY_MISMATCH');
    });
  });

  describe('time', () => {
    const tsaRoot = newRoot('tsa root');
    const tsa = newTimestampAuthority(tsaRoot);
    const stores = { ...statement.stores, tsa: [tsaRoot.certificate] };
    const stamped = (by = tsa, at = may) =>
      sign(format, { timestamp: (signature) => stamp(by, signature, at) });
    const expired = new Date('2027-06-01T00:00:00Z');

    test('certificates that are not valid now are refused, where nothing proves when they signed', async () => {
      const item = await sign(format);
      expect(codeOf(judge(item, {}, expired))).toBe('NOTATION_CERTIFICATE_EXPIRED');
      expect(codeOf(judge(item, {}, new Date('2025-12-31T23:59:59Z')))).toBe('NOTATION_CERTIFICATE_EXPIRED');
      expect(codeOf(judge(await stamped(), {}, expired))).toBe('NOTATION_CERTIFICATE_EXPIRED');
    });

    test('a timestamp proves it, and says when', async () => {
      expect(judge(await stamped(), { stores }, expired)).toMatchObject({
        ok: true,
        signature: { signedAt: '2026-05-01T00:00:00.000Z' },
      });
    });

    test('where timestamps are asked for, one has to be there; or once certificates have expired', async () => {
      const item = await sign(format);
      expect(codeOf(judge(item, { stores }))).toBe('NOTATION_TIMESTAMP_MISSING');
      const lax = { stores, verifyTimestamp: 'afterCertExpiry' } as const;
      expect(codeOf(judge(item, lax))).toBe('accepted');
      expect(codeOf(judge(item, lax, expired))).toBe('NOTATION_TIMESTAMP_MISSING');
      expect(codeOf(judge(await stamped(), lax, expired))).toBe('accepted');
    });

    test('a timestamp from when the certificates were not valid is refused', async () => {
      const longLived = newRoot('tsa root', { validUntil: new Date('2040-01-01T00:00:00Z') });
      const old = newTimestampAuthority(longLived, { validUntil: new Date('2040-01-01T00:00:00Z') });
      const trusted = { stores: { ...stores, tsa: [longLived.certificate] } };
      const late = await stamped(old, new Date('2027-01-01T00:00:01Z'));
      expect(codeOf(judge(late, trusted, expired))).toBe('NOTATION_CERTIFICATE_EXPIRED');
      const inTime = await stamped(old, new Date('2027-01-01T00:00:00Z'));
      expect(codeOf(judge(inTime, trusted, expired))).toBe('accepted');
    });

    test.each<[string, () => Promise<NotationItem>]>([
      ['another authority', () => stamped(newTimestampAuthority(newRoot('tsa root')))],
      ['somebody who may not', () => stamped(newHolder(tsaRoot))],
      [
        'an authority that does more than that',
        () =>
          stamped(newHolder(tsaRoot, { extensions: [extensions.extendedKeyUsage(oids.timeStamping, true)] })),
      ],
      ['somebody before they were one', () => stamped(tsa, new Date('2025-01-01T00:00:00Z'))],
      ['nobody', () => sign(format, { timestamp: async () => Uint8Array.of(0x30, 0) })],
      [
        'the right one, of something else',
        () => sign(format, { timestamp: () => stamp(tsa, Uint8Array.of(1), may) }),
      ],
    ])('a timestamp by %s is refused', async (_, make) => {
      expect(codeOf(judge(await make(), { stores }))).toBe('NOTATION_TIMESTAMP_INVALID');
    });
  });

  describe('levels', () => {
    test('what a level does not enforce is told, and the signature accepted', async () => {
      const item = await sign(format);
      const expired = new Date('2027-06-01T00:00:00Z');
      const permissive = judge(item, { level: levelOf('permissive') }, expired);
      expect(permissive).toMatchObject({ ok: true, genuine: true });
      expect(
        permissive.ok && permissive.signature.checks.find(({ name }) => name === 'authenticTimestamp')?.ok,
      ).toBe(false);
      expect(codeOf(judge(item, { level: levelOf('strict') }, expired))).toBe('NOTATION_CERTIFICATE_EXPIRED');
    });

    test('at the level audit a stranger’s signature is accepted, and said not to be genuine', async () => {
      const other = newRoot('other');
      const item = await sign(format, {}, signerOf(newHolder(other), other));
      expect(judge(item, { level: levelOf('audit') })).toMatchObject({ ok: true, genuine: false });
      expect(codeOf(judge(item, { level: levelOf('permissive') }))).toBe('NOTATION_SIGNER_UNTRUSTED');
    });

    test('no level accepts what was tampered with', async () => {
      const item = await sign(format, { payload: formatPayload({ ...subject, size: 1 }, {}) });
      expect(codeOf(judge(item, { level: levelOf('audit') }))).toBe('NOTATION_SUBJECT_MISMATCH');
    });

    test('certificates that can be revoked are refused where revocation is enforced, told or passed over elsewhere', async () => {
      const revocable = newHolder(intermediate, { more: [extensions.crl()] });
      const item = await sign(format, {}, signerOf(revocable, intermediate, root));
      const check = (verdict: ReturnType<typeof judge>) =>
        verdict.ok && verdict.signature.checks.find(({ name }) => name === 'revocation')?.ok;
      expect(codeOf(judge(item))).toBe('NOTATION_REVOCATION_UNCHECKED');
      expect(check(judge(item, { level: levelOf('strict', { revocation: 'log' }) }))).toBe(false);
      expect(check(judge(item, { level: levelOf('strict', { revocation: 'skip' }) }))).toBe(null);
      expect(check(judge(await sign(format)))).toBe(true);
    });

    test('a timestamp authority that can be revoked is judged alike', async () => {
      const tsaRoot = newRoot('tsa root');
      const tsa = newTimestampAuthority(tsaRoot, { more: [extensions.crl()] });
      const stores = { ...statement.stores, tsa: [tsaRoot.certificate] };
      const item = await sign(format, { timestamp: (signature) => stamp(tsa, signature, may) });
      expect(codeOf(judge(item, { stores }))).toBe('NOTATION_REVOCATION_UNCHECKED');
      expect(codeOf(judge(item, { stores, level: levelOf('strict', { revocation: 'log' }) }))).toBe(
        'accepted',
      );
    });
  });
});

describe('jws', () => {
  const parsed = async () =>
    JSON.parse(new TextDecoder().decode((await sign('jws')).bytes)) as Record<string, unknown> & {
      header: Record<string, unknown>;
      payload: string;
      signature: string;
    };
  const judged = (jws: object | string) =>
    codeOf(
      judge(itemOf('jws', new TextEncoder().encode(typeof jws === 'string' ? jws : JSON.stringify(jws)))),
    );

  test('times have no fractions, and days that do not exist are none', async () => {
    for (const text of ['2026-05-01T00:00:00.5Z', '2026-02-30T00:00:00Z', '2026-05-01', 5, null]) {
      const header = { ...jwsHeader(content(), signer), [time]: text } as JsonObject;
      const item = itemOf('jws', await formatJws(header, content(), signer));
      expect(codeOf(judge(item))).toBe('NOTATION_ENVELOPE_INVALID');
    }
    const header = { ...jwsHeader(content(), signer), [time]: '2026-05-01T02:00:00+02:00' };
    expect(codeOf(judge(itemOf('jws', await formatJws(header, content(), signer))))).toBe('accepted');
  });

  test('a member that stands twice, is not there or is in another form is refused', async () => {
    const jws = await parsed();
    expect(judged(jws)).toBe('accepted');
    const text = JSON.stringify(jws);
    for (const bad of [
      text.replace('{', `{"payload":"${jws.payload}",`),
      { ...jws, signature: undefined },
      { ...jws, signature: '' },
      { ...jws, signature: `${jws.signature}=` },
      { ...jws, payload: '' },
      { ...jws, protected: 5 },
      { ...jws, header: undefined },
      { ...jws, header: { ...jws.header, x5c: [] } },
      { ...jws, header: { ...jws.header, x5c: 'x' } },
      { ...jws, header: { ...jws.header, x5c: Array(11).fill(encodeBase64(leaf.certificate.der)) } },
      { ...jws, header: { ...jws.header, 'io.cncf.notary.timestampSignature': 5 } },
      text.slice(0, -1),
      '[]',
      '',
      '['.repeat(100_000),
    ])
      expect(judged(bad)).toBe('NOTATION_ENVELOPE_INVALID');
  });
});

describe('cose', () => {
  const parts = async () =>
    [...((readCbor((await sign('cose')).bytes) as CborTag).value as readonly CborValue[])] as [
      Uint8Array,
      CborMap,
      Uint8Array,
      Uint8Array,
    ];
  const judged = (value: CborValue) => codeOf(judge(itemOf('cose', writeCbor(value))));

  test('what is no tagged COSE_Sign1, or has another part, is refused', async () => {
    const [header, unprotected, payload, signature] = await parts();
    expect(judged({ tag: 18, value: [header, unprotected, payload, signature] })).toBe('accepted');
    const chain = unprotected.get(33)!;
    for (const bad of [
      [header, unprotected, payload, signature],
      { tag: 98, value: [header, unprotected, payload, signature] },
      { tag: 18, value: [header, unprotected, payload] },
      { tag: 18, value: [header, unprotected, payload, signature, null] },
      { tag: 18, value: [header, unprotected, null, signature] },
      { tag: 18, value: [readCbor(header), unprotected, payload, signature] },
      { tag: 18, value: [new Uint8Array(), unprotected, payload, signature] },
      { tag: 18, value: [header, new Map(), payload, signature] },
      { tag: 18, value: [header, new Map([[33, (chain as readonly CborValue[])[0]!]]), payload, signature] },
      { tag: 18, value: [header, new Map([[33, ['x']]]), payload, signature] },
      {
        tag: 18,
        value: [
          header,
          new Map<number, CborValue>([
            [33, chain],
            [1, -7],
          ]),
          payload,
          signature,
        ],
      },
    ] as CborValue[])
      expect(judged(bad)).toBe('NOTATION_ENVELOPE_INVALID');
    expect(judged({ tag: 18, value: [header, unprotected, payload, new Uint8Array()] })).toBe(
      'NOTATION_SIGNATURE_INVALID',
    );
  });

  test('times are tagged and whole', async () => {
    for (const value of [
      1_777_593_600,
      '2026-05-01T00:00:00Z',
      { tag: 0, value: '2026-05-01T00:00:00Z' },
      { tag: 1, value: 'x' },
    ] as CborValue[]) {
      const header = new Map(coseHeader(content(), signer)).set(time, value);
      const item = itemOf('cose', await formatCose(header, content(), signer));
      expect(codeOf(judge(item))).toBe('NOTATION_ENVELOPE_INVALID');
    }
  });
});

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '../encoding/base64.ts';
import { concatBytes } from '../encoding/bytes.ts';
import { publicKeyOf } from '../keys/public-key.ts';
import { generateSigningKey } from '../keys/signing-key.ts';
import { findCosignature } from './cosignature.ts';
import { isNoteSignedBy, noteKeyHash, parseCheckpoint, parseNote } from './note.ts';
import { leafHash, nodeHash, verifyConsistencyProof, verifySubtreeConsistencyProof } from './tree.ts';

const leaves = Array.from({ length: 40 }, (_, i) => leafHash(Uint8Array.of(i)));
const split = (count: number) => 2 ** Math.floor(Math.log2(count - 1));
function root(part: readonly Uint8Array[]): Uint8Array {
  if (part.length === 1) return part[0]!;
  return nodeHash(root(part.slice(0, split(part.length))), root(part.slice(split(part.length))));
}
/** SUBPROOF of RFC 6962 §2.1.2. */
function proof(old: number, part: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (old === part.length) return whole ? [] : [root(part)];
  const k = split(part.length);
  return old <= k
    ? [...proof(old, part.slice(0, k), whole), root(part.slice(k))]
    : [...proof(old - k, part.slice(k), false), root(part.slice(0, k))];
}
const sizes = fc
  .integer({ min: 1, max: 40 })
  .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)));

describe('a log that only grows', () => {
  test('proves it between any two sizes', () => {
    fc.assert(
      fc.property(sizes, ([old, size]) => {
        const [oldRoot, newRoot] = [root(leaves.slice(0, old)), root(leaves.slice(0, size))];
        const hashes = proof(old, leaves.slice(0, size), true);
        expect(verifyConsistencyProof(BigInt(old), BigInt(size), hashes, oldRoot, newRoot)).toBe(true);
      }),
    );
  });

  test('cannot prove it when an entry was changed, whatever proof it makes up', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), ([old, size], pick) => {
        const changed = leaves.slice(0, size).with(pick % old, leafHash(Uint8Array.of(99)));
        const hashes = proof(old, changed, true);
        const [oldRoot, newRoot] = [root(leaves.slice(0, old)), root(changed)];
        expect(verifyConsistencyProof(BigInt(old), BigInt(size), hashes, oldRoot, newRoot)).toBe(false);
      }),
    );
  });

  test('never crashes the verifier', () => {
    const number = fc.bigInt({ min: -2n, max: 70n });
    const hash = fc.uint8Array({ minLength: 31, maxLength: 33 });
    fc.assert(
      fc.property(
        number,
        number,
        number,
        fc.array(hash, { maxLength: 8 }),
        hash,
        (a, b, c, hashes, other) => {
          expect(
            verifySubtreeConsistencyProof({ start: a, end: b }, c, hashes, other, leaves[0]!),
          ).toBeTypeOf('boolean');
        },
      ),
    );
  });
});

const text = `log.example.test\n7\n${encodeBase64(leaves[0]!)}\n`;
const line = (name: string, hint: Uint8Array, signature: Uint8Array) =>
  `\u2014 ${name} ${encodeBase64(concatBytes(hint, signature))}\n`;

describe.each(['ecdsa-p256', 'ed25519', 'rsa'] as const)('a checkpoint signed by %s', (algorithm) => {
  const key = generateSigningKey(algorithm);
  const name = 'log.example.test';
  const keyHint = noteKeyHash(name, key.publicKey).subarray(0, 4);
  const note = `${text}\n${line('witness.test', Uint8Array.of(1, 2, 3, 4), new Uint8Array(72))}${line(name, keyHint, key.sign(new TextEncoder().encode(text)))}`;

  test('is read and verified beside others’ signatures', () => {
    const checkpoint = parseCheckpoint(note);
    expect(checkpoint).toMatchObject({ origin: name, treeSize: 7n, text });
    expect(isNoteSignedBy(checkpoint, { key: key.publicKey, keyHint, name })).toBe(true);
    expect(isNoteSignedBy(checkpoint, { key: key.publicKey, keyHint, name: null })).toBe(true);
  });

  test('is not signed under another name, hint or key, nor with another text', () => {
    const checkpoint = parseCheckpoint(note);
    const by = { key: key.publicKey, keyHint, name };
    expect([
      isNoteSignedBy(checkpoint, { ...by, name: 'elsewhere.test' }),
      isNoteSignedBy(checkpoint, { ...by, keyHint: Uint8Array.of(1, 2, 3, 4) }),
      isNoteSignedBy(checkpoint, { ...by, key: generateSigningKey('ecdsa-p256').publicKey }),
      isNoteSignedBy(parseCheckpoint(note.replace('\n7\n', '\n8\n')), by),
    ]).toEqual([false, false, false, false]);
  });
});

test('a key hint is bound to the name of its log, but for ECDSA, as Sigstore has it', () => {
  const ed25519 = generateSigningKey('ed25519').publicKey;
  expect(noteKeyHash('a', ed25519)).not.toEqual(noteKeyHash('b', ed25519));
  const expected = createHash('sha256')
    .update('a\n')
    .update(Uint8Array.of(1))
    .update(ed25519.spki.subarray(-32))
    .digest();
  expect(Buffer.from(noteKeyHash('a', ed25519))).toEqual(expected);
  const ecdsa = generateSigningKey().publicKey;
  expect(noteKeyHash('a', ecdsa)).toEqual(noteKeyHash('b', ecdsa));
});

test.each([
  ['nothing', ''],
  ['no signature block', text],
  ['no signature', `${text}\n`],
  ['no line end', `${text}\n${line('a', new Uint8Array(4), new Uint8Array(64)).trimEnd()}`],
  ['a signature of four bytes', `${text}\n${line('a', new Uint8Array(4), new Uint8Array())}`],
  ['a hyphen for a dash', `${text}\n- a AAAAAAAA\n`],
  ['no size', `a\n\n${encodeBase64(leaves[0]!)}\n\n${line('a', new Uint8Array(4), new Uint8Array(64))}`],
  [
    'a size with a zero before it',
    `a\n07\n${encodeBase64(leaves[0]!)}\n\n${line('a', new Uint8Array(4), new Uint8Array(64))}`,
  ],
  [
    'a root hash of 31 bytes',
    `a\n7\n${encodeBase64(leaves[0]!.subarray(1))}\n\n${line('a', new Uint8Array(4), new Uint8Array(64))}`,
  ],
  ['33 signatures', `${text}\n${line('a', new Uint8Array(4), new Uint8Array(64)).repeat(33)}`],
  [
    '64 KiB',
    `a\n7\n${encodeBase64(leaves[0]!)}\n${'x'.repeat(65_536)}\n\n${line('a', new Uint8Array(4), new Uint8Array(64))}`,
  ],
])('a checkpoint with %s is refused', (_name, note) => {
  expect(() => parseCheckpoint(note)).toThrow(expect.objectContaining({ code: 'NOTE_INVALID' }));
});

test('a note that is garbage is answered with an error of ours', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((body) => `${body}\n\n\u2014 a ${body}\n`),
      ),
      (note) => {
        for (const parse of [parseNote, parseCheckpoint]) {
          try {
            parse(note);
          } catch (error) {
            expect(error).toBeInstanceOf(PratiqueError);
          }
        }
      },
    ),
  );
});

describe('a witness’s cosignature', () => {
  const { privateKey, publicKey: object } = generateKeyPairSync('ed25519');
  const key = publicKeyOf(object);
  const seconds = 1_780_000_000;
  const signed = new TextEncoder().encode(`cosignature/v1\ntime ${seconds}\n${text}`);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(seconds));
  const hash = createHash('sha256')
    .update('witness.test\n')
    .update(Uint8Array.of(4))
    .update(key.spki.subarray(-32));
  const hint = new Uint8Array(hash.digest().subarray(0, 4));
  const signature = concatBytes(time, sign(null, signed, privateKey));
  const note = parseNote(`${text}\n${line('witness.test', hint, signature)}`);

  test('is found with the time it says', () => {
    expect(findCosignature(note, 'witness.test', key)).toEqual({
      name: 'witness.test',
      time: new Date(seconds * 1000),
    });
  });

  test('is nobody else’s, of no other time and over no other text', () => {
    expect([
      findCosignature(note, 'other.test', key),
      findCosignature(note, 'witness.test', generateSigningKey('ed25519').publicKey),
      findCosignature(
        parseNote(`${text}\n${line('witness.test', hint, signature.with(7, 1))}`),
        'witness.test',
        key,
      ),
      findCosignature({ ...note, text: `${text}x\n` }, 'witness.test', key),
      findCosignature(note, 'witness.test', generateSigningKey().publicKey),
    ]).toEqual([null, null, null, null, null]);
  });
});

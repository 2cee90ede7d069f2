import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateSigningKey, type SigningKey } from '../keys/signing-key.ts';
import { signCosignature } from './cosignature.ts';
import { parseNote } from './note.ts';
import { signCheckpoint } from './sign.ts';
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts';
import { checkWitnesses, parseWitnessPolicy } from './witness-policy.ts';

const origin = 'log.example.test';
const logKey = generateSigningKey('ed25519');
const keys = Array.from({ length: 5 }, () => generateSigningKey('ed25519'));
const vkey = (index: number) => witnessKey(`w${index}.example.test`, keys[index]!);
const witnessKey = (name: string, key: SigningKey) =>
  formatVerifierKey({ name, key: key.publicKey, role: 'witness' });
const logVkey = formatVerifierKey({ name: origin, key: logKey.publicKey, role: 'log' });
const checkpoint = await signCheckpoint({ origin, size: 7, root: new Uint8Array(32) }, origin, logKey);
const text = parseNote(checkpoint).text;
const seenAt = new Date(1_780_000_000_000);

/** The checkpoint, cosigned by witnesses of these numbers. */
const cosigned = (...by: number[]) =>
  parseNote(
    checkpoint + by.map((i) => signCosignature(text, `w${i}.example.test`, keys[i]!, seenAt)).join(''),
  );

const policy = parseWitnessPolicy(`# two of three, and one of two
log ${logVkey}
witness a ${vkey(0)} https://a.example.test/prefix
witness b ${vkey(1)}
\twitness c   ${vkey(2)}
group X 2 a b c
witness d ${vkey(3)}
witness e ${vkey(4)}
group Y any d e
group both all X Y
quorum both
`);

test.each([
  [[0, 1, 3], true],
  [[1, 2, 4], true],
  [[0, 1, 2, 3, 4], true],
  [[0, 1, 2], false],
  [[0, 3, 4], false],
  [[0, 0, 0, 3], false],
  [[], false],
])('witnesses %j meet two of three and one of two: %s', (by, ok) => {
  expect(checkWitnesses(cosigned(...by), policy).ok).toBe(ok);
});

test('a checkpoint that none of the listed logs signed is not valid, whoever cosigned it', () => {
  const other = parseWitnessPolicy(
    `log ${formatVerifierKey({ name: origin, key: keys[0]!.publicKey, role: 'log' })}\nwitness a ${vkey(0)}\nquorum a`,
  );
  expect(checkWitnesses(cosigned(0), other)).toEqual({
    ok: false,
    cosignatures: [{ name: 'a', time: seenAt }],
  });
});

test('quorum none needs nobody, and says who was there all the same', () => {
  const none = parseWitnessPolicy(`witness a ${vkey(0)}\nquorum none`);
  expect(checkWitnesses(cosigned(), none)).toEqual({ ok: true, cosignatures: [] });
  expect(checkWitnesses(cosigned(0), none)).toEqual({
    ok: true,
    cosignatures: [{ name: 'a', time: seenAt }],
  });
});

test('a cosignature under another name, by another key or of another text does not count', () => {
  const one = parseWitnessPolicy(`witness a ${vkey(0)}\nquorum a`);
  const time = new Date();
  const lines = [
    signCosignature(text, 'other.example.test', keys[0]!, time),
    signCosignature(text, 'w0.example.test', keys[1]!, time),
    signCosignature(text.replace('7', '8'), 'w0.example.test', keys[0]!, time),
  ];
  for (const line of lines) expect(checkWitnesses(parseNote(checkpoint + line), one).ok).toBe(false);
});

test.each([
  ['no quorum', `witness a ${vkey(0)}`],
  ['two quorums', `witness a ${vkey(0)}\nquorum a\nquorum a`],
  ['a quorum that is not defined before', `quorum a\nwitness a ${vkey(0)}`],
  ['a name twice', `witness a ${vkey(0)}\nwitness a ${vkey(1)}\nquorum a`],
  ['a key twice under other names', `witness a ${vkey(0)}\nwitness b ${witnessKey('x', keys[0]!)}\nquorum a`],
  ['a member twice', `witness a ${vkey(0)}\ngroup g 2 a a\nquorum g`],
  ['a member of two groups', `witness a ${vkey(0)}\ngroup g any a\ngroup h any a\ngroup i all g h\nquorum i`],
  ['more needed than there are', `witness a ${vkey(0)}\ngroup g 2 a\nquorum g`],
  ['none needed', `witness a ${vkey(0)}\ngroup g 0 a\nquorum g`],
  ['an empty group', `witness a ${vkey(0)}\ngroup g all\nquorum a`],
  ['the name none', `witness none ${vkey(0)}\nquorum none`],
  ['none in a group', `witness a ${vkey(0)}\ngroup g any none\nquorum g`],
  ['a log’s key for a witness', `witness a ${logVkey}\nquorum a`],
  ['a witness’s key for a log', `log ${vkey(0)}\nquorum none`],
  ['another keyword', `witnes a ${vkey(0)}\nquorum none`],
  ['a carriage return', `witness a ${vkey(0)}\r\nquorum a`],
  ['a key whose id is another’s', `witness a ${vkey(0).replace(/\+[0-9a-f]{8}\+/, '+00000000+')}\nquorum a`],
])('a policy with %s is refused', (_name, file) => {
  expect(() => parseWitnessPolicy(file)).toThrow(expect.objectContaining({ code: 'WITNESS_POLICY_INVALID' }));
});

test('keys of logs and witnesses are read as they are written', () => {
  const ecdsa = generateSigningKey().publicKey;
  const all = [
    { name: 'a.test', key: ecdsa, role: 'log' },
    { name: 'b.test', key: logKey.publicKey, role: 'log' },
    { name: 'b.test', key: logKey.publicKey, role: 'witness' },
  ] as const;
  for (const one of all) {
    const { name, key, role } = parseVerifierKey(formatVerifierKey(one));
    expect([name, key.fingerprint, role]).toEqual([one.name, one.key.fingerprint, one.role]);
  }
  // An example of C2SP tlog-checkpoint's and Go's own implementation.
  const known = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  expect(formatVerifierKey(parseVerifierKey(known))).toBe(known);
});

test('a damaged policy or key is answered with an error of ours', () => {
  const good = `log ${logVkey}\nwitness a ${vkey(0)} https://a.test\ngroup g 1 a\nquorum g\n`;
  const damaged = fc
    .tuple(fc.nat(good.length), fc.nat(good.length), fc.string({ maxLength: 8, unit: 'binary' }))
    .map(([from, to, put]) => good.slice(0, from) + put + good.slice(to));
  fc.assert(
    fc.property(damaged, (file) => {
      for (const parse of [parseWitnessPolicy, parseVerifierKey]) {
        try {
          parse(file);
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

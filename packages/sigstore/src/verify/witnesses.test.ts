import {
  encodeBase64,
  formatVerifierKey,
  generateSigningKey,
  parseCheckpoint,
  parseWitnessPolicy,
  signCosignature,
} from '@pratique/crypto';
import { expect, test } from 'vitest';
import { bytesOf } from '../testing/forge.ts';
import { artifact, entryOf } from '../testing/keyless/row.ts';
import { type KeylessBundleJson, signingTime, signMessage, trust } from '../testing/virtual-sigstore.ts';
import { verifyBundle } from './bundle.ts';

const keys = [0, 1, 2].map(() => generateSigningKey('ed25519'));
const nameOf = (index: number) => `w${index}.example.test`;
const witnesses = parseWitnessPolicy(
  `${keys
    .map(
      (key, i) =>
        `witness w${i} ${formatVerifierKey({ name: nameOf(i), key: key.publicKey, role: 'witness' })}\n`,
    )
    .join('')}group two 2 w0 w1 w2\nquorum two\n`,
);

function verify(bundle: unknown, asked: typeof witnesses | null = witnesses) {
  const believed = { ...trust, ...(asked === null ? {} : { witnesses: asked }) };
  const result = verifyBundle(bytesOf(bundle), { bytes: artifact }, believed, signingTime);
  return result.ok ? 'ok' : result.rejection.code;
}

/** A bundle of a log of this generation, whose checkpoint is cosigned by witnesses of these numbers. */
function cosigned(rekor: 1 | 2, by: readonly number[], text?: (own: string) => string): KeylessBundleJson {
  const json = signMessage(artifact, { rekor });
  const { checkpoint } = entryOf(json).inclusionProof!;
  const own = parseCheckpoint(checkpoint.envelope).text;
  const lines = by.map((i) => signCosignature(text?.(own) ?? own, nameOf(i), keys[i]!, signingTime));
  Object.assign(checkpoint, { envelope: checkpoint.envelope + lines.join('') });
  return json;
}

test.each([1, 2] as const)(
  'a Rekor v%i entry counts when enough witnesses cosigned its checkpoint',
  (rekor) => {
    expect(verify(cosigned(rekor, [0, 2]))).toBe('ok');
    expect(verify(cosigned(rekor, [0, 1, 2]))).toBe('ok');
    expect(verify(cosigned(rekor, []), null)).toBe('ok');
    expect(verify(cosigned(rekor, []))).toBe('LOG_WITNESSES_MISSING');
    expect(verify(cosigned(rekor, [1]))).toBe('LOG_WITNESSES_MISSING');
    expect(verify(cosigned(rekor, [1, 1]))).toBe('LOG_WITNESSES_MISSING');
  },
);

test('cosignatures of another checkpoint do not count', () => {
  const other = (own: string) => own.replace(/\n\d+\n/, '\n99\n');
  expect(verify(cosigned(2, [0, 1, 2], other))).toBe('LOG_WITNESSES_MISSING');
});

test('a log’s promise alone was seen by no witness', () => {
  const json = cosigned(1, [0, 1, 2]);
  const [entry] = json.verificationMaterial.tlogEntries;
  delete (entry as unknown as Record<string, unknown>)['inclusionProof'];
  const old = { ...json, mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' };
  Object.assign(json.verificationMaterial, {
    x509CertificateChain: { certificates: [json.verificationMaterial.certificate] },
    certificate: undefined,
  });
  expect(verify(old, null)).toBe('ok');
  expect(verify(old)).toBe('LOG_WITNESSES_MISSING');
});

test('witnesses do not make up for the log: its own signature is checked all the same', () => {
  const json = cosigned(2, [0, 1, 2]);
  const { checkpoint } = entryOf(json).inclusionProof!;
  const name = parseCheckpoint(checkpoint.envelope).origin;
  const broken = checkpoint.envelope.replace(
    new RegExp(`(\u2014 ${name} )\\S+`),
    (_all: string, line: string) => `${line}${encodeBase64(new Uint8Array(68))}`,
  );
  Object.assign(checkpoint, { envelope: broken });
  expect(verify(json)).toBe('LOG_CHECKPOINT_INVALID');
});

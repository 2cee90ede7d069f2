import { expect, test } from 'vitest';
import { Refusal } from '../http/refusal.ts';
import { matchSignatures } from './match-signatures.ts';

/** An envelope whose signatures say the number of the verifier that made them. */
const envelope = (payloadBytes: number, ...signers: readonly number[]) => ({
  payloadType: 'text/plain',
  payload: new Uint8Array(payloadBytes),
  signatures: signers.map((signer) => ({ signature: Uint8Array.of(signer), keyid: '' })),
});
const verifiers = (count: number) => Array.from({ length: count }, (_, index) => index);

function match(signed: ReturnType<typeof envelope>, count: number) {
  let hashed = 0;
  const verify = (verifier: number, bytes: Uint8Array, signature: Uint8Array) => {
    hashed += bytes.byteLength;
    return signature[0] === verifier;
  };
  try {
    const matched = matchSignatures(signed, verifiers(count), verify).map(({ verifier }) => verifier);
    return { matched, hashed };
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    return { message: (error as Refusal).message, hashed };
  }
}

test('each signature is found the key that made it, and each key a signature', () => {
  expect(match(envelope(10, 1, 0), 2).matched).toEqual([1, 0]);
  expect(match(envelope(10, 0, 0), 2).message).toMatch(/signed nothing/);
  expect(match(envelope(10, 0, 7), 2).message).toMatch(/none of the keys/);
  expect(match(envelope(10), 1).message).toMatch(/no signature/);
});

test('one request does not keep the server at verifying: a large envelope has few signatures and keys', () => {
  const large = 12 * 1024 * 1024;
  const last = Array.from({ length: 32 }, () => 15);
  for (const [signed, count] of [
    [envelope(large, ...last), 16],
    [envelope(large, 2, 1, 0), 3],
    [envelope(1, ...last), 16],
  ] as const)
    expect(match(signed, count)).toEqual({ message: expect.stringMatching(/too many/), hashed: 0 });
  expect(match(envelope(large, 0), 1).matched).toEqual([0]);
  expect(match(envelope(large, 1, 0), 2).matched).toEqual([1, 0]);
});

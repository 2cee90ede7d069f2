import { createHash } from 'node:crypto';
import { derWriter, type PublicKey, signatureHash } from '@pratique/crypto';
import { keysErrors } from '../errors.ts';
import { type Exchange, failed, status } from './apdu.ts';
import { algorithms } from './public-key.ts';
import type { KeyPolicy, Slot } from './slots.ts';
import { requireObject } from './tlv.ts';

const { encodeDer, objectIdentifier, octetString, sequence } = derWriter;
const generalAuthenticate = 0x87;
const sha256Oid = '2.16.840.1.101.3.4.2.1';

/**
 * Signs with the key in a slot, in the first scheme of its algorithm (SP 800-73-4 part 2, §3.2.4 and appendix A). Hashes
 * and their padding are made here, as tokens want them.
 *
 * @throws KEY_MECHANISM_UNSUPPORTED, PIV_TOUCH_MISSING, PIV_FAILED, PIV_ANSWER_INVALID
 */
export async function signInSlot(
  exchange: Exchange,
  slot: Slot,
  { publicKey, policy }: { readonly publicKey: PublicKey; readonly policy: KeyPolicy },
  data: Uint8Array,
): Promise<Uint8Array> {
  const template = encodeDer(0x7c, encodeDer(0x82), encodeDer(0x81, toBeSigned(publicKey, data)));
  const answer = await exchange({
    instruction: generalAuthenticate,
    p1: algorithmOf(publicKey),
    p2: slot.key,
    data: template,
  });
  if (answer.status === status.ok)
    return Uint8Array.from(requireObject(requireObject(answer.data, 0x7c), 0x82));
  const isUntouched =
    answer.status === status.securityNotSatisfied || answer.status === status.conditionsNotSatisfied;
  if (isUntouched && policy.touch !== 'never') {
    throw keysErrors.error('PIV_TOUCH_MISSING', {
      message: `the token was not touched in time to sign with the key in the slot ${slot.name}`,
    });
  }
  throw failed(`sign with the key in the slot ${slot.name}`, answer);
}

function algorithmOf({ algorithm, bits }: PublicKey): number {
  if (algorithm === 'ecdsa-p256') return algorithms.p256;
  if (algorithm === 'ecdsa-p384') return algorithms.p384;
  const found = algorithm === 'rsa' ? rsaAlgorithms[bits] : undefined;
  if (found !== undefined) return found;
  throw keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: 'PIV tokens do not sign with such a key',
    expected: 'ECDSA on P-256 or P-384, or RSA of 2048, 3072 or 4096 bits',
    found: `${algorithm}, ${bits} bits`,
  });
}

const rsaAlgorithms: Readonly<Record<number, number>> = {
  2048: algorithms.rsa2048,
  3072: algorithms.rsa3072,
  4096: algorithms.rsa4096,
};

/** A digest; for RSA in EMSA-PKCS1-v1_5 (RFC 8017 §9.2), as long as the modulus. */
function toBeSigned(publicKey: PublicKey, data: Uint8Array): Uint8Array {
  const digest = new Uint8Array(createHash(signatureHash(publicKey)).update(data).digest());
  if (publicKey.algorithm !== 'rsa') return digest;
  const info = sequence(sequence(objectIdentifier(sha256Oid), encodeDer(5)), octetString(digest));
  const padded = new Uint8Array(publicKey.bits / 8).fill(0xff);
  padded.set([0, 1]);
  padded.set([0], padded.byteLength - info.byteLength - 1);
  padded.set(info, padded.byteLength - info.byteLength);
  return padded;
}

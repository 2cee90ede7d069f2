import { type Envelope, parseEnvelope, parseJson, preAuthEncoding } from '@pratique/crypto';
import { Refusal } from '../http/refusal.ts';

/** A signature may have to be held against every key, and most kinds hash all of the payload anew each time. */
const limits = { tries: 256, triedBytes: 64 * 1024 * 1024 };

const maxEnvelopeValues = 1000;

/** An envelope in an entry, which is JSON in a text. */
export function readEnvelope(text: string): Envelope {
  const bytes = new TextEncoder().encode(text);
  return parseEnvelope(parseJson(bytes, 'the envelope', { maxValues: maxEnvelopeValues }));
}

/**
 * Finds the key that made each signature of an envelope. Each must have been made by one of the keys, and each key must
 * have made one. Refuses what would take too long before it verifies anything.
 *
 * @param verify whether `signed` was signed by this key
 * @throws Refusal 400
 */
export function matchSignatures<V>(
  { payload, payloadType, signatures }: Envelope,
  verifiers: readonly V[],
  verify: (verifier: V, signed: Uint8Array, signature: Uint8Array) => boolean,
): readonly { readonly signature: Uint8Array; readonly verifier: V }[] {
  if (signatures.length === 0) throw new Refusal(400, 'the envelope has no signature');
  const tries = signatures.length * verifiers.length;
  if (tries > limits.tries || (tries > 1 && tries * payload.byteLength > limits.triedBytes)) {
    throw new Refusal(400, 'the envelope has too many signatures and keys for its size');
  }
  const signed = preAuthEncoding(payloadType, payload);
  const used = new Set<V>();
  const matched = signatures.map(({ signature }) => {
    const verifier = verifiers.find((candidate) => verify(candidate, signed, signature));
    if (verifier === undefined)
      throw new Refusal(400, 'a signature of the envelope verifies with none of the keys');
    used.add(verifier);
    return { signature, verifier };
  });
  if (used.size < verifiers.length) throw new Refusal(400, 'a verifier signed nothing');
  return matched;
}

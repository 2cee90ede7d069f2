import type { PublicKey } from '@pratique/crypto';
import { derWriter } from '@pratique/crypto';
import { type Exchange, failed, status } from './apdu.ts';
import { algorithms, readPublicKey } from './public-key.ts';
import { type KeyPolicy, pinPolicies, type Slot, touchPolicies } from './slots.ts';
import { requireObject } from './tlv.ts';

const { encodeDer } = derWriter;
const generateAsymmetric = 0x47;

/**
 * Makes a key pair on P-256 in a slot (SP 800-73-4 part 2, §3.3.2), in place of the one that is there, with the policies of
 * YubiKeys. The management key must be opened.
 *
 * @throws PIV_FAILED, PIV_ANSWER_INVALID, KEY_INVALID
 */
export async function generateInSlot(exchange: Exchange, slot: Slot, policy: KeyPolicy): Promise<PublicKey> {
  const one = (tag: number, value: number) => encodeDer(tag, Uint8Array.of(value));
  const data = encodeDer(
    0xac,
    one(0x80, algorithms.p256),
    one(0xaa, pinPolicies.indexOf(policy.pin) + 1),
    one(0xab, touchPolicies.indexOf(policy.touch) + 1),
  );
  const answer = await exchange({ instruction: generateAsymmetric, p2: slot.key, data });
  if (answer.status !== status.ok) throw failed(`make a key in the slot ${slot.name}`, answer);
  return readPublicKey(algorithms.p256, requireObject(answer.data, 0x7f49));
}

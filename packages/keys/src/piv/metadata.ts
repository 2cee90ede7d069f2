import { type Exchange, failed, status } from './apdu.ts';
import { type KeyPolicy, type PinPolicy, pinPolicies, type TouchPolicy, touchPolicies } from './slots.ts';
import { invalid, readObjects } from './tlv.ts';

const getMetadata = 0xf7;

/** What a YubiKey from 5.3 on says of a key. */
export interface Metadata {
  /** As in SP 800-78-4, table 6-2. */
  readonly algorithm: number;
  readonly policy: Uint8Array | undefined;
  /** Data objects of the public key, of a pair. */
  readonly publicKey: Uint8Array | undefined;
}

/** Metadata of the key at a reference; null where there is none, undefined where the token has no metadata. */
export async function readMetadata(
  exchange: Exchange,
  reference: number,
): Promise<Metadata | null | undefined> {
  const answer = await exchange({ instruction: getMetadata, p2: reference });
  switch (answer.status) {
    case status.ok:
      break;
    case status.referenceNotFound:
    case status.notFound:
      return null;
    case status.instructionNotSupported:
    case status.notSupported:
      return undefined;
    default:
      throw failed('tell about a key', answer);
  }
  const objects = new Map(readObjects(answer.data).map(({ tag, value }) => [tag, value]));
  const [algorithm] = objects.get(1) ?? [];
  if (algorithm === undefined) throw invalid('metadata of a key without its algorithm');
  return { algorithm, policy: objects.get(2), publicKey: objects.get(4) };
}

/** A policy as YubiKeys write it: a byte each. Null of a PIN policy that asks for a fingerprint. */
export function readPolicy(bytes: Uint8Array | undefined, otherwise: KeyPolicy): KeyPolicy | null {
  const [pin, touch] = bytes ?? [];
  if (pin === 4 || pin === 5) return null;
  return {
    pin: (pin && (pinPolicies[pin - 1] as PinPolicy | undefined)) || otherwise.pin,
    touch: (touch && (touchPolicies[touch - 1] as TouchPolicy | undefined)) || otherwise.touch,
  };
}

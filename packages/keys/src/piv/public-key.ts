import { gunzipSync } from 'node:zlib';
import {
  type Certificate,
  concatBytes,
  derWriter,
  type PublicKey,
  parseCertificate,
  parsePublicKey,
  tags,
} from '@pratique/crypto';
import { keysErrors } from '../errors.ts';
import { type Exchange, failed, status } from './apdu.ts';
import { attestKey, policyExtension } from './attestation.ts';
import { readMetadata, readPolicy } from './metadata.ts';
import type { KeyPolicy, Slot } from './slots.ts';
import { findObject, invalid, requireObject } from './tlv.ts';

const { bitString, encodeDer, objectIdentifier, sequence, unsignedInteger } = derWriter;

const getData = 0xcb;
/** Of a certificate that is compressed. */
const maxCertificateBytes = 64 * 1024;

/** Keys that sign, by the numbers of SP 800-78-4, table 6-2; the larger RSA keys are of YubiKeys from 5.7 on. */
export const algorithms = {
  p256: 0x11,
  p384: 0x14,
  rsa2048: 0x07,
  rsa3072: 0x05,
  rsa4096: 0x16,
} as const;

const curves: Readonly<Record<number, string>> = {
  [algorithms.p256]: '1.2.840.10045.3.1.7',
  [algorithms.p384]: '1.3.132.0.34',
};
const rsa: ReadonlySet<number> = new Set([algorithms.rsa2048, algorithms.rsa3072, algorithms.rsa4096]);

/** A key in a slot: its public half, and what using the other one asks for. */
export interface SlotKey {
  readonly publicKey: PublicKey;
  readonly policy: KeyPolicy;
}

/**
 * The key in a slot: what the token says of it, else what it attests of it, else what the certificate in the slot says.
 *
 * @throws KEY_NOT_FOUND, KEY_MECHANISM_UNSUPPORTED, PIV_FAILED, PIV_ANSWER_INVALID, and what is wrong with the public key
 */
export async function keyInSlot(exchange: Exchange, slot: Slot): Promise<SlotKey> {
  const metadata = await readMetadata(exchange, slot.key);
  if (metadata === null) throw empty(slot);
  if (metadata?.publicKey !== undefined) {
    const publicKey = readPublicKey(metadata.algorithm, metadata.publicKey);
    return withPolicy(publicKey, metadata.policy, slot);
  }
  const attestation = await attestKey(exchange, slot);
  if (attestation !== undefined) return withPolicy(attestation.publicKey, policyExtension(attestation), slot);
  const certificate = await certificateAt(exchange, slot.certificate);
  if (certificate === null) throw empty(slot);
  // A token that says nothing of its keys has none that wait for a touch.
  return { publicKey: certificate.publicKey, policy: { ...slot.policy, touch: 'never' } };
}

function withPolicy(publicKey: PublicKey, bytes: Uint8Array | undefined, slot: Slot): SlotKey {
  const policy = readPolicy(bytes, slot.policy);
  if (policy !== null) return { publicKey, policy };
  throw keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: `the key in the slot ${slot.name} asks for a fingerprint`,
    expected: 'a key that asks for the PIN, or for nothing',
  });
}

function empty(slot: Slot) {
  return keysErrors.error('KEY_NOT_FOUND', {
    message: `the slot ${slot.name} of the PIV token has no key`,
    remedy: `Make one: pratique piv-tool generate-key --slot ${slot.name}; or name another with --slot.`,
  });
}

/**
 * A public key as cards write it: the modulus and exponent of RSA, or the point on a curve (SP 800-73-4 part 2, §3.3.2).
 *
 * @throws PIV_ANSWER_INVALID, KEY_MECHANISM_UNSUPPORTED, KEY_INVALID, KEY_UNSUPPORTED
 */
export function readPublicKey(algorithm: number, objects: Uint8Array): PublicKey {
  const curve = curves[algorithm];
  if (curve !== undefined) {
    const parameters = sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier(curve));
    return parsePublicKey(sequence(parameters, bitString(requireObject(objects, 0x86))));
  }
  if (rsa.has(algorithm)) {
    const parameters = sequence(objectIdentifier('1.2.840.113549.1.1.1'), encodeDer(tags.null));
    const key = sequence(
      unsignedInteger(requireObject(objects, 0x81)),
      unsignedInteger(requireObject(objects, 0x82)),
    );
    return parsePublicKey(sequence(parameters, bitString(key)));
  }
  throw keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
    message: 'the key in the PIV token is of a kind that is not signed with here',
    expected: 'ECDSA on P-256 or P-384, or RSA of 2048, 3072 or 4096 bits',
    found: `algorithm ${algorithm.toString(16)}`,
  });
}

/** The certificate in a data object (SP 800-73-4 part 1, appendix A); null where there is none. */
export async function certificateAt(exchange: Exchange, object: number): Promise<Certificate | null> {
  const tag = Uint8Array.of(object >>> 16, (object >>> 8) & 0xff, object & 0xff);
  const data = concatBytes(Uint8Array.of(0x5c, tag.byteLength), tag);
  const answer = await exchange({ instruction: getData, p1: 0x3f, p2: 0xff, data });
  if (answer.status === status.notFound) return null;
  if (answer.status !== status.ok) throw failed('give a certificate', answer);
  const content = requireObject(answer.data, 0x53);
  const certificate = findObject(content, 0x70);
  if (certificate === undefined || certificate.byteLength === 0) return null;
  const [info = 0] = findObject(content, 0x71) ?? [];
  return parseCertificate((info & 1) === 0 ? certificate : inflate(certificate));
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxCertificateBytes });
  } catch {
    throw invalid('a compressed certificate that cannot be read');
  }
}

import {
  DerReader,
  derWriter,
  type PublicKey,
  parseCertificate,
  parsePublicKey,
  tags,
} from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { attribute, ck } from './constants.ts';
import { type Attribute, findObjects, named, namesOf, readAttribute, ulong } from './objects.ts';
import type { Session } from './token.ts';

const { bitString, encodeDer, objectIdentifier, sequence, unsignedInteger } = derWriter;
const [rsaEncryption, ecPublicKey, ed25519] = ['1.2.840.113549.1.1.1', '1.2.840.10045.2.1', '1.3.101.112'];

/**
 * The public half of a private key: the token's public key object with the same id (or, where the key has none, label),
 * else what an RSA key tells of itself, else the certificate with the same id.
 *
 * @throws KEY_NOT_FOUND, KEY_MECHANISM_UNSUPPORTED, KEY_INVALID, KEY_UNSUPPORTED
 */
export function publicKeyOfToken(session: Session, privateKey: number): PublicKey {
  const names = namesOf(session, privateKey);
  const same: Attribute[] =
    names.id.byteLength > 0
      ? named({ object: undefined, id: names.id })
      : named({ object: names.object, id: undefined });
  const spki =
    findObjects(session, [[attribute.class, ulong(ck.publicKey)], ...same])
      .map((object) => spkiOf(session, object))
      .find((found) => found !== undefined) ??
    rsaKey(session, privateKey) ??
    certificateKey(session, same);
  if (spki !== undefined) return parsePublicKey(spki);
  throw keysErrors.error('KEY_NOT_FOUND', {
    message: `the token ${printable(session.token.label)} has the private key, and nothing of its public half`,
    expected: 'a public key or a certificate with the same id',
    remedy: 'Put the public key or the certificate into the token, with the same id as the private key.',
  });
}

/** The only public key that fits, of a token that does not show its private keys. */
export function visiblePublicKey(session: Session, attributes: readonly Attribute[]): PublicKey | undefined {
  const found = findObjects(session, [[attribute.class, ulong(ck.publicKey)], ...attributes]);
  const spki = found.length === 1 ? spkiOf(session, found[0]!) : undefined;
  return spki === undefined ? undefined : parsePublicKey(spki);
}

function spkiOf(session: Session, object: number): Uint8Array | undefined {
  const type = readAttribute(session, object, attribute.keyType)?.[0];
  if (type === ck.rsa) return rsaKey(session, object);
  if (type !== ck.ec && type !== ck.edwards) {
    throw keysErrors.error('KEY_MECHANISM_UNSUPPORTED', {
      message: 'the key in the token is neither RSA nor on an elliptic curve',
      found: `CKA_KEY_TYPE ${type ?? 'unknown'}`,
    });
  }
  const point = readAttribute(session, object, attribute.ecPoint);
  if (point === undefined) return undefined;
  if (type === ck.edwards) {
    return sequence(sequence(objectIdentifier(ed25519!)), bitString(rawPoint(point)));
  }
  const curve = readAttribute(session, object, attribute.ecParameters);
  if (curve === undefined) return undefined;
  return sequence(sequence(objectIdentifier(ecPublicKey!), curve), bitString(rawPoint(point)));
}

/** Bytes of an uncompressed point on P-256, P-384 and P-521, and of one of Ed25519. */
const pointLengths = new Set([65, 97, 133, 32]);

/**
 * CKA_EC_POINT is an OCTET STRING around the point (v2.40 §2.3.3), in some modules the point alone. The tag is the first
 * byte of an uncompressed point too: only the length tells them apart.
 */
function rawPoint(value: Uint8Array): Uint8Array {
  if (pointLengths.has(value.byteLength)) return value;
  const reader = new DerReader(value);
  const { content } = reader.element(tags.octetString);
  reader.end();
  return content;
}

function rsaKey(session: Session, object: number): Uint8Array | undefined {
  const modulus = readAttribute(session, object, attribute.modulus);
  const exponent = readAttribute(session, object, attribute.publicExponent);
  if (!modulus?.byteLength || !exponent?.byteLength) return undefined;
  const key = sequence(unsignedInteger(modulus), unsignedInteger(exponent));
  return sequence(
    sequence(objectIdentifier(rsaEncryption!), encodeDer(tags.null, new Uint8Array())),
    bitString(key),
  );
}

function certificateKey(session: Session, same: readonly Attribute[]): Uint8Array | undefined {
  const [found] = findObjects(session, [[attribute.class, ulong(ck.certificate)], ...same]);
  const der = found === undefined ? undefined : readAttribute(session, found, attribute.value);
  return der === undefined ? undefined : parseCertificate(der).publicKey.spki;
}

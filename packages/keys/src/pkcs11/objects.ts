import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { attribute, ck } from './constants.ts';
import { failed } from './module.ts';
import type { Session } from './token.ts';

/** An attribute to look for, or to make an object with. */
export type Attribute = readonly [type: number, value: Uint8Array];

const maxFound = 1000;
const maxAttributeBytes = 16 * 1024;

/** A CK_ULONG. */
export function ulong(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A CK_BBOOL. */
export function bool(value: boolean): Uint8Array {
  return Uint8Array.of(value ? 1 : 0);
}

/** Attributes as the module's functions take them. */
export function template(attributes: readonly Attribute[]): object[] {
  return attributes.map(([type, value]) => ({
    type,
    pValue: Buffer.from(value),
    ulValueLen: value.byteLength,
  }));
}

/** Handles of the objects with all of these attributes. @throws PKCS11_FAILED */
export function findObjects({ module, handle }: Session, attributes: readonly Attribute[]): number[] {
  module.must('C_FindObjectsInit', handle, template(attributes), attributes.length);
  try {
    const found: number[] = [];
    const [handles, count] = [new Array<number>(20).fill(0), [0]];
    do {
      module.must('C_FindObjects', handle, handles, handles.length, count);
      found.push(...handles.slice(0, Number(count[0])).map(Number));
    } while (Number(count[0]) > 0 && found.length < maxFound);
    return found;
  } finally {
    module.call('C_FindObjectsFinal', handle);
  }
}

/** The value of one attribute, or undefined where the object has none or does not tell. @throws PKCS11_FAILED */
export function readAttribute(
  { module, handle }: Session,
  object: number,
  type: number,
): Uint8Array | undefined {
  const buffer = Buffer.alloc(maxAttributeBytes);
  const asked = [{ type, pValue: buffer, ulValueLen: buffer.byteLength }];
  const code = module.call('C_GetAttributeValue', handle, object, asked, 1);
  // CKR_ATTRIBUTE_SENSITIVE and CKR_ATTRIBUTE_TYPE_INVALID.
  if (code === 0x11 || code === 0x12) return undefined;
  if (code !== 0) throw failed('C_GetAttributeValue', code);
  const length = Number(asked[0]!.ulValueLen);
  return length <= maxAttributeBytes ? Uint8Array.from(buffer.subarray(0, length)) : undefined;
}

/** The one private key with this label and id. @throws KEY_NOT_FOUND, KEY_AMBIGUOUS */
export function findPrivateKey(
  session: Session,
  wanted: { readonly object: string | undefined; readonly id: Uint8Array | undefined },
): number {
  const found = findObjects(session, [[attribute.class, ulong(ck.privateKey)], ...named(wanted)]);
  const [key] = found;
  if (key !== undefined && found.length === 1) return key;
  const where = `the token ${printable(session.token.label)}`;
  if (key === undefined) {
    throw keysErrors.error('KEY_NOT_FOUND', {
      message: `${where} has no such private key`,
      expected: describe(wanted),
    });
  }
  throw keysErrors.error('KEY_AMBIGUOUS', {
    message: `${where} has ${found.length} private keys that fit`,
    expected: `one with ${describe(wanted)}`,
    found: found
      .slice(0, 10)
      .map((object) => describe(namesOf(session, object)))
      .join('; '),
  });
}

/** Attributes that say which of a token's objects is meant. */
export function named({
  object,
  id,
}: {
  readonly object: string | undefined;
  readonly id: Uint8Array | undefined;
}): Attribute[] {
  return [
    ...(object === undefined ? [] : [[attribute.label, Buffer.from(object, 'utf8')] as const]),
    ...(id === undefined ? [] : [[attribute.id, id] as const]),
  ];
}

/** Label and id of an object; empty where it has none. */
export function namesOf(
  session: Session,
  object: number,
): { readonly object: string; readonly id: Uint8Array } {
  const label = readAttribute(session, object, attribute.label) ?? new Uint8Array();
  return {
    object: Buffer.from(label).toString('utf8'),
    id: readAttribute(session, object, attribute.id) ?? new Uint8Array(),
  };
}

function describe(key: { readonly object: string | undefined; readonly id: Uint8Array | undefined }): string {
  return [
    ...(key.object === undefined ? [] : [`object ${printable(key.object, 64)}`]),
    ...(key.id === undefined ? [] : [`id ${Buffer.from(key.id).toString('hex').slice(0, 64)}`]),
  ].join(', ');
}

/** Order of the P-256 group. */
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** r and s of a DER ECDSA signature on P-256. */
export function splitEcdsa(signature: Uint8Array): [bigint, bigint] {
  const r = signature.subarray(4, 4 + signature[3]!);
  const s = signature.subarray(6 + signature[3]!);
  return [toBigInt(r), toBigInt(s)];
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** DER of a signature with any r and s, negative ones included. */
export function joinEcdsa(r: bigint, s: bigint): Uint8Array {
  const content = [...integer(r), ...integer(s)];
  return Uint8Array.of(0x30, content.length, ...content);
}

function integer(value: bigint): number[] {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return [0x02, length, ...Buffer.from(hex, 'hex')];
}

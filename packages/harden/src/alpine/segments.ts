import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { printable } from '@pratique/errors';
import { type FileSystem, readRootArchive } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { firstMember, GzipError } from './gzip-member.ts';

/** A key that signs packages and indexes, by the name of its file: `name.rsa.pub`. */
export interface AlpineKey {
  readonly name: string;
  /** PEM. */
  readonly bytes: Uint8Array;
}

/** A signature as it stands in a file: by which key it says it is, over what kind of digest. */
export interface Signature {
  readonly key: string;
  readonly digest: 'sha1' | 'sha256' | 'sha512';
  readonly bytes: Uint8Array;
}

const limits = { signatureBytes: 256 * 1024, keys: 64, bits: 2048 } as const;
const everything = { id: 'everything-1', keep: () => 'whole' as const };
const digests = { RSA: 'sha1', RSA256: 'sha256', RSA512: 'sha512' } as const;

/** Something is not in the format of apk-tools 2. Callers say what. */
export class SegmentError extends Error {}

/**
 * Splits the signatures off a file of apk-tools 2 (apk-v2(5)): they stand in members of their own, in front of what is
 * signed.
 *
 * @throws SegmentError
 */
export async function splitSignatures(
  bytes: Uint8Array,
): Promise<{ readonly signatures: readonly Signature[]; readonly rest: Uint8Array }> {
  const signatures: Signature[] = [];
  for (let rest = bytes; ; ) {
    // Which member is one of signatures, the name of its first file says.
    if (!/^\.SIGN\./.test(firstName(rest))) return { signatures, rest };
    if (signatures.length > limits.keys) throw new SegmentError('has too many signatures');
    const { content, length } = member(rest, limits.signatureBytes);
    for (const { path, content: file } of (await readSegment(content)).layers[0]!.entries) {
      const [, kind, key] = /^\.SIGN\.(RSA|RSA256|RSA512)\.([^/]+)$/.exec(path) ?? [];
      if (key === undefined || file === undefined) continue;
      signatures.push({
        key,
        digest: digests[kind as keyof typeof digests],
        bytes: file.read(0, file.size),
      });
    }
    rest = rest.subarray(length);
  }
}

/** Name of the first file in the tar that begins `bytes`. */
function firstName(bytes: Uint8Array): string {
  // A header is 512 bytes; the member may be as large as it likes.
  try {
    const { content } = member(bytes, limits.signatureBytes);
    return Buffer.from(content.subarray(0, 100)).toString('latin1').replace(/\0.*$/s, '');
  } catch (error) {
    // Larger than any signature: not one.
    if (error instanceof SegmentError && /larger than/.test(error.message)) return '';
    throw error;
  }
}

/** The first member. @throws SegmentError */
export function member(bytes: Uint8Array, maxBytes: number) {
  try {
    return firstMember(bytes, maxBytes);
  } catch (cause) {
    if (!(cause instanceof GzipError)) throw cause;
    throw new SegmentError(cause.message, { cause });
  }
}

/** The tar of one member, which has no end of its own where another follows. @throws SegmentError */
export async function readSegment(tar: Uint8Array): Promise<FileSystem> {
  const chunks = async function* () {
    for (let at = 0; at < tar.length; at += 1024 * 1024) yield tar.subarray(at, at + 1024 * 1024);
  };
  try {
    return await readRootArchive(chunks(), { keep: everything });
  } catch (cause) {
    throw new SegmentError('has a tar that cannot be read', { cause });
  }
}

/**
 * Whether one of the keys signed `signed`. Null: none of the signatures is by a key that is known.
 *
 * @throws PACKAGES_UNTRUSTED for a key that is none
 */
export function isSigned(
  signed: Uint8Array,
  signatures: readonly Signature[],
  keys: readonly AlpineKey[],
): boolean | null {
  const known = signatures.flatMap((signature) => {
    const key = keys.find(({ name }) => name === signature.key);
    return key === undefined ? [] : [{ signature, key }];
  });
  if (known.length === 0) return null;
  // As apk does, the first that is by a known key decides.
  const { signature, key } = known[0]!;
  return verify(signature.digest, signed, publicKey(key), signature.bytes);
}

function publicKey({ name, bytes }: AlpineKey): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(Buffer.from(bytes));
  } catch (cause) {
    throw unusable(name, 'no public key in PEM', cause);
  }
  if (key.asymmetricKeyType !== 'rsa') throw unusable(name, `a key of type ${key.asymmetricKeyType}`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < limits.bits) throw unusable(name, `an RSA key of ${bits} bits`);
  return key;
}

function unusable(name: string, found: string, cause?: unknown) {
  return hardenErrors.error('PACKAGES_UNTRUSTED', {
    message: `the key ${printable(name)} cannot be used`,
    expected: `an RSA key of at least ${limits.bits} bits`,
    found,
    cause,
  });
}

import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { createDigester, digestAlgorithm } from '../reference/digest.ts';
import type { Descriptor } from '../types.ts';

/**
 * Passes chunks on while checking them against `descriptor`: ends only if length and digest are the announced ones,
 * otherwise throws. Stops at the first byte too many.
 *
 * @param from where the chunks come from, for the message
 * @throws OCI_SIZE_MISMATCH, OCI_DIGEST_MISMATCH
 */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
  from: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const digester = createDigester(digestAlgorithm(descriptor.digest));
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > descriptor.size) throw wrongSize(descriptor, from, `more than ${descriptor.size} bytes`);
    digester.update(chunk);
    yield chunk;
  }
  if (size !== descriptor.size) throw wrongSize(descriptor, from, `${size} bytes`);
  const digest = digester.digest();
  if (digest !== descriptor.digest) throw wrongDigest(descriptor.digest, digest, from);
}

/** The fault for content whose length is not the announced one. */
export function wrongSize(descriptor: Pick<Descriptor, 'digest' | 'size'>, from: string, found: string) {
  return ociErrors.error('OCI_SIZE_MISMATCH', {
    message: `${printable(from)}: ${descriptor.digest} does not have the size its descriptor says`,
    expected: `${descriptor.size} bytes`,
    found,
  });
}

/** The fault for content that is not what its digest says. */
export function wrongDigest(expected: string, found: string, from: string) {
  return ociErrors.error('OCI_DIGEST_MISMATCH', {
    message: `${printable(from)}: the content does not have the digest it was asked for by`,
    expected: printable(expected),
    found: printable(found),
  });
}

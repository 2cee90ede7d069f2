import { printable } from '@pratique/errors';
import type { Digest } from '@pratique/oci';
import { sigstoreErrors } from '../errors.ts';
import type { Statement, StatementSubject } from '../payload/statement.ts';

/** Throws SUBJECT_MISMATCH unless the simple-signing document is about exactly this digest. */
export function checkManifestDigest(found: string, digest: Digest): void {
  if (found !== digest) throw mismatch(digest, found);
}

/**
 * The statement's subject with exactly this image's algorithm and digest. The first one counts: a statement that names
 * the image twice means its first mention.
 *
 * @throws SUBJECT_MISMATCH
 */
export function findSubject(statement: Statement, digest: Digest): StatementSubject {
  const separator = digest.indexOf(':');
  const algorithm = digest.slice(0, separator);
  const hex = digest.slice(separator + 1);
  const subject = statement.subjects.find(
    (candidate) => Object.hasOwn(candidate.digest, algorithm) && candidate.digest[algorithm] === hex,
  );
  if (subject !== undefined) return subject;
  const [first] = statement.subjects;
  const named = Object.entries(first?.digest ?? {}).map(([name, value]) => `${name}:${value}`);
  throw mismatch(digest, named.join(', '));
}

function mismatch(digest: Digest, found: string) {
  return sigstoreErrors.error('SUBJECT_MISMATCH', {
    message: 'the signature is for another image',
    expected: digest,
    found: printable(found),
  });
}

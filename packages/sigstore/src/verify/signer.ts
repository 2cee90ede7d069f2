import type { SignatureScheme } from '@pratique/crypto';
import { sigstoreErrors } from '../errors.ts';
import { describeWindow, isWithin, type TrustedKey } from '../trust/trust.ts';

/**
 * Finds the trusted key that verifies a signature. `hint` is what the signature itself says about its key: it decides
 * which key is tried first and what a refusal says, never whether a signature is accepted.
 *
 * @throws SIGNATURE_INVALID when the hint names a trusted key and none verifies; SIGNER_UNTRUSTED otherwise
 */
export function findSigner(
  keys: readonly TrustedKey[],
  hint: string | null,
  verify: (key: TrustedKey) => SignatureScheme | null,
): { readonly signer: TrustedKey; readonly scheme: SignatureScheme } {
  const named = keys.find((candidate) => candidate.key.hint === hint);
  const order = named === undefined ? keys : [named, ...keys.filter((key) => key !== named)];
  for (const signer of order) {
    const scheme = verify(signer);
    if (scheme !== null) return { signer, scheme };
  }
  if (named !== undefined) {
    throw sigstoreErrors.error('SIGNATURE_INVALID', {
      message: `the signature says it is by the key “${named.name}”, but that key does not verify it`,
      expected: `a signature by ${named.key.fingerprint}`,
      found: 'a signature that does not verify',
    });
  }
  throw sigstoreErrors.error('SIGNER_UNTRUSTED', {
    message: 'no trusted key verifies this signature',
    expected: describeKeys(keys),
    found: describeHint(hint),
  });
}

/** Throws KEY_OUTSIDE_VALIDITY unless the key is trusted for a signature made at `time`. */
export function checkKeyValidity(key: TrustedKey, time: Date): void {
  if (isWithin(time, key)) return;
  throw sigstoreErrors.error('KEY_OUTSIDE_VALIDITY', {
    message: `the key “${key.name}” is not trusted for the time of this signature`,
    expected: describeWindow(key),
    found: time.toISOString(),
  });
}

/** The first few keys: the message of a refusal must not grow with the trust configuration. */
function describeKeys(keys: readonly TrustedKey[]): string {
  if (keys.length === 0) return 'no key is trusted';
  const named = keys.slice(0, 5).map((key) => `${key.name} ${key.key.fingerprint}`);
  return named.join(', ') + (keys.length > 5 ? ` and ${keys.length - 5} more` : '');
}

/** Cosign's hint is the base64 of a SHA-256: shown as the fingerprint it claims to be. */
function describeHint(hint: string | null): string {
  if (hint === null || hint === '') return 'a key the signature does not name';
  const bytes = /^[A-Za-z0-9+/]{43}=$/.test(hint) ? Buffer.from(hint, 'base64') : null;
  return bytes === null
    ? 'a key with a hint that is no fingerprint'
    : `sha256:${bytes.toString('hex')} (by its own account)`;
}

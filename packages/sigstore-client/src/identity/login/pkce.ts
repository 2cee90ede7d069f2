import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as text that a URL can hold. */
export function randomText(): string {
  return randomBytes(32).toString('base64url');
}

/** A secret, and what proves its possession later (RFC 7636 §4.1, §4.2; S256). */
export function newPkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomText();
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

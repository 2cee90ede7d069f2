import type { PublicKey, SignatureScheme } from '@pratique/crypto';

/** What `--signature-digest-algorithm` asks of a key; undefined where it signs as keys of its kind do. */
export function schemesOf(
  { algorithm }: PublicKey,
  hash: string | undefined,
): readonly SignatureScheme[] | undefined {
  // Ed25519 has a hash of its own.
  if (hash === undefined || algorithm === 'ed25519') return undefined;
  const scheme = algorithm === 'rsa' ? `rsa-pkcs1v15-${hash}` : `ecdsa-${hash}`;
  return [scheme as SignatureScheme];
}

import type { Signer } from '@pratique/crypto';
import { type Signed, type SigningContent, signedBytes } from '@pratique/sigstore';
import type { Witnesses } from './witnesses.ts';

/** Signs in the way the logs want it, of keys that can. */
export async function signContent(
  key: Signer,
  content: SigningContent,
  witnesses: Witnesses,
  signal?: AbortSignal,
): Promise<Pick<Signed, 'content' | 'signature' | 'key' | 'prehashed'>> {
  const bytes = signedBytes(content);
  const prehashed = wantsPrehashed(content, witnesses) && key.signPrehashed !== undefined;
  const signature = prehashed ? key.signPrehashed!(bytes) : await key.sign(bytes, signal);
  return { content, signature, key: key.publicKey, prehashed };
}

/**
 * Whether a log will know no more than a hash: Rekor v1 of messages, Rekor v2 of all. Of Ed25519 keys they take Ed25519ph
 * only, and cosign makes it for them; a DSSE envelope in Rekor v1 is signed plainly.
 */
function wantsPrehashed({ form }: SigningContent, { logs }: Witnesses): boolean {
  return logs.some(({ version }) => version === 2 || form === 'message');
}

import { encodeBase64 } from '../encoding/base64.ts';
import { concatBytes } from '../encoding/bytes.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { noteKeyHash } from './note.ts';

/** Signs a checkpoint (C2SP `tlog-checkpoint`) as a note under `name`. */
export function signCheckpoint(
  checkpoint: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
  name: string,
  key: SigningKey,
): string {
  const text = `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`;
  const hint = noteKeyHash(name, key.publicKey).subarray(0, 4);
  const signature = concatBytes(hint, key.sign(new TextEncoder().encode(text)));
  return `${text}\n\u2014 ${name} ${encodeBase64(signature)}\n`;
}

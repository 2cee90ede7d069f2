import { encodeBase64 } from '../encoding/base64.ts';
import { concatBytes } from '../encoding/bytes.ts';
import type { Signer } from '../keys/signer.ts';
import { noteKeyHash } from './note.ts';

/** Signs a checkpoint (C2SP `tlog-checkpoint`) as a note under `name`. */
export async function signCheckpoint(
  checkpoint: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
  name: string,
  key: Signer,
): Promise<string> {
  const text = `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`;
  const hint = noteKeyHash(name, key.publicKey).subarray(0, 4);
  const signature = concatBytes(hint, await key.sign(new TextEncoder().encode(text)));
  return `${text}\n\u2014 ${name} ${encodeBase64(signature)}\n`;
}

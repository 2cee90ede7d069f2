import type { GrowingTree } from '@pratique/crypto';
import { type CheckpointSource, SharedCheckpoints } from '../log/checkpoints.ts';
import type { KeySuccession } from '../store/generations.ts';
import type { Witnesses } from './client.ts';

/** The log's own checkpoints with the cosignatures of its witnesses, where it has any. */
export function witnessedCheckpoints(
  own: CheckpointSource,
  { tree, keys }: { readonly tree: GrowingTree; readonly keys: KeySuccession },
  witnesses: Witnesses,
): CheckpointSource {
  if (witnesses.count === 0) return own;
  return new SharedCheckpoints(tree, keys, async () => {
    // Entries that arrive in the same turn of the loop come along.
    await new Promise(setImmediate);
    const signed = await own.newest();
    return { ...signed, note: signed.note + (await witnesses.cosign(signed.size, signed.note)) };
  });
}

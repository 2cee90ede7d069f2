import {
  type CheckpointOptions,
  type CheckpointSource,
  SharedCheckpoints,
  signedCheckpoints,
} from '../log/checkpoints.ts';
import type { Witnesses } from './client.ts';

/** The checkpoints of a log with the cosignatures of its witnesses, where it has any. */
export function witnessedCheckpoints(options: CheckpointOptions, witnesses: Witnesses): CheckpointSource {
  const signed = signedCheckpoints(options);
  if (witnesses.count === 0) return signed;
  return new SharedCheckpoints(options.tree, options.keys, async () => {
    // Entries that arrive in the same turn of the loop come along.
    await new Promise(setImmediate);
    const own = await signed.newest();
    return { ...own, note: own.note + (await witnesses.cosign(own.size, own.note)) };
  });
}

import type { OutsideKeys, OutsideRole } from '@pratique/sigstore-server';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { sigstoreServe } from '../specs/sigstore-server.ts';
import { type OpenKey, openSigningKey } from './key-reference.ts';

/** What the keys that are not in a private Sigstore's directory sign, by the flags that name them. */
const roles = {
  'ca-root-key': 'fulcio-root',
  'ca-key': 'fulcio',
  'tsa-root-key': 'tsa-root',
  'tsa-key': 'tsa',
  'rekor-key': 'rekor',
  'rekor-v2-key': 'rekor-v2',
  'ctlog-key': 'ctlog',
} as const satisfies Record<string, OutsideRole>;

/** Opens the keys that the flags name; `close` when the server has stopped. */
export async function openOutsideKeys(
  flags: Pick<FlagValues<typeof sigstoreServe.flags>, keyof typeof roles>,
  terminal: Terminal,
): Promise<{ readonly keys: OutsideKeys; close(): Promise<void> }> {
  const keys: Partial<Record<OutsideRole, OpenKey[]>> = {};
  const close = async () => {
    for (const key of Object.values(keys).flat()) await key.close();
  };
  try {
    for (const [flag, role] of Object.entries(roles)) {
      const opened: OpenKey[] = [];
      keys[role] = opened;
      // Without the program's signal: what is in flight while it stops is signed too.
      for (const reference of flags[flag as keyof typeof roles])
        opened.push(await openSigningKey(reference, terminal, 'sigstore serve'));
    }
    return { keys, close };
  } catch (error) {
    await close();
    throw error;
  }
}

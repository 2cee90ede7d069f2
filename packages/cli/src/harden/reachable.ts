import { PratiqueError } from '@pratique/errors';
import type { RegistryClient } from '@pratique/oci';
import type { Terminal } from '../program/terminal.ts';
import { openImage } from '../registry/client.ts';
import { parseLocal } from '../registry/places.ts';

/**
 * Asks the registry of a target whether it is there, which is better known before an image is built for it. What else it
 * answers is for the push to find out: who may push may not always ask.
 *
 * @throws OCI_UNREACHABLE
 */
export async function checkReachable(
  client: RegistryClient,
  target: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (parseLocal(target, terminal) !== undefined) return;
  const { repository, version } = openImage(client, target, terminal);
  try {
    await repository.resolve(version, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PratiqueError && error.code === 'OCI_UNREACHABLE') throw error;
  }
}

import { creationTime } from '@pratique/sigstore';
import type { Terminal } from '../program/terminal.ts';

/** With `--record-creation-timestamp` the tag-based format says when it was written, too; bundles always do. */
export function recordedTime(recorded: boolean, { env }: Terminal): { readonly created?: Date } {
  return recorded ? { created: creationTime({ ...env }) } : {};
}

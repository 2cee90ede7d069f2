import { fileURLToPath } from 'node:url';

/** How a user of a checkout starts `pratique`: the command, then the arguments before their own. */
export const pratique: readonly [command: string, bin: string] = [
  process.execPath,
  fileURLToPath(new URL('../../packages/cli/bin/pratique.mjs', import.meta.url)),
];

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const { PRATIQUE_COMMAND } = process.env;

/**
 * How `pratique` is started: the command, then the arguments before their own. As a user of a checkout does, or the
 * program that `PRATIQUE_COMMAND` names, such as the standalone executable, so that it is what all the proofs are about.
 */
export const pratique: readonly [command: string, ...prefix: string[]] = PRATIQUE_COMMAND
  ? // Programs here are started in directories of their own; a bare name is on PATH.
    [PRATIQUE_COMMAND.includes('/') ? resolve(PRATIQUE_COMMAND) : PRATIQUE_COMMAND]
  : [process.execPath, fileURLToPath(new URL('../../packages/cli/bin/pratique.mjs', import.meta.url))];

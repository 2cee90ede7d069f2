import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where things are kept that must not be lost, as XDG base directories have it: what was seen, and may not be seen older. */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state'), 'pratique');
}

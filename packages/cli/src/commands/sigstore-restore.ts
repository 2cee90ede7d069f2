import { resolve } from 'node:path';
import { restoreDirectory } from '@pratique/sigstore-server';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreRestore } from '../specs/sigstore-server.ts';

export const run: Run<typeof sigstoreRestore.flags> = async ({ flags, terminal }) => {
  if (!flags.from) throw cliErrors.error('USAGE', { message: 'from where?', expected: '--from DIR' });
  for (const { name, size, root } of await restoreDirectory(
    resolve(terminal.cwd, flags.from),
    resolve(terminal.cwd, flags.data),
  )) {
    terminal.out(`${name}: ${size} entries, root ${root}\n`);
  }
  return 0;
};

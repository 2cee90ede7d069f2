import { resolve } from 'node:path';
import { backupDirectory } from '@pratique/sigstore-server';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import type { sigstoreBackup } from '../specs/sigstore-server.ts';

export const run: Run<typeof sigstoreBackup.flags> = async ({ flags, terminal }) => {
  if (!flags.to) throw cliErrors.error('USAGE', { message: 'where to?', expected: '--to DIR' });
  for (const { name, size, root } of await backupDirectory(
    resolve(terminal.cwd, flags.data),
    resolve(terminal.cwd, flags.to),
  )) {
    terminal.out(`${name}: ${size} entries, root ${root}\n`);
  }
  return 0;
};

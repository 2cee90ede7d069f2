import { join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { importAdvisories } from '@pratique/inspect';
import { isThere } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import { cacheDirectory } from '../program/cache-directory.ts';
import type { Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import { databasePath } from '../scan/database-path.ts';
import { downloadAdvisories, isUrl } from '../scan/download.ts';
import type { dbImport } from '../specs/scan.ts';

export const run: Run<typeof dbImport.flags> = async ({ args, flags, terminal, signal }) => {
  const directory = join(cacheDirectory(terminal.env), 'downloads');
  const inputs: string[] = [];
  for (const input of args)
    inputs.push(
      isUrl(input) ? await downloadAdvisories(input, { directory, signal }) : localFile(input, terminal),
    );
  const path = databasePath(flags.db, terminal);
  const { files, stored, withdrawn, unsupported } = await importAdvisories(path, inputs, new Date(), signal);
  if (flags.output === 'json') {
    const report = {
      schemaVersion: 1,
      files,
      stored,
      withdrawn,
      unsupported: Object.fromEntries(unsupported),
    };
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  }
  terminal.out(
    `${stored} entries stored and ${withdrawn} withdrawn, from ${files} ${files === 1 ? 'file' : 'files'}\n`,
  );
  for (const [ecosystem, count] of unsupported)
    terminal.err(
      `warning: ${count} entries of ${printable(ecosystem)} left out: its packages are not known here\n`,
    );
  return 0;
};

function localFile(input: string, terminal: Terminal): string {
  const path = resolve(terminal.cwd, input);
  if (!isThere(path))
    throw cliErrors.error('FILE_UNREADABLE', {
      message: `there is no file or directory ${printable(input)}`,
    });
  return path;
}

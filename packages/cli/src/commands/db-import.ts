import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { importAdvisories } from '@pratique/inspect';
import { cliErrors } from '../errors.ts';
import type { Run } from '../program/spec.ts';
import { databasePath } from '../scan/database-path.ts';
import type { dbImport } from '../specs/scan.ts';

export const run: Run<typeof dbImport.flags> = async ({ args, flags, terminal }) => {
  const inputs = args.map((input) => {
    const path = resolve(terminal.cwd, input);
    if (!existsSync(path))
      throw cliErrors.error('FILE_UNREADABLE', { message: `there is no ${printable(input)}` });
    return path;
  });
  const path = databasePath(flags.db, terminal);
  const { files, stored, withdrawn, unsupported } = await importAdvisories(path, inputs, new Date());
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

import { AdvisoryDatabase } from '@pratique/inspect';
import type { Run } from '../program/spec.ts';
import { style, table } from '../program/style.ts';
import { age } from '../scan/age.ts';
import { databasePath } from '../scan/database-path.ts';
import type { dbStatus } from '../specs/scan.ts';

export const run: Run<typeof dbStatus.flags> = async ({ flags, terminal }) => {
  const path = databasePath(flags.db, terminal);
  const database = AdvisoryDatabase.open(path);
  try {
    const status = database.status();
    if (flags.output === 'json') {
      terminal.out(`${JSON.stringify({ path, ...status }, null, 2)}\n`);
      return 0;
    }
    const c = style(terminal.colour.out);
    const rows = status.sources.map(({ name, format, importedAt, advisories }) => [
      name,
      format,
      `${advisories || (name === 'kev' ? status.exploited : name === 'epss' ? status.scores : 0)}`,
      importedAt,
    ]);
    terminal.out(
      `${c.bold(path)}\n${status.digest}\nbuilt ${status.builtAt} (${age(status.builtAt, new Date())} old)\n\n${table([['SOURCE', 'FORMAT', 'ENTRIES', 'IMPORTED'], ...rows])}\n`,
    );
    return 0;
  } finally {
    database.close();
  }
};

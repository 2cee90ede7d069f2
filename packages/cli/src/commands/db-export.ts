import { publishDatabase } from '@pratique/inspect';
import type { Run } from '../program/spec.ts';
import { openClient, openImage, pinned } from '../registry/client.ts';
import { databasePath } from '../scan/database-path.ts';
import type { dbExport } from '../specs/scan.ts';

export const run: Run<typeof dbExport.flags> = async ({ args, flags, terminal, signal }) => {
  const client = openClient(flags, terminal);
  try {
    const { reference, repository, version: tag } = openImage(client, args[0]!, terminal);
    const { digest } = await publishDatabase(databasePath(flags.db, terminal), repository, { tag, signal });
    terminal.out(`${pinned(reference, digest)}\n`);
    return 0;
  } finally {
    client.close();
  }
};

import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { type AptSource, createFetcher, machineKeyrings, parseAptSources } from '@pratique/harden';
import { importChangelogs } from '@pratique/inspect';
import { cacheDirectory } from '../program/cache-directory.ts';
import { readText } from '../program/read-file.ts';
import type { Run } from '../program/spec.ts';
import { withProgress } from '../program/steps.ts';
import type { Terminal } from '../program/terminal.ts';
import { databasePath } from '../scan/database-path.ts';
import { securityChangelogs } from '../scan/security-changelogs.ts';
import { openSubject } from '../scan/subject.ts';
import type { dbChangelogs } from '../specs/scan.ts';

export const run: Run<typeof dbChangelogs.flags> = async ({ args, flags, terminal, signal }) => {
  const now = new Date();
  const fetcher = createFetcher({ cache: join(cacheDirectory(terminal.env), 'debs'), signal });
  const options = { fetcher, architecture: flags.arch, keyrings: machineKeyrings, now };
  const sources = readSources(flags.sources, terminal);
  const { changelogs, missing } = await withProgress(terminal, async (steps) => {
    const { packages } = await openSubject(args[0]!, flags, terminal, steps, signal);
    steps.begin('fetching changelogs');
    return await securityChangelogs(packages, sources, options);
  });
  const stored = await importChangelogs(databasePath(flags.db, terminal), changelogs, now);
  const newer = changelogs.filter(({ text }) => text !== undefined).length;
  terminal.out(
    flags.output === 'json'
      ? `${JSON.stringify({ schemaVersion: 1, sources: changelogs.length, newer, fixes: stored, missing }, null, 2)}\n`
      : `${newer} of ${changelogs.length} source packages have something newer, which fixes ${stored} vulnerabilities\n`,
  );
  if (missing.length > 0)
    terminal.err(
      `error: no changelog in the newer packages of ${missing.map((name) => printable(name)).join(', ')}\n`,
    );
  return missing.length > 0 ? 1 : 0;
};

function readSources(files: readonly string[], terminal: Terminal): readonly AptSource[] {
  const paths =
    files.length > 0
      ? files.map((file) => resolve(terminal.cwd, file))
      : globSync(['/etc/apt/sources.list', '/etc/apt/sources.list.d/*.{list,sources}']).sort();
  return paths.flatMap((path) => {
    return parseAptSources(readText(path, terminal.cwd), path);
  });
}

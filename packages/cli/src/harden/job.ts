import { dirname, resolve } from 'node:path';
import { type HardenSettings, parseSettings, type TestFile } from '@pratique/harden';
import { parseVex, type VexStatement } from '@pratique/inspect';
import { cliErrors } from '../errors.ts';
import { readStructureTests } from '../inspect/structure-tests.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { harden } from '../specs/harden.ts';
import { type OpenPolicies, openPolicies } from './policy-step.ts';

/** What is to be done, with every file read that says so: whatever is wrong with one is told before anything is fetched. */
export interface Job {
  readonly settings: HardenSettings;
  /** Where paths of the settings begin. */
  readonly folder: string;
  readonly tests: readonly TestFile[];
  readonly vex: readonly VexStatement[];
  readonly policies: OpenPolicies;
  /** Where the image goes; null where nothing is built. */
  readonly target: string | null;
}

/** @throws USAGE, FILE_UNREADABLE, and what is said of a file that is not what it should be */
export function readJob(flags: FlagValues<typeof harden.flags>, terminal: Terminal): Job {
  const { file, tag, vex } = flags;
  const settings =
    file === undefined
      ? parseSettings('', 'defaults')
      : parseSettings(new TextDecoder().decode(readFile(file, terminal.cwd)), file);
  const isDryRun = flags['dry-run'];
  if (tag === undefined && !isDryRun) {
    throw cliErrors.error('USAGE', {
      message: 'nothing says where the image goes',
      expected: '-t TARGET, or --dry-run',
      found: 'neither',
    });
  }
  const folder = resolve(terminal.cwd, dirname(file ?? ''));
  return {
    settings,
    folder,
    tests: settings.tests.files.map((name) => readStructureTests(name, folder, terminal.env)),
    vex: vex.flatMap((name) => parseVex(readFile(name, terminal.cwd))),
    policies: openPolicies(settings, folder),
    target: isDryRun ? null : (tag ?? null),
  };
}

import { type Bundle, loadFiles, type VerificationKey } from '@pratique/rego';
import { readNamedFile } from '@pratique/storage';
import type { Terminal } from '../program/terminal.ts';
import type { RegistryFlags } from '../registry/client.ts';
import { fetchBundle } from './fetch-bundle.ts';
import type { Laps } from './laps.ts';
import { withLibrary } from './library.ts';
import { ignored, joined, languageOf, type Sources } from './sources.ts';

interface SourceFlags extends RegistryFlags {
  readonly data: readonly string[];
  readonly bundle: readonly string[];
  readonly ignore: readonly string[];
  readonly 'v0-compatible': boolean;
  readonly 'v1-compatible': boolean;
}

/** What `--data` and `--bundle` name. `laps` measures how long reading them takes. */
export async function loadSources(
  flags: SourceFlags,
  terminal: Terminal,
  signal: AbortSignal,
  verification?: VerificationKey,
  laps?: Laps,
): Promise<Sources> {
  const options = { regoVersion: languageOf(flags), ignore: ignored(flags.ignore), directory: terminal.cwd };
  const trust = verification === undefined ? {} : { verification };
  laps?.begin(flags.bundle.length > 0 ? 'rego_load_bundles' : undefined);
  const bundles: { name: string; bundle: Bundle }[] = [];
  for (const name of flags.bundle) {
    bundles.push({
      name,
      bundle: await fetchBundle(name, { ...options, ...trust, flags, terminal, signal }),
    });
  }
  laps?.begin(flags.data.length > 0 ? 'rego_load_files' : undefined);
  const files = loadFiles(flags.data, { ...options, read: readNamedFile });
  laps?.begin();
  return withLibrary(joined(files, bundles));
}

import { type Bundle, loadFiles, type VerificationKey } from '@pratique/rego';
import type { Terminal } from '../program/terminal.ts';
import type { RegistryFlags } from '../registry/client.ts';
import { fetchBundle } from './fetch-bundle.ts';
import { withLibrary } from './library.ts';
import { ignored, joined, languageOf, type Sources } from './sources.ts';

interface SourceFlags extends RegistryFlags {
  readonly data: readonly string[];
  readonly bundle: readonly string[];
  readonly ignore: readonly string[];
  readonly 'v0-compatible': boolean;
  readonly 'v1-compatible': boolean;
}

/** What `--data` and `--bundle` name. */
export async function loadSources(
  flags: SourceFlags,
  terminal: Terminal,
  signal: AbortSignal,
  verification?: VerificationKey,
): Promise<Sources> {
  const options = { regoVersion: languageOf(flags), ignore: ignored(flags.ignore), directory: terminal.cwd };
  const trust = verification === undefined ? {} : { verification };
  const bundles: { name: string; bundle: Bundle }[] = [];
  for (const name of flags.bundle) {
    bundles.push({
      name,
      bundle: await fetchBundle(name, { ...options, ...trust, flags, terminal, signal }),
    });
  }
  return withLibrary(joined(loadFiles(flags.data, options), bundles));
}

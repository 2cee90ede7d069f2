import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { printable } from '@pratique/errors';
import {
  Cache,
  type KnownRepository,
  openMirror,
  openTuf,
  publicGood,
  staging,
  type TufClient,
} from '@pratique/tuf';
import type { Terminal } from '../program/terminal.ts';

export interface RepositoryOptions {
  /** No request: what `pratique initialize` or an earlier run fetched must do. */
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

/** The root that comes with this program, for a mirror of a Sigstore that it knows. */
export function knownRoot(mirror: string): Uint8Array | undefined {
  const known: readonly KnownRepository[] = [publicGood, staging];
  return known.find((repository) => repository.mirror === mirror)?.root;
}

/** Where TUF repositories are kept: TUF_ROOT, else `~/.sigstore/root`, which is Cosign's. */
export function tufDirectory(terminal: Terminal): string {
  const given = terminal.env['TUF_ROOT'];
  if (given) return resolve(terminal.cwd, given);
  return join(terminal.env['HOME'] ?? homedir(), '.sigstore', 'root');
}

/**
 * The TUF repository of the Sigstore in use: TUF_MIRROR, else the one that was initialized, else the public-good one.
 * It is believed on TUF_ROOT_JSON, else on the root that comes with this program, else on the one in the cache.
 */
export async function openSigstoreRepository(
  terminal: Terminal,
  { offline, signal }: RepositoryOptions,
): Promise<TufClient> {
  const cache = new Cache(tufDirectory(terminal), ({ message }) =>
    terminal.err(`warning: trusted files could not be kept for the next run: ${printable(message)}\n`),
  );
  const mirror = terminal.env['TUF_MIRROR'] || cache.mirror || publicGood.mirror;
  const file = terminal.env['TUF_ROOT_JSON'];
  return await openTuf({
    cache,
    mirror: openMirror(mirror, { environment: { ...terminal.env } }),
    bootstrap: file ? readFileSync(resolve(terminal.cwd, file)) : knownRoot(mirror),
    offline,
    now: new Date(),
    signal,
    onStale: ({ message }) =>
      terminal.err(`warning: ${message}; what was kept of it is still good and is used\n`),
  });
}

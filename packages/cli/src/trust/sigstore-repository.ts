import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { PratiqueError, printable } from '@pratique/errors';
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
import { readRootFile } from './tuf-root.ts';

export interface RepositoryOptions {
  /** No request: what `pratique initialize` or an earlier run fetched must do. */
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

/** What comes with this program of the Sigstore at a mirror, if it knows it. */
export function knownRepository(mirror: string): KnownRepository | undefined {
  return [publicGood, staging].find((repository) => repository.mirror === mirror);
}

/** Where TUF repositories are kept: TUF_ROOT, else `~/.sigstore/root`, which is Cosign's. */
export function tufDirectory(terminal: Terminal): string {
  const given = terminal.env['TUF_ROOT'];
  if (given) return resolve(terminal.cwd, given);
  return join(terminal.env['HOME'] ?? homedir(), '.sigstore', 'root');
}

/** What is kept of repositories. */
export function sigstoreCache(terminal: Terminal): Cache {
  return new Cache(tufDirectory(terminal), ({ message }) =>
    terminal.err(`warning: trusted files could not be kept for the next run: ${printable(message)}\n`),
  );
}

/** Says that a repository cannot be reached. */
export function warnOfStale(terminal: Terminal): (reason: PratiqueError) => void {
  return ({ message }) =>
    terminal.err(`warning: ${message}; what was kept of it is still good and is used\n`);
}

/**
 * The TUF repository of the Sigstore in use: TUF_MIRROR, else the one that was initialized, else the public-good one.
 * It is believed on TUF_ROOT_JSON, else on the root that comes with this program, else on the one in the cache.
 */
export async function openSigstoreRepository(
  terminal: Terminal,
  { offline, signal }: RepositoryOptions,
): Promise<TufClient> {
  const cache = sigstoreCache(terminal);
  const mirror = terminal.env['TUF_MIRROR'] || cache.mirror || publicGood.mirror;
  const file = terminal.env['TUF_ROOT_JSON'];
  const known = knownRepository(mirror);
  const options = {
    cache,
    mirror: openMirror(mirror, { environment: { ...terminal.env } }),
    bootstrap: file ? readRootFile(file, terminal) : known?.root,
    offline,
    now: new Date(),
    signal,
    onStale: warnOfStale(terminal),
  };
  if (!offline || file || known === undefined) return await openTuf(options);
  try {
    return await openTuf(options);
  } catch (error) {
    if (!(error instanceof PratiqueError) || error.code !== 'TUF_NOT_INITIALIZED') throw error;
    return builtIn(known, error, terminal);
  }
}

/** For a machine on which nothing of a known Sigstore was ever fetched, and nothing may be. */
function builtIn(
  { mirror, trustedRoot }: KnownRepository,
  reason: PratiqueError,
  terminal: Terminal,
): TufClient {
  return {
    async read(target) {
      if (target !== 'trusted_root.json') throw reason;
      terminal.err(
        `warning: nothing of ${mirror} was ever fetched here; the trusted root that comes with pratique is used, which may have been replaced since (pratique initialize fetches the newest)\n`,
      );
      return trustedRoot;
    },
  };
}

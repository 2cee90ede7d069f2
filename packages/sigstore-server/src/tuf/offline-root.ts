import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublicKey } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { lockDirectory, replaceFile } from '@pratique/storage';
import { makeRoot, mergeRoots, readRoot, rootKeyOf, signRoot } from '@pratique/tuf';
import { sigstoreServerErrors } from '../errors.ts';
import { readConstants } from '../store/constants.ts';
import { generationsOf, readRotations } from '../store/generations.ts';
import { loadKey } from '../store/keys.ts';

/** The newest root that was signed elsewhere, below the directory of the TUF repository. */
export const offlineRootFile = 'offline-root.json';

export interface PrepareRootOptions {
  /** Who signs the roots from this one on; by default those who do, where that is not the key in the directory. */
  readonly keys?: { readonly keys: readonly PublicKey[]; readonly threshold: number };
  readonly expires: Date;
  /** Of the keys in the directory. */
  readonly passphrase?: string;
}

/**
 * The next root of a data directory's TUF repository, to be signed elsewhere. It names the keys in the directory for
 * targets, snapshot and timestamp. Where the root before is signed by the key in the directory, so is this one, once.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID, TUF_ROOT_INVALID, KEY_PASSWORD_WRONG
 */
export async function prepareRoot(
  directory: string,
  { keys, expires, passphrase }: PrepareRootOptions,
): Promise<Uint8Array> {
  const { previous, isOffline } = newestRoot(directory);
  const before = readRoot(previous);
  if (keys === undefined && !isOffline)
    throw invalid('the root is signed by the key in the directory', 'the keys that are to sign it instead');
  const bytes = makeRoot({
    version: before.version + 1,
    expires,
    keys: keys?.keys.map(rootKeyOf) ?? before.rootKeys,
    threshold: keys?.threshold ?? before.roles.root.threshold,
    online: onlineKeys(directory, passphrase, new Date()).map(rootKeyOf),
  });
  if (isOffline) return bytes;
  const own = keysOf(directory, 'tuf-root', passphrase).find(({ key }) =>
    before.rootKeys.some(({ id }) => id === rootKeyOf(key.publicKey).id),
  );
  if (own === undefined) throw invalid('the key that signed the root before is not in the directory');
  return await signRoot(bytes, own.key, previous);
}

/**
 * Takes back copies of a prepared root that were signed elsewhere. Enough of the keys of the root before must have signed,
 * and enough of its own. The server publishes it at its next start, and signs no root itself from then on.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID, SIGSTORE_SERVER_DIRECTORY_IN_USE, TUF_…
 */
export async function publishRoot(
  directory: string,
  copies: readonly Uint8Array[],
  passphrase: string | undefined,
): Promise<Uint8Array> {
  const { previous, isWaiting } = newestRoot(directory);
  const unlock = await lockDirectory(directory, 'sigstore');
  if (unlock === undefined) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DIRECTORY_IN_USE', {
      message: `a server is using ${printable(directory)}`,
    });
  }
  try {
    // Clients walk from version to version: none is left out.
    if (isWaiting) throw invalid('the root before is not published yet', 'the server started once with it');
    const now = new Date();
    const merged = mergeRoots(previous, copies, now);
    const { roles, consistentSnapshot } = readRoot(merged);
    const [online] = onlineKeys(directory, passphrase, now);
    for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
      const { keyIds, keys, threshold } = roles[role];
      const isNamed = keyIds.some((id) => keys.get(id)?.fingerprint === online!.fingerprint);
      if (isNamed && threshold === 1 && consistentSnapshot) continue;
      throw invalid(
        `the root does not let this server sign the ${role}`,
        `the key ${online!.fingerprint}, alone, and consistent snapshots`,
      );
    }
    replaceFile(join(directory, 'tuf', offlineRootFile), merged);
    return merged;
  } finally {
    await unlock();
  }
}

function newestRoot(directory: string) {
  const [own, offline] = ['root.json', offlineRootFile].map((name) => join(directory, 'tuf', name));
  if (!existsSync(own!)) throw invalid(`${printable(directory)} holds no TUF repository`);
  const current = readFileSync(own!);
  if (!existsSync(offline!)) return { previous: current, isOffline: false, isWaiting: false };
  const previous = readFileSync(offline!);
  return { previous, isOffline: true, isWaiting: readRoot(previous).version > readRoot(current).version };
}

/** The keys for targets, snapshot and timestamp: the one in use, then those to come. */
function onlineKeys(directory: string, passphrase: string | undefined, now: Date): readonly PublicKey[] {
  const all = keysOf(directory, 'tuf', passphrase);
  const current = all.findLastIndex(({ since }) => since <= now);
  return all.slice(Math.max(current, 0)).map(({ key }) => key.publicKey);
}

function keysOf(directory: string, service: 'tuf-root' | 'tuf', passphrase: string | undefined) {
  const { since } = readConstants(directory);
  return generationsOf(service, since, readRotations(directory)).all.map((generation) => ({
    ...generation,
    key: loadKey(join(directory, 'keys'), service, passphrase, generation.number),
  }));
}

function invalid(message: string, expected?: string) {
  return sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
    message,
    ...(expected === undefined ? {} : { expected }),
  });
}

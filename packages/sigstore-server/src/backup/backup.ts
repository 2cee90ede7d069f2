import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { replaceFile } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { copyDirectory, type LogCopy } from './copy.ts';
import { publishTiles } from './publish-tiles.ts';

/** Says what the logs of a backup hold. */
const manifestName = 'backup.json';

/**
 * Backs a data directory up into a new directory, also while a server uses it: everything acknowledged before the call
 * is in it, private keys too.
 *
 * @throws SIGSTORE_SERVER_OPTION_INVALID when `source` is no data directory or `target` is there,
 *   SIGSTORE_SERVER_DAMAGED, Error of the file system
 */
export function backupDirectory(source: string, target: string): Promise<LogCopy[]> {
  return copyDirectory(source, target, async (logs, directory) => {
    const manifest = { schemaVersion: 1, time: new Date().toISOString(), logs };
    replaceFile(join(directory, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
  });
}

/**
 * Makes a data directory from a backup, whose logs must hold what they held, with the static files of its logs. The server
 * goes on from there: entries acknowledged after the backup are lost, and their proofs are of a tree that no longer is.
 *
 * @throws as `backupDirectory`
 */
export async function restoreDirectory(backup: string, target: string): Promise<LogCopy[]> {
  const expected = readManifest(join(backup, manifestName));
  return await copyDirectory(backup, target, async (logs, directory) => {
    const found = JSON.stringify(logs);
    if (found === JSON.stringify(expected)) {
      for (const { name } of logs) await publishTiles(join(directory, name));
      return;
    }
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
      message: 'the logs in the backup are not those that were backed up',
      expected: printable(JSON.stringify(expected), 400),
      found: printable(found, 400),
    });
  });
}

function readManifest(path: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: `there is no backup: ${printable(path)} cannot be read`,
      expected: 'a directory that `pratique sigstore backup` made',
      cause,
    });
  }
  const manifest = parseJson(bytes, manifestName);
  return isJsonObject(manifest) ? manifest.logs : undefined;
}

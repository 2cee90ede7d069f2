import { randomUUID } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { encodeBase64, GrowingTree, leafHash, parseCheckpoint } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { isThere, makeDirectories, replaceFile, syncDirectorySync } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';
import { Journal } from '../log/journal.ts';
import { decodeEntry } from '../log/log.ts';

const logs = ['rekor', 'rekor-v2', 'ctlog'] as const;
/** Tiles are made from the journals. What refers to other files comes before them. */
const others = [
  'constants.json',
  'people.json',
  'rotations.json',
  'keys',
  'certificates',
  'tuf',
  'trusted_root.json',
  'signing_config.v0.2.json',
  'signing_config_rekor_v2.v0.2.json',
] as const;

/** How much of a log a copy holds. */
export interface LogCopy {
  readonly name: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/**
 * Copies a data directory to a new one, also while a server uses it: everything acknowledged before the call is in the
 * copy, private keys too. It appears under its name when it is whole and on disk.
 *
 * @param finish called with what was copied and the directory, before it gets its name
 * @throws SIGSTORE_SERVER_OPTION_INVALID, SIGSTORE_SERVER_DAMAGED when a journal lacks what was published, Error of the
 *   file system
 */
export async function copyDirectory(
  source: string,
  target: string,
  finish: (logs: readonly LogCopy[], directory: string) => Promise<void>,
): Promise<LogCopy[]> {
  if (!isThere(join(source, 'constants.json'))) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: `${printable(source)} holds no private Sigstore`,
    });
  }
  if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0)) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_OPTION_INVALID', {
      message: `${printable(target)} is there and not empty: nothing is overwritten`,
      expected: 'a directory that is not there yet',
    });
  }
  makeDirectories(dirname(target));
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  mkdirSync(temporary, { mode: 0o700 });
  try {
    for (const name of others) {
      if (existsSync(join(source, name))) copyDurably(join(source, name), join(temporary, name));
    }
    const copies = logs
      .filter((name) => existsSync(join(source, name, 'journal')))
      .map((name) => copyLog(source, temporary, name));
    await finish(copies, temporary);
    renameSync(temporary, target);
    syncDirectorySync(dirname(target));
    return copies;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

function copyDurably(from: string, to: string): void {
  if (statSync(from).isDirectory()) {
    mkdirSync(to, { mode: statSync(from).mode });
    // A temporary file of the server may be gone a moment later.
    for (const name of readdirSync(from))
      if (!name.endsWith('.tmp')) copyDurably(join(from, name), join(to, name));
    syncDirectorySync(to);
    return;
  }
  replaceFile(to, readFileSync(from), (statSync(from).mode & 0o077) === 0);
}

/** The checkpoint is read first: the journal, read later, has at least its entries. */
function copyLog(source: string, target: string, name: string): LogCopy {
  const path = join(source, name, 'checkpoint');
  const checkpoint = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  mkdirSync(join(target, name));
  copyFileSync(join(source, name, 'journal'), join(target, name, 'journal'));
  syncFile(join(target, name, 'journal'));
  const tree = new GrowingTree();
  Journal.scan(join(target, name, 'journal'), (record) => {
    tree.append(leafHash(decodeEntry(record).leaf));
  });
  if (checkpoint !== undefined) {
    const { treeSize, rootHash } = parseCheckpoint(checkpoint);
    const found = treeSize <= BigInt(tree.size) ? encodeBase64(tree.root(Number(treeSize))) : undefined;
    if (found !== encodeBase64(rootHash)) {
      throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', {
        message: `the journal of ${name} does not hold what its checkpoint says`,
        expected: `${treeSize} entries with root ${encodeBase64(rootHash)}`,
        found: found ?? `${tree.size} entries`,
      });
    }
    replaceFile(join(target, name, 'checkpoint'), checkpoint);
  }
  return { name, size: tree.size, root: encodeBase64(tree.root()) };
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

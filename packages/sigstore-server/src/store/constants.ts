import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@pratique/crypto';
import { readOrCreate } from '@pratique/storage';
import { sigstoreServerErrors } from '../errors.ts';

/** What was decided at the first start and never changes. */
export interface Constants {
  readonly treeId: string;
  /** Name of the logs in their checkpoints. */
  readonly logName: string;
  readonly since: Date;
}

const fileName = 'constants.json';

/** The constants of a data directory, decided now where they are not yet. */
export function loadConstants(directory: string, hostname: string): Constants {
  readOrCreate(join(directory, fileName), () => {
    const id = randomBytes(8);
    // A tree id is a positive 64-bit number in other software.
    id[0] = (id[0]! & 0x3f) | 0x40;
    const since = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    return `${JSON.stringify({ treeId: id.toString('hex'), logName: hostname, since }, null, 2)}\n`;
  });
  return readConstants(directory);
}

/** @throws SIGSTORE_SERVER_DAMAGED */
export function readConstants(directory: string): Constants {
  const stored = parseJson(readFileSync(join(directory, fileName)), fileName);
  const { treeId, logName, since } = isJsonObject(stored) ? stored : {};
  if (
    typeof treeId !== 'string' ||
    !/^[0-9a-f]{16}$/.test(treeId) ||
    typeof logName !== 'string' ||
    typeof since !== 'string' ||
    Number.isNaN(Date.parse(since))
  ) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DAMAGED', { message: `${fileName} cannot be read` });
  }
  return { treeId, logName, since: new Date(since) };
}

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { policyErrors } from '../errors.ts';
import { parseTrust } from './parse.ts';
import type { Trust } from './types.ts';

/**
 * Reads a trust configuration and the key files it names; paths in it are relative to its folder.
 *
 * @throws TRUST_UNREADABLE, TRUST_INVALID
 */
export function loadTrust(path: string): Trust {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw policyErrors.error('TRUST_UNREADABLE', {
      message: `cannot read ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      cause,
    });
  }
  const folder = dirname(path);
  return parseTrust(text, path, {
    resolve: (name) => resolve(folder, name),
    read: (name) => readFileSync(resolve(folder, name)),
  });
}

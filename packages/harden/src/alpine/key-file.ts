import { basename } from 'node:path';
import { printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { hardenErrors } from '../errors.ts';
import type { AlpineKey } from './segments.ts';

const maxKeyBytes = 64 * 1024;

/**
 * A key that signs packages of Alpine. Signatures name it by the name of its file.
 *
 * @throws PACKAGES_UNTRUSTED where it cannot be read
 */
export function alpineKeyFile(path: string): AlpineKey {
  try {
    return { name: basename(path), bytes: readNamedFile(path, maxKeyBytes) };
  } catch (cause) {
    throw hardenErrors.error('PACKAGES_UNTRUSTED', {
      message: `the key ${printable(path, 300)} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      cause,
    });
  }
}

import { resolve } from 'node:path';
import { BundleError, DEFAULT_LIMITS } from '@pratique/rego';
import { readNamedFile } from '@pratique/storage';

/** A file named on the command line. What goes wrong is told in OPA's words. Throws {@link BundleError}. */
export function readNamed(path: string, directory: string): Uint8Array {
  try {
    return readNamedFile(resolve(directory, path), DEFAULT_LIMITS.fileBytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw unreadable(`read ${path}: is a directory`, error);
    const reason = code === 'ENOENT' ? 'no such file or directory' : message;
    throw unreadable(`open ${path}: ${reason}`, error);
  }
}

function unreadable(message: string, cause: unknown): BundleError {
  return new BundleError('bundle_unreadable', message, { cause });
}

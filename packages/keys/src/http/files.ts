import { printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { keysErrors } from '../errors.ts';

const maxBytes = 1024 * 1024;

/** The text of a file with settings or a credential. @throws KEY_SERVICE_CONFIG */
export function readSetting(name: string, file: string): string {
  try {
    return new TextDecoder().decode(readNamedFile(file, maxBytes));
  } catch (cause) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: `the file that ${name} names cannot be read: ${printable(file)}`,
      cause,
    });
  }
}

/** The same of a file that need not be there: undefined where it is not. @throws KEY_SERVICE_CONFIG */
export function readSettingIfThere(name: string, file: string): string | undefined {
  try {
    return readSetting(name, file);
  } catch (error) {
    if ((error as { cause?: { code?: unknown } }).cause?.code === 'ENOENT') return undefined;
    throw error;
  }
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';

/** A file named on the command line, or in a file that is. @throws FILE_UNREADABLE */
export function readFile(file: string, folder: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(resolve(folder, file)));
  } catch (cause) {
    throw cliErrors.error('FILE_UNREADABLE', {
      message: `${printable(file)}: ${printable((cause as Error).message)}`,
      cause,
    });
  }
}

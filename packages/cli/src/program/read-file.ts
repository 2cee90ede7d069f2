import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { fileProblem } from './file-problem.ts';

/** A file named on the command line, or in a file that is. @throws FILE_UNREADABLE */
export function readFile(file: string, folder: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(resolve(folder, file)));
  } catch (cause) {
    throw cliErrors.error('FILE_UNREADABLE', {
      message: `cannot read ${printable(file)}: ${fileProblem(cause) ?? printable((cause as Error).message)}`,
      cause,
    });
  }
}

/** The same as text. */
export function readText(file: string, folder: string): string {
  return new TextDecoder().decode(readFile(file, folder));
}

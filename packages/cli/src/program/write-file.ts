import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@pratique/errors';
import { cliErrors } from '../errors.ts';
import { fileProblem, isWriteProblem } from './file-problem.ts';

interface WriteOptions {
  /** `wx` makes a new file, which is not left behind half written; `w` replaces what one holds, `a` adds to it. */
  readonly flag?: 'w' | 'wx' | 'a';
  readonly mode?: number;
}

/** Writes a file named on the command line. @throws FILE_UNWRITABLE */
export function writeFile(
  file: string,
  content: string | Uint8Array,
  folder: string,
  options: WriteOptions = {},
): void {
  const path = resolve(folder, file);
  try {
    writeFileSync(path, content, options);
  } catch (cause) {
    if (options.flag === 'wx' && isWriteProblem(cause)) rmSync(path, { force: true });
    throw unwritable(file, cause);
  }
}

/** The error for a file that could not be written. */
export function unwritable(file: string, cause: unknown): Error {
  return cliErrors.error('FILE_UNWRITABLE', {
    message: `cannot write ${printable(file)}: ${fileProblem(cause) ?? printable((cause as Error).message)}`,
    cause,
  });
}

import { PratiqueError, printable } from '@pratique/errors';
import { readFile } from './read-file.ts';

/** What a file holds, parsed; what is wrong with it names the file. @throws FILE_UNREADABLE, and what `parse` throws */
export function parseFile<Value>(file: string, folder: string, parse: (bytes: Uint8Array) => Value): Value {
  const bytes = readFile(file, folder);
  return naming(file, () => parse(bytes));
}

/** What is wrong with what a file holds names the file, where one is named. @throws what `use` throws */
export function naming<Value>(file: string | undefined, use: () => Value): Value {
  try {
    return use();
  } catch (error) {
    throw file === undefined ? error : named(file, error);
  }
}

/** An error of ours with the name of the file it is about. */
export function named(file: string, error: unknown): unknown {
  if (!(error instanceof PratiqueError)) return error;
  return error.retold({ message: `${printable(file)}: ${error.message}` });
}

import { PratiqueError, printable } from '@pratique/errors';
import { readFile } from './read-file.ts';

/** What a file holds, parsed; what is wrong with it names the file. @throws FILE_UNREADABLE, and what `parse` throws */
export function parseFile<Value>(file: string, folder: string, parse: (bytes: Uint8Array) => Value): Value {
  const bytes = readFile(file, folder);
  try {
    return parse(bytes);
  } catch (error) {
    if (!(error instanceof PratiqueError)) throw error;
    const { code, kind, remedy, expected, found, cause } = error;
    const message = `${printable(file)}: ${error.message}`;
    throw new PratiqueError(code, { kind, title: '', remedy }, { message, expected, found, cause });
  }
}

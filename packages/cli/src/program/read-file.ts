import { resolve } from 'node:path';
import { type PratiqueError, printable } from '@pratique/errors';
import { readNamedFile } from '@pratique/storage';
import { cliErrors } from '../errors.ts';
import { fileProblem } from './file-problem.ts';

/** How many bytes a file may have, by what it should hold. */
export const maxFileBytes = {
  /** A password, a token. */
  secret: 64 * 1024,
  /** Keys, certificates, settings: what people write or look at. */
  text: 4 * 1024 * 1024,
  /** A bill of materials is the largest of them. */
  document: 256 * 1024 * 1024,
  /** What is signed, read into memory. */
  artifact: 2 ** 31 - 1,
} as const;

export type FileKind = keyof typeof maxFileBytes;

/** A file named on the command line, or in a file that is. @throws FILE_UNREADABLE */
export function readFile(file: string, folder: string, kind: FileKind = 'document'): Uint8Array<ArrayBuffer> {
  try {
    return readNamedFile(resolve(folder, file), maxFileBytes[kind]);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

export function unreadable(file: string, cause: unknown): PratiqueError {
  return cliErrors.error('FILE_UNREADABLE', {
    message: `cannot read ${printable(file)}: ${fileProblem(cause) ?? printable((cause as Error).message)}`,
    cause,
  });
}

/** The same as text. */
export function readText(file: string, folder: string, kind: FileKind = 'text'): string {
  return new TextDecoder().decode(readFile(file, folder, kind));
}

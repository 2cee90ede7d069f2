import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { type ElfFile, parseElf } from './parse.ts';

/**
 * Reads the dynamic linking information of a local ELF file.
 *
 * @throws OCI_ELF_INVALID, OCI_FILE_UNREADABLE
 */
export function readElf(path: string): ElfFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw ociErrors.error('OCI_FILE_UNREADABLE', { message: `${printable(path)}: ${code}`, cause: error });
  }
  try {
    const stat = fstatSync(descriptor);
    return parseElf({
      name: printable(path),
      size: stat.isFile() ? stat.size : 0,
      read(offset, length) {
        const buffer = new Uint8Array(length);
        return buffer.subarray(0, readSync(descriptor, buffer, 0, length, offset));
      },
    });
  } finally {
    closeSync(descriptor);
  }
}

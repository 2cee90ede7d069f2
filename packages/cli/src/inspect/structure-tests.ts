import { createHash } from 'node:crypto';
import type { TestFile } from '@pratique/harden';
import { parseStructureTests } from '@pratique/inspect';
import { readFile } from '../program/read-file.ts';

/**
 * Reads a test file of container-structure-test. `file` is relative to `folder`.
 *
 * @throws FILE_UNREADABLE, STRUCTURE_TEST_INVALID
 */
export function readStructureTests(file: string, folder: string): TestFile {
  const bytes = readFile(file, folder);
  return {
    name: file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    tests: parseStructureTests(new TextDecoder().decode(bytes), file),
  };
}

import { createHash } from 'node:crypto';
import type { TestFile } from '@pratique/harden';
import { parseStructureTests, type TestSurroundings } from '@pratique/inspect';
import { readFile, readText } from '../program/read-file.ts';

/**
 * Reads a test file of container-structure-test. `file` is relative to `folder`, and so is the `envFile` that it names.
 *
 * @param environment what its `envVars` are taken from
 * @throws FILE_UNREADABLE, STRUCTURE_TEST_INVALID
 */
export function readStructureTests(
  file: string,
  folder: string,
  environment: TestSurroundings['environment'],
): TestFile {
  const bytes = readFile(file, folder);
  return {
    name: file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    tests: parseStructureTests(new TextDecoder().decode(bytes), file, {
      environment,
      readFile: (path) => readText(path, folder),
    }),
  };
}

import { printable } from '@pratique/errors';
import {
  type CheckResult,
  type FileSystem,
  findSandbox,
  type ImageConfig,
  openSandbox,
  runChecks,
  runStructureTests,
  type StructureTestResult,
  type StructureTests,
} from '@pratique/inspect';
import { machinePlatform } from '@pratique/oci';
import { hardenErrors } from '../errors.ts';

/** A test file of container-structure-test, read. */
export interface TestFile {
  /** As the settings name it. */
  readonly name: string;
  /** Hexadecimal, of its bytes. */
  readonly sha256: string;
  readonly tests: StructureTests;
}

/** What tests and checks said of the image that was built. */
export interface TestReport {
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly structureTests: readonly (StructureTestResult & { readonly file: string })[];
  readonly checks: readonly Pick<CheckResult, 'id' | 'severity' | 'title' | 'status' | 'count'>[];
}

/**
 * Runs the structure tests on the image that was built: programs in a sandbox, where there is one and the image is for
 * this machine.
 *
 * @param fileSystem of the built layer, read with every content whole
 * @throws HARDEN_TEST_FAILED; HARDEN_TEST_NOT_RUN, unless `allowNotRun`
 */
export async function testImage(
  fileSystem: FileSystem,
  config: ImageConfig,
  files: readonly TestFile[],
  allowNotRun: boolean,
): Promise<TestReport['structureTests']> {
  const hasCommands = files.some(({ tests }) => tests.commandTests.length > 0);
  const runtime = hasCommands && isForThisMachine(config) ? await findSandbox() : undefined;
  const sandbox = runtime && openSandbox(runtime, fileSystem, config.workingDir || '/');
  const results: TestReport['structureTests'][number][] = [];
  try {
    for (const { name: file, tests } of files) {
      const found = await runStructureTests(tests, { fileSystem, config, sandbox });
      results.push(...found.map((result) => ({ ...result, file })));
    }
  } finally {
    sandbox?.close();
  }
  refuse(results, 'failed', 'HARDEN_TEST_FAILED');
  if (!allowNotRun) refuse(results, 'not-run', 'HARDEN_TEST_NOT_RUN');
  return results;
}

/** What the configuration checks say, without the places: those may name what is in the image. */
export function checkImage(fileSystem: FileSystem, config: ImageConfig): TestReport['checks'] {
  return runChecks({ fileSystem, config }).map(({ id, severity, title, status, count }) => ({
    id,
    severity,
    title,
    status,
    count,
  }));
}

function isForThisMachine({ os, architecture }: ImageConfig): boolean {
  const machine = machinePlatform();
  return os === machine.os && architecture === machine.architecture;
}

function refuse(
  results: TestReport['structureTests'],
  status: StructureTestResult['status'],
  code: 'HARDEN_TEST_FAILED' | 'HARDEN_TEST_NOT_RUN',
): void {
  const wrong = results.filter((result) => result.status === status);
  if (wrong.length === 0) return;
  const told = wrong.map(({ file, name, problems }) => `${file}: ${name}: ${problems.join('; ')}`);
  const verb = status === 'failed' ? 'failed' : 'could not be run';
  throw hardenErrors.error(code, {
    message: `${wrong.length} of ${results.length} tests of the hardened image ${verb}`,
    expected: 'every test passed',
    found: printable(told.join(' | '), 2000),
  });
}

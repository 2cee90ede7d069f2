import { printable } from '@pratique/errors';
import {
  type CheckResult,
  checkFiles,
  checkSeverities,
  checks,
  findSandbox,
  type KeepRule,
  keepAny,
  missingContents,
  type OpenSandbox,
  openSandbox,
  runChecks,
  runStructureTests,
  type StructureTestResult,
  structureFiles,
} from '@pratique/inspect';
import { cliErrors } from '../errors.ts';
import { type OpenRoot, openRoot } from '../inspect/open-root.ts';
import { readStructureTests } from '../inspect/structure-tests.ts';
import type { Run } from '../program/spec.ts';
import { type Style, style } from '../program/style.ts';
import type { check } from '../specs/inspect.ts';

export const run: Run<typeof check.flags> = async ({ args, flags, terminal, signal }) => {
  const accepted = new Set(flags.accept);
  for (const id of accepted) refuseUnknown(id);
  const tests = flags['structure-test'].map(
    (file) => readStructureTests(file, terminal.cwd, terminal.env).tests,
  );
  const open = (more: readonly string[]): Promise<OpenRoot> =>
    openRoot(args[0]!, keepAny(checkFiles, structureFiles(tests, more)), flags, terminal, signal);
  // Programs can be run only in a file system that is there whole, which is not for the cache.
  const sandboxOfAll = async (): Promise<OpenSandbox | undefined> => {
    const hasCommands = tests.some(({ commandTests }) => commandTests.length > 0);
    const runtime = hasCommands ? await findSandbox() : undefined;
    if (runtime === undefined) return undefined;
    const whole = await openRoot(args[0]!, wholeFiles, { ...flags, cache: false }, terminal, signal);
    try {
      return openSandbox(runtime, whole.fileSystem, whole.image?.config.workingDir ?? '/');
    } finally {
      whole.fileSystem.close();
    }
  };

  let root = await open([]);
  try {
    // Links are known only now: what they lead to is kept the second time.
    const missing = missingContents(tests, root.fileSystem);
    if (missing.length > 0) {
      root.fileSystem.close();
      root = await open(missing);
    }
    const { fileSystem, image, tag, name } = root;
    const results = runChecks({ fileSystem, config: image?.config, tag }).map((result) =>
      accepted.has(result.id) && result.status === 'failed'
        ? { ...result, status: 'accepted' as const }
        : result,
    );
    const sandbox = await sandboxOfAll();
    const structure: StructureTestResult[] = [];
    try {
      for (const one of tests)
        structure.push(...(await runStructureTests(one, { fileSystem, config: image?.config, sandbox })));
    } finally {
      sandbox?.close();
    }
    if (flags.output === 'json') {
      const digest = image?.descriptor.digest ?? null;
      const report = {
        schemaVersion: 1,
        subject: { name, digest },
        checks: results,
        structureTests: structure,
      };
      terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    } else terminal.out(text(results, structure, name, style(terminal.colour.out)));
    const threshold = flags['fail-on'];
    const reached = checkSeverities.slice(
      0,
      (checkSeverities as readonly string[]).indexOf(threshold ?? '') + 1,
    );
    const failed = results.some(({ status, severity }) => status === 'failed' && reached.includes(severity));
    return failed || structure.some(({ status }) => status !== 'passed') ? 2 : 0;
  } finally {
    root.fileSystem.close();
  }
};

const wholeFiles: KeepRule = { id: 'whole-1', keep: () => 'whole' };

function refuseUnknown(id: string): void {
  if (checks.some((one) => one.id === id)) return;
  throw cliErrors.error('USAGE', {
    message: 'there is no check of this name to accept',
    expected: checks.map((one) => one.id).join(', '),
    found: printable(id),
  });
}

type Judged = Omit<CheckResult, 'status'> & { readonly status: CheckResult['status'] | 'accepted' };

/** Occurrences shown on a terminal. */
const shown = 5;

function text(
  results: readonly Judged[],
  structure: readonly StructureTestResult[],
  name: string,
  c: Style,
): string {
  const lines: string[] = [];
  for (const severity of checkSeverities) {
    for (const result of results.filter((one) => one.status === 'failed' && one.severity === severity)) {
      const colour = severity === 'high' ? c.red : severity === 'medium' ? c.yellow : c.dim;
      lines.push(`${colour(severity.padEnd(6))}  ${c.bold(result.id)}  ${result.title}`);
      for (const { what } of result.occurrences.slice(0, shown)) lines.push(`        ${printable(what)}`);
      if (result.count > shown) lines.push(`        and ${result.count - shown} more`);
      lines.push(`        ${c.dim(result.remedy)}`, '');
    }
  }
  for (const { status, name: test, problems } of structure.filter((one) => one.status !== 'passed')) {
    lines.push(`${status === 'failed' ? c.red('failed') : c.yellow('not run')}  ${printable(test)}`);
    lines.push(...problems.map((problem) => `        ${printable(problem)}`), '');
  }
  const count = (all: readonly { status: string }[]) =>
    ['failed', 'accepted', 'not-run', 'passed']
      .map((status) => [all.filter((one) => one.status === status).length, status.replace('-', ' ')] as const)
      .filter(([number]) => number > 0)
      .map(([number, status]) => `${number} ${status}`)
      .join(', ');
  const tests = structure.length === 0 ? '' : `; structure tests: ${count(structure)}`;
  return [...lines, `${c.bold(printable(name))}: checks: ${count(results)}${tests}`, ''].join('\n');
}

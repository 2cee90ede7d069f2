import { expect, test } from 'vitest';
import { removalsPredicate, testResultPredicate } from './provenance.ts';
import type { HardenReport } from './report.ts';
import { parseSettings } from './settings.ts';
import type { TestReport } from './test.ts';

const result = (name: string, status: 'passed' | 'failed' | 'not-run') =>
  ({ file: 'a.yaml', kind: 'command', name, status, problems: [] }) as const;
const check = (id: string, status: 'passed' | 'failed') =>
  ({ id, severity: 'low', title: id, status, count: 0 }) as const;
const report = (
  structureTests: TestReport['structureTests'],
  checks: TestReport['checks'] = [],
): TestReport => ({ files: [{ name: 'a.yaml', sha256: 'ab' }], structureTests, checks });

test('a test that was not run is neither passed nor warned, and the result is not PASSED', () => {
  const predicate = testResultPredicate(report([result('one', 'passed'), result('two', 'not-run')]), '1');
  expect(predicate).toMatchObject({
    result: 'WARNED',
    passedTests: ['a.yaml: one'],
    warnedTests: [],
    failedTests: [],
    'https://pratique.dev/attestations/test-result/not-run': ['a.yaml: two'],
  });
});

test('a failed test is FAILED whatever else passed; a failed check is a warning', () => {
  expect(
    testResultPredicate(
      report([result('one', 'failed')], [check('root-user', 'failed'), check('latest', 'passed')]),
      '1',
    ),
  ).toMatchObject({
    result: 'FAILED',
    passedTests: ['latest'],
    warnedTests: ['root-user'],
    failedTests: ['a.yaml: one'],
  });
});

test('all passed is PASSED, and says by which files', () => {
  expect(testResultPredicate(report([result('one', 'passed')]), '1')).toEqual({
    result: 'PASSED',
    configuration: [
      { uri: 'pkg:npm/pratique@1', name: 'configuration checks' },
      { name: 'a.yaml', digest: { sha256: 'ab' } },
    ],
    passedTests: ['a.yaml: one'],
    warnedTests: [],
    failedTests: [],
  });
});

test('the removal report names every path once, with its size, package and reason', () => {
  const removals = [
    { path: 'usr/bin/apt', size: 10, reason: 'package apt is removed', package: 'apt' },
    { path: 'usr/lib/apt/x', size: 5, reason: 'package apt is removed', package: 'apt' },
    { path: 'var/cache/x', size: 2, reason: 'cache', package: null },
  ];
  const base = { name: 'x', digest: 'sha256:00' };
  expect(removalsPredicate({ base, removals } as unknown as HardenReport, parseSettings('', 'x'))).toEqual({
    schemaVersion: 1,
    base,
    strip: { profile: 'minimal', mode: 'package', keep: [] },
    files: 3,
    bytes: 17,
    removals: [
      {
        package: 'apt',
        reason: 'package apt is removed',
        files: 2,
        bytes: 15,
        paths: [
          { path: 'usr/bin/apt', size: 10 },
          { path: 'usr/lib/apt/x', size: 5 },
        ],
      },
      { package: null, reason: 'cache', files: 1, bytes: 2, paths: [{ path: 'var/cache/x', size: 2 }] },
    ],
  });
});

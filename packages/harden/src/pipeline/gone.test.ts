import type { Finding, ScanReport, SuppressedFinding } from '@pratique/inspect';
import { expect, test } from 'vitest';
import { explainGone } from './gone.ts';

const finding = (id: string, name: string, path = 'var/lib/dpkg/status') =>
  ({
    vulnerability: id,
    severity: { severity: 'high', rule: 'none' },
    package: { type: 'deb', name, version: '1', purl: '', licenses: [], location: { path } },
  }) as unknown as Finding;
const report = (findings: readonly Finding[], suppressed: readonly SuppressedFinding[] = []) =>
  ({ findings, suppressed }) as unknown as ScanReport;
const nothing = { removed: [], removals: [] };
const verdict = (name: string) => ({ name, version: '1', reason: 'nothing needs it' });

test('a finding that is gone for no reason stops it: the scanner lost sight of the package', () => {
  expect(() => explainGone(report([finding('CVE-1', 'a')]), report([]), nothing, [])).toThrow(
    expect.objectContaining({ code: 'HARDEN_FINDING_UNEXPLAINED' }),
  );
  // What happened to another package, or to another file, is no reason.
  expect(() =>
    explainGone(
      report([finding('CVE-1', 'a')]),
      report([finding('CVE-2', 'a')]),
      {
        removed: [verdict('b')],
        removals: [{ path: 'var/lib/dpkg/status-old', size: 0, reason: 'cache', package: null }],
      },
      [{ name: 'b' }],
    ),
  ).toThrow(expect.objectContaining({ code: 'HARDEN_FINDING_UNEXPLAINED' }));
});

test('removed with its package, or with the file it was found in, upgraded, or not affected by a VEX statement', () => {
  const jar = finding('CVE-4', 'jar', 'opt/a.jar!lib/b.jar');
  const suppressed = { by: 'vex', reason: 'not in the execute path', status: 'not_affected' } as const;
  const before = report([
    finding('CVE-1', 'a'),
    finding('CVE-2', 'b'),
    finding('CVE-3', 'c'),
    jar,
    finding('CVE-5', 'stays'),
  ]);
  const after = report([finding('CVE-5', 'stays')], [{ ...finding('CVE-3', 'c'), suppressed }]);
  const plan = {
    removed: [verdict('a')],
    removals: [{ path: 'opt/a.jar', size: 1, reason: 'nothing needs it', package: null }],
  };
  expect(
    explainGone(before, after, plan, [{ name: 'b' }]).map(({ id, reason, statement }) => [
      id,
      reason,
      statement,
    ]),
  ).toEqual([
    ['CVE-1', 'removed', undefined],
    ['CVE-2', 'upgraded', undefined],
    ['CVE-3', 'vex', 'not in the execute path'],
    ['CVE-4', 'removed', undefined],
  ]);
});

test('where nothing was scanned nothing is said', () => {
  expect(explainGone(null, null, nothing, [])).toEqual([]);
});

import type { HardenReport, Summary } from '@pratique/harden';
import { expect, test } from 'vitest';
import { style } from '../program/style.ts';
import { reportHtml } from './report-html.ts';
import { removalTree, reportText } from './report-text.ts';

/** What somebody who makes a base image can put anywhere. */
const hostile = `<script>alert(1)</script>"'&\u001b[31m\u202e`;

const summary: Summary = {
  bytes: 1_500_000,
  files: 10,
  packages: 2,
  programs: 3,
  setuid: 1,
  shells: [hostile],
  findings: { critical: 1, high: 0 },
  uncovered: 4,
};
const verdict = { name: hostile, version: hostile, reason: hostile };
const finding = {
  policy: hostile,
  code: hostile,
  message: hostile,
  expected: hostile,
  found: hostile,
  remedy: hostile,
};
const report: HardenReport = {
  schemaVersion: 1,
  base: { name: hostile, digest: 'sha256:00' },
  platform: hostile,
  image: null,
  before: summary,
  after: { ...summary, bytes: 1000, findings: null, uncovered: null },
  packages: {
    changed: [{ name: hostile, from: hostile, to: hostile, uri: hostile, sha256: hostile }],
    kept: [verdict],
    removed: [verdict],
  },
  additions: [
    {
      kind: 'tar',
      name: hostile,
      uri: hostile,
      digest: { sha256: hostile },
      to: hostile,
      files: 1,
      bytes: 2,
    },
  ],
  replaced: [hostile],
  layers: 'diff',
  below: { files: 3, bytes: 4000 },
  removals: [
    { path: hostile, size: 3, reason: hostile, package: null },
    { path: `${hostile}/x`, size: 30, reason: 'package x is removed', package: hostile },
  ],
  bits: [hostile],
  tests: {
    files: [{ name: hostile, sha256: hostile }],
    structureTests: [
      { file: hostile, kind: 'command', name: hostile, status: 'not-run', problems: [hostile] },
    ],
    checks: [{ id: hostile, severity: 'low', title: hostile, status: 'failed', count: 1 }],
  },
  policy: { digest: hostile, denials: [finding], warnings: [finding] },
  findingsGone: [{ id: hostile, package: hostile, version: hostile, severity: hostile, reason: 'removed' }],
  scriptsNotRun: [{ package: hostile, script: hostile }],
  notMade: [{ package: hostile, kind: 'key', path: hostile, command: hostile }],
  missingLibraries: [{ file: hostile, library: hostile }],
  mayRunShell: [hostile],
  keepUnmatched: [hostile],
  untouched: hostile,
};

test('keys that packages would have made are told with what makes them', () => {
  const command = "ssh-keygen -q -f /etc/ssh/k -N ''";
  const notMade = ['/etc/ssh/k', '/etc/ssh/k.pub'].map((path) => ({
    package: 'openssh-server',
    kind: 'key' as const,
    path,
    command,
  }));
  expect(reportText({ ...report, notMade }, style(false))).toContain(
    `note: openssh-server would have made key /etc/ssh/k, key /etc/ssh/k.pub, which all that run the image would share: make it at the first start (${command})\n`,
  );
});

test('nothing an image says is markup in the HTML report', () => {
  const html = reportHtml(report);
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
  // Every tag is one of ours, and every attribute too.
  const tags = [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
  expect(
    tags.filter(
      (tag) =>
        !/^<(\/?(html|title|style|h1|h2|p|code|table|tr|td|th|details|summary|div)|!doctype html|html lang="en"|meta charset="utf-8"|meta name="viewport" content="width=device-width"|th scope="(row|col)"|p role="alert"|details open)>$/.test(
          tag,
        ),
    ),
  ).toEqual([]);
});

test('nothing an image says reaches the terminal as an escape', () => {
  const plain = style(false);
  for (const text of [reportText(report, plain), removalTree(report, plain)]) {
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
  }
});

test('the reports say the same in text and HTML: sizes, findings, tests, policies', () => {
  const text = reportText(report, style(false));
  const html = reportHtml(report);
  for (const said of ['1.5 MB', '1.0 kB', '1 critical; 4 packages not covered', 'not scanned']) {
    expect(text).toContain(said);
    expect(html).toContain(said);
  }
  expect(text).toContain('0 of 1 structure tests passed; 0 of 1 checks passed, not ');
  expect(text).toMatch(/was not run/);
});

test('many changed packages are one line of text, few are told with their versions', () => {
  const of = (count: number) => {
    const changed = Array.from({ length: count }, (_, at) => ({
      name: `lib${at}`,
      from: '1',
      to: '2',
      uri: 'http://m.test/x.deb',
      sha256: '0'.repeat(64),
    }));
    const scriptsNotRun = ['preinst', 'postinst'].map((script) => ({ package: 'libc6', script }));
    return reportText({ ...report, packages: { ...report.packages, changed }, scriptsNotRun }, style(false));
  };
  expect(of(2)).toContain('note: upgraded lib1 1 → 2\n');
  expect(of(30)).toContain('note: upgraded 30 packages: lib0, lib1, ');
  expect(of(30)).not.toContain('→');
  expect(of(2)).toContain('note: scripts that were not run: preinst and postinst of libc6\n');
});

test('a long list of the HTML report is folded, a short one is open', () => {
  const kept = Array.from({ length: 26 }, (_, at) => ({ name: `p${at}`, version: '1', reason: 'x' }));
  const html = reportHtml({ ...report, packages: { ...report.packages, kept } });
  expect(html).toContain('<details><summary><h2>Packages kept (26)</h2>');
  expect(reportHtml({ ...report, packages: { ...report.packages, kept: kept.slice(1) } })).toContain(
    '<details open><summary><h2>Packages kept (25)</h2>',
  );
});

test('the tree has the largest group and the largest file first, with sizes', () => {
  const lines = removalTree(report, style(false)).split('\n');
  expect(lines[0]).toMatch(/^ +30 B {2}package /);
  expect(lines[1]).toMatch(/^ +30 B {2}├─ \//);
  expect(lines[2]).toMatch(/^ +3 B /);
});

test('layers that are kept are told first: what was removed can still be read', () => {
  const text = reportText(report, style(false));
  expect(text.split('\n')[0]).toContain('WARNING');
  expect(text).toContain('3 files');
  expect(reportHtml(report)).toContain('role="alert"');
  const squashed = { ...report, layers: 'squash', below: { files: 0, bytes: 0 } } as const;
  expect(reportText(squashed, style(false))).not.toContain('WARNING');
  expect(reportHtml(squashed)).not.toContain('role="alert"');
});

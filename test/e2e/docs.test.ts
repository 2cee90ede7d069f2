import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { consoleSteps, matchesShown } from './console-blocks.ts';

const root = new URL('../..', import.meta.url).pathname;
const documents = [
  ...globSync('*.md', { cwd: root }),
  ...globSync('docs/**/*.md', { cwd: root }),
  ...globSync('packages/*/README.md', { cwd: root }),
];
const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Runs one documented command the way a reader would, with `pratique` on PATH and a shell that stops at errors. */
function runShell(command: string, cwd: string): string {
  const result = spawnSync('bash', ['-c', command], {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
    env: {
      ...process.env,
      NO_COLOR: '1',
      CI: '1',
      COSIGN_PASSWORD: 'test',
      HOME: cwd,
      PATH: `${join(root, 'test/e2e/bin')}:${dirname(process.execPath)}:${process.env['PATH']}`,
    },
  });
  return result.stdout + result.stderr;
}

describe('every command shown in a document prints what the document shows', () => {
  for (const document of documents) {
    const steps = consoleSteps(readFileSync(join(root, document), 'utf8'));
    if (steps.length === 0) continue;
    test(document, { timeout: 300_000 }, () => {
      const cwd = mkdtempSync(join(tmpdir(), 'pratique-docs-'));
      directories.push(cwd);
      for (const step of steps) {
        const actual = runShell(step.command, cwd);
        if (!matchesShown(step.shown, actual))
          expect(`$ ${step.command}\n${actual}`, `${document}:${step.line}`).toBe(
            `$ ${step.command}\n${step.shown}`,
          );
      }
    });
  }
});

test('the matcher of this test can fail', () => {
  expect(matchesShown('a … c', 'a b c')).toBe(true);
  expect(matchesShown('a … c', 'a b d')).toBe(false);
  expect(matchesShown('a\n…\nz', 'a\nb\nc\nz')).toBe(true);
  expect(matchesShown('a\n…\nz', 'a\nz')).toBe(true);
  expect(matchesShown('a\n…', 'a\nb')).toBe(true);
  expect(matchesShown('a', 'a\nb')).toBe(false);
  expect(matchesShown('', 'x')).toBe(false);
});

test('documents link only to files that exist', () => {
  for (const document of documents) {
    const text = readFileSync(join(root, document), 'utf8').replaceAll(/```.*?```/gs, '');
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const path = join(root, dirname(document), target!);
      expect(globSync(path).length, `${document} links to ${target}`).toBe(1);
    }
  }
});

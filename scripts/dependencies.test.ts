import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url).pathname;

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** `name version` of everything outside the workspace that a package.json names. */
function declared(): Set<string> {
  const found = new Set<string>();
  for (const file of ['package.json', ...globSync('packages/*/package.json', { cwd: root })]) {
    const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    for (const [name, version] of Object.entries(all)) {
      if (!name.startsWith('@pratique/'))
        found.add(`${name.replace(/^@biomejs\/cli-.*/, '@biomejs/cli-*')} ${version}`);
    }
  }
  return found;
}

test('every dependency has its line in docs/dependencies.md, and every line a dependency', () => {
  const text = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('| `'));
  const documented = lines.flatMap((line) =>
    [...line.split('|')[1]!.matchAll(/`([^`]+)` ([^\s,]+)/g)].map((match) => `${match[1]} ${match[2]}`),
  );
  expect(new Set(documented)).toEqual(declared());
});

test('every version is exact', () => {
  for (const dependency of declared()) expect(dependency).toMatch(/ \d+\.\d+\.\d+(-[\w.]+)?$/);
});

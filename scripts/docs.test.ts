import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allErrors } from '../packages/cli/src/catalog.ts';
import { commands } from '../packages/cli/src/specs/index.ts';
import { generatedDocs } from './docs.ts';

const root = new URL('..', import.meta.url).pathname;

test('generated pages are in step with the code and the last measurements (node scripts/docs.ts writes them)', async () => {
  for (const [path, content] of await generatedDocs()) {
    expect(readFileSync(join(root, path), 'utf8'), path).toBe(content);
  }
});

test('every code is used somewhere, and every remedy says something to do', async () => {
  const sources = globSync(['packages/*/src/**/*.ts', 'packages/*/policies/**/*.rego'], {
    cwd: root,
    exclude: (path) => /\.test\.ts$|\/errors\.ts$/.test(String(path)),
  });
  const text = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  for (const [code, { title, remedy }] of await allErrors()) {
    expect(
      text.includes(`'${code}'`) || text.includes(`"${code}"`),
      `${code} is declared and never used`,
    ).toBe(true);
    expect(title, code).toMatch(/^[A-Z`].*\.$/s);
    expect(remedy.length, code).toBeGreaterThan(10);
  }
});

test('a remedy names only commands that exist', async () => {
  const names = commands.map(({ name }) => name);
  for (const [code, { remedy }] of await allErrors()) {
    for (const [, words] of remedy.matchAll(/\bpratique ((?:[a-z][a-z0-9-]*)(?: [a-z][a-z-]*)?)/g)) {
      if (words === 'COMMAND') continue;
      const known = names.some((name) => words === name || words!.startsWith(`${name} `));
      expect(known, `${code}: pratique ${words}`).toBe(true);
    }
  }
});

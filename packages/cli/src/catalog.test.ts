import { globSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ErrorCatalog } from '@pratique/errors';
import { expect, test } from 'vitest';
import { allErrors } from './catalog.ts';

test('every code of every package can be explained', async () => {
  const packages = fileURLToPath(new URL('../../', import.meta.url));
  const files = globSync('*/src/errors.ts', { cwd: packages });
  expect(files.length).toBeGreaterThan(10);
  const known = await allErrors();
  for (const file of files) {
    const exported: Readonly<Record<string, Partial<ErrorCatalog>>> = await import(
      pathToFileURL(`${packages}/${file}`).href
    );
    for (const { entries } of Object.values(exported)) {
      for (const code of Object.keys(entries ?? {})) expect(known.has(code), code).toBe(true);
    }
  }
});

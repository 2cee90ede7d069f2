import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/security-tests.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\S[^|]*?) \| [^|]+ \| `([^`]+)` \|$/gm)];

test('the page lists vulnerabilities', () => expect(rows.length).toBeGreaterThan(25));

test.each(rows.map(([, id, file]) => [id!, file!]))('%s stands in the name of a test in %s', (id, file) => {
  // In quotes: a comment that mentions it tests nothing.
  const names = readFileSync(join(root, file), 'utf8').match(/(['`])(?:(?!\1).)*\1/g) ?? [];
  expect(names.some((name) => name.includes(id))).toBe(true);
});

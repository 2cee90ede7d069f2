import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('nobody but this package and Rego’s own reader parses YAML: the bounds are here', () => {
  const packages = fileURLToPath(new URL('../../', import.meta.url));
  const files = globSync('*/src/**/*.ts', { cwd: packages }).sort();
  const parsing = files.filter((file) =>
    [...readFileSync(`${packages}${file}`, 'utf8').matchAll(/import \{([^}]*)\} from 'yaml'/g)].some(
      ([, names]) =>
        names!.split(',').some((name) => /^(?:parse\w*|Parser|Composer|Lexer)\b/.test(name.trim())),
    ),
  );
  expect(parsing).toEqual([
    'rego/src/ast/annotations.ts',
    'rego/src/builtins/encoding/yaml/read.ts',
    'yaml/src/read.ts',
  ]);
});

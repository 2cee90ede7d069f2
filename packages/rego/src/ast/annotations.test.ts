import { describe, expect, test } from 'vitest';
import { ParseError } from './errors.ts';
import { parseModule } from './parse.ts';
import { refText } from './print.ts';

function block(...lines: string[]): string {
  return ['# METADATA', ...lines.map((line) => `# ${line}`)].join('\n');
}

function complaint(text: string): string {
  try {
    parseModule(text);
  } catch (error) {
    if (error instanceof ParseError) return `${error.errors[0]!.location.row}: ${error.errors[0]!.message}`;
    throw error;
  }
  throw new Error('parsed');
}

test('a block is read whole and put on the rule below it', () => {
  const text = [
    'package a',
    block(
      'title: T',
      'description: D',
      'organizations: [o]',
      'authors:',
      '- Jane Doe <jane@example.com>',
      '- {name: J}',
      'related_resources:',
      '- https://example.com',
      '- {ref: https://example.org, description: d}',
      'schemas:',
      '- input: schema.pod',
      '- input.x: {type: string}',
      'custom: {__proto__: 1, a: [true, null]}',
    ),
    'p := 1',
  ].join('\n');
  const { rules, annotations } = parseModule(text);
  expect(annotations).toHaveLength(1);
  expect(rules[0]!.annotations[0]).toMatchObject({
    scope: 'rule',
    title: 'T',
    description: 'D',
    organizations: ['o'],
    authors: [{ name: 'Jane Doe', email: 'jane@example.com' }, { name: 'J' }],
    relatedResources: [{ ref: 'https://example.com' }, { ref: 'https://example.org', description: 'd' }],
    location: { row: 2, col: 1 },
    endRow: 15,
  });
  const { schemas, custom } = rules[0]!.annotations[0]!;
  expect(schemas!.map(({ path, schema }) => [refText(path), schema && refText(schema)])).toEqual([
    ['input', 'schema.pod'],
    ['input.x', undefined],
  ]);
  expect(Object.keys(custom!)).toEqual(['__proto__', 'a']);
  expect(Object.prototype).not.toHaveProperty('a');
});

test('scopes decide which rules a block is about', () => {
  const text = [
    block('scope: package', 'title: pkg'),
    'package a',
    block('scope: document', 'title: doc'),
    'p contains 1',
    block('title: second'),
    'p contains 2',
    block('entrypoint: true'),
    'q := 1',
  ].join('\n');
  const { rules, annotations } = parseModule(text);
  expect(annotations.map(({ scope }) => scope)).toEqual(['package', 'document', 'rule', 'document']);
  expect(rules.map((rule) => rule.annotations.map(({ title, scope }) => title ?? scope))).toEqual([
    ['doc'],
    ['doc', 'second'],
    ['document'],
  ]);
});

test('comments that only look like metadata are left alone', () => {
  const { annotations } = parseModule('package a\n # METADATA\n # title: [\np := 1 # METADATA\n');
  expect(annotations).toEqual([]);
});

test('METADATA is not read where the caller does not want it', () => {
  expect(parseModule('package a\n# METADATA\n# [\np := 1', { annotations: false }).annotations).toEqual([]);
});

describe('a block that cannot be used is an error', () => {
  test.each([
    ['with no content', `package a\n# METADATA\np := 1`, '2: expected METADATA block, found whitespace'],
    ['that is no YAML', `package a\n${block('title: [')}\np := 1`, /^\d: yaml: line/],
    ['with a field of another type', `package a\n${block('authors: x')}\np := 1`, /cannot unmarshal authors/],
    [
      'with an author without a name',
      `package a\n${block('authors: [{}]')}\np := 1`,
      /'name' and\/or 'email'/,
    ],
    ['with an unknown scope', `package a\n${block('scope: x')}\np := 1`, /invalid annotation scope 'x'/],
    [
      'before an import',
      `package a\n${block('title: x')}\nimport data.b`,
      /invalid annotation scope 'import'/,
    ],
    [
      'of package scope on a rule',
      `package a\n${block('scope: package')}\np := 1`,
      /must be applied to package/,
    ],
    [
      'with a schema that is none',
      `package a\n${block('schemas: [{input: foo.bar}]')}\np := 1`,
      /invalid schema/,
    ],
    [
      'with an entrypoint on one rule',
      `package a\n${block('scope: rule', 'entrypoint: true')}\np := 1`,
      /entrypoint/,
    ],
    [
      'after 5000 others',
      `package a\n${`${block('title: x')}\np := 1\n`.repeat(5001)}`,
      /more than 5000 METADATA blocks/,
    ],
    ['of an alias bomb', `package a\n${block(...bomb())}\np := 1`, /yaml/],
  ])('%s', (_, text, expected) => {
    expect(complaint(text)).toMatch(expected);
  });
});

/** YAML whose aliases expand tenfold at every level. */
function bomb(): string[] {
  const lines = ['custom:', '  a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 10; i++)
    lines.push(
      `  a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines;
}

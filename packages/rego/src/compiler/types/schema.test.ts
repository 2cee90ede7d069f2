import { expect, test } from 'vitest';
import { compile } from '../../query.ts';
import { fromJson } from '../../values/index.ts';
import { schemaType } from './schema.ts';
import { typeText } from './text.ts';

function text(schema: unknown): string {
  return typeText(schemaType(fromJson(schema)));
}

/** `count` definitions, each made of the one before by `make`. */
function chain(count: number, make: (before: object) => object): object {
  const definitions: Record<string, object> = { d0: { type: 'string' } };
  for (let i = 1; i <= count; i++) definitions[`d${i}`] = make({ $ref: `#/definitions/d${i - 1}` });
  return { definitions, $ref: `#/definitions/d${count}` };
}

test.each([
  [true, 'any'],
  [{}, 'any'],
  [{ type: 'integer' }, 'number'],
  [{ type: 'null' }, 'any'],
  [{ type: 'object' }, 'object[any: any]'],
  [{ properties: { b: { type: 'string' }, a: { type: 'boolean' } } }, 'object<a: boolean, b: string>'],
  [{ type: 'array' }, 'array[any]'],
  [{ items: { type: 'string' } }, 'array[string]'],
  [{ items: [{ type: 'string' }, { type: 'number' }] }, 'array<string, number>'],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'string' }] }, 'any<number, string>'],
  [
    { allOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'number' } } }] },
    'object<a: string, b: number>',
  ],
])('the schema %j describes the type %s', (schema, type) => {
  expect(text(schema)).toBe(type);
});

test.each([
  [{ type: 'nonsense' }, /^unable to compile the schema: has a primitive type that is NOT VALID/],
  [
    { $ref: 'https://example.com/s.json' },
    /^unable to compile the schema: remote reference loading disabled/,
  ],
  [{ $ref: '#/definitions/none' }, /^unable to compile the schema: /],
  [{ allOf: [{ type: 'string' }, { type: 'number' }] }, /^type checking: unable to merge these schemas/],
])('%j is refused', (schema, message) => {
  expect(() => text(schema)).toThrow(message);
});

test('a schema that holds itself has a type, and a policy is checked to any depth of it', () => {
  const node = {
    type: 'object',
    properties: { v: { type: 'string' }, l: { type: 'array', items: { $ref: '#' } } },
  };
  expect(text(node)).toBe('object<l: array[object<l: array[recursive(#)], v: string>], v: string>');
  const check = (rule: string) =>
    compile({ modules: { 'p.rego': `package p\n\n${rule}` }, schemas: new Map([['schema', node]]) });
  check('x if input.l[0].l[1].l[2].v == "s"');
  expect(() => check('x if input.l[0].l[1].l[2].w')).toThrow('undefined ref: input.l[0].l[1].l[2].w');
  expect(() => check('x if input.l[0].l[1].l[2].v == 1')).toThrow('match error');
  check('x if input.l[0].l[1] == input.l[2]');
});

test.each([
  { $ref: '#' },
  {
    definitions: { a: { $ref: '#/definitions/b' }, b: { $ref: '#/definitions/a' } },
    $ref: '#/definitions/a',
  },
  { definitions: { a: { anyOf: [{ $ref: '#/definitions/a' }] } }, $ref: '#/definitions/a' },
])('%j says nothing', (schema) => {
  expect(text(schema)).toBe('any');
  compile({ modules: { 'p.rego': 'package p\n\nx if input.a.b' }, schemas: new Map([['schema', schema]]) });
});

test('alternatives that name each other are all of them', () => {
  const a = { anyOf: [{ $ref: '#/definitions/b' }, { $ref: '#/definitions/a' }, { type: 'string' }] };
  const b = { anyOf: [{ $ref: '#/definitions/a' }, { $ref: '#/definitions/b' }, { type: 'number' }] };
  expect(text({ definitions: { a, b }, $ref: '#/definitions/a' })).toBe('any<number, string>');
});

test('a small schema of a huge type neither hangs nor runs out of memory', () => {
  // What is too large is any type, and so the text stays short.
  expect(text(chain(200, (d) => ({ properties: { a: d, b: d } }))).length).toBeLessThan(500_000);
  expect(text(chain(200, (d) => ({ type: 'array', items: [d, d] }))).length).toBeLessThan(500_000);
  expect(text(chain(100, (d) => ({ anyOf: [{ type: 'number' }, { items: d }, d] })))).toMatch(/^any/);
  const merged = chain(60, (d) => ({ properties: { a: { allOf: [d] }, b: { allOf: [d] } } }));
  expect(() => text(merged)).toThrow('schema is too large');
  const circle = { definitions: { a: { properties: { p: { allOf: [{ $ref: '#/definitions/a' }] } } } } };
  expect(() => text({ ...circle, $ref: '#/definitions/a' })).toThrow('schema is too large');
  const deep = JSON.parse(`${'{"items":'.repeat(2000)}true${'}'.repeat(2000)}`) as object;
  expect(() => text(deep)).toThrow(/nested deeper|too deeply/);
});

test('a directory of schemas means nothing to a rule without an annotation', () => {
  const schemas = new Map([['schema.a', { type: 'string' }]]);
  const module = (annotation: string) => ({ 'p.rego': `package p\n\n${annotation}x if input.y` });
  compile({ modules: module(''), schemas });
  const annotation = '# METADATA\n# schemas:\n#   - input: schema.a\n';
  expect(() => compile({ modules: module(annotation), schemas })).toThrow('undefined ref: input.y');
  compile({ modules: module(annotation), schemas, typeAnnotations: false });
  compile({ modules: module(annotation) });
});

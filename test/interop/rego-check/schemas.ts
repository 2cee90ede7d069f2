/** Policies with JSON Schemas, in one directory each: how OPA's type checker reads them. */
export interface WithSchemas {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

const POD = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    kind: { type: 'string' },
    replicas: { type: 'integer' },
    paused: { type: ['boolean', 'null'] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    spec: {
      type: 'object',
      required: ['containers'],
      properties: {
        containers: {
          type: 'array',
          items: {
            type: 'object',
            properties: { image: { type: 'string' }, ports: { type: 'array', items: { type: 'number' } } },
          },
        },
      },
    },
  },
});

const ACLS = JSON.stringify({
  type: 'object',
  patternProperties: { '.*': { type: 'array' } },
  properties: { alice: { type: 'array', items: { type: 'string' } }, bob: { type: 'array' } },
});

/** One schema for the input, several policies that read it. */
function inputOf(schema: string, body: string, name: string): WithSchemas {
  return {
    name,
    files: { 'schema.json': schema, 'p.rego': `package p\n\n${body}\n` },
    args: ['--schema', 'schema.json', 'p.rego'],
  };
}

/** A directory of schemas that annotations name. */
function annotated(policy: string, name: string, more: Readonly<Record<string, string>> = {}): WithSchemas {
  return {
    name,
    files: {
      'schemas/pod.json': POD,
      'schemas/acls.json': ACLS,
      'schemas/deep/er/user-data.json': '{"properties": {"name": {"type": "string"}}}',
      'p.rego': policy,
      ...more,
    },
    args: ['--schema', 'schemas', 'p.rego'],
  };
}

function inline(policy: string, name: string): WithSchemas {
  return { name, files: { 'p.rego': policy }, args: ['p.rego'] };
}

const json = JSON.stringify;

export const schemaCases: readonly WithSchemas[] = [
  inputOf(POD, 'allow if input.kind == "Pod"', 'a member that is there'),
  inputOf(POD, 'allow if input.kinds == "Pod"', 'a member that is not'),
  inputOf(POD, 'allow if input.spec.container[0]', 'a member below that is not'),
  inputOf(POD, 'allow if input.spec.containers[_].images', 'a member of an item that is not'),
  inputOf(POD, 'allow if input.kind == 1', 'a comparison of two types'),
  inputOf(POD, 'allow if input.replicas > "3"', 'an order of two types'),
  inputOf(POD, 'allow if count(input.replicas) > 1', 'an argument of another type'),
  inputOf(POD, 'allow if input.kind.x', 'a member of a string'),
  inputOf(POD, 'allow if input.labels.anything == "x"', 'an object without properties'),
  inputOf(POD, 'allow if input.paused', 'two types'),
  inputOf(POD, 'allow if { some c in input.spec.containers; c.image == 1 }', 'some … in'),
  inputOf(POD, 'allow if { every c in input.spec.containers { c.name == "x" } }', 'every'),
  inputOf(POD, 'allow if { x := input.spec; x.nodes }', 'through a variable'),
  inputOf(POD, 'q := input.spec\n\nallow if q.containers[0].image.x', 'through a rule'),
  inputOf(POD, 'f(x) := x.kinds\n\nallow if f(input)', 'a function does not see it'),
  inputOf(POD, 'allow if input.kinds with input as {"kinds": 1}', 'with replaces it'),
  inputOf(POD, 'q if input.kinds\n\nallow if q with input as {"kinds": 1}', 'with around a rule'),
  inputOf(POD, 'allow if { some k; input[k] == "x" }', 'a variable key'),
  inputOf(POD, 'allow if { some k; input.spec[k].image }', 'a variable key on the way'),
  inputOf('{}', 'allow if input.anything', 'an empty schema'),
  inputOf('true', 'allow if input.anything', 'the schema true'),
  inputOf('{"type": "string"}', 'allow if input.anything', 'the input is a string'),
  inputOf('{"type": "null"}', 'allow if input.anything', 'the input is null'),
  inputOf(
    '{"type": "array", "items": [{"type": "string"}, {"type": "number"}]}',
    'allow if { input[0] == 1 }',
    'a tuple',
  ),
  inputOf('{"items": {"type": "string"}}', 'allow if input[0] == 1', 'items without type'),
  inputOf('{"type": "array"}', 'allow if input[0].x', 'any array'),
  inputOf('{"properties": {"a": {}}}', 'allow if input.b', 'properties without type'),
  inputOf(
    json({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: true }),
    'allow if input.b',
    'additionalProperties does not count',
  ),
  inputOf(
    json({
      anyOf: [
        { type: 'object', properties: { a: { type: 'string' } } },
        { type: 'object', properties: { b: { type: 'number' } } },
      ],
    }),
    'x if input.a == "x"\n\ny if input.b == 1\n\nz if input.c',
    'anyOf',
  ),
  inputOf(
    json({
      type: 'object',
      properties: { c: { type: 'boolean' } },
      anyOf: [{ properties: { a: { type: 'string' } } }, { type: 'string' }],
    }),
    'x if input.a == 1\n\ny if input.c == "x"\n\nz if input.d',
    'anyOf beside properties',
  ),
  inputOf(
    json({ type: 'object', anyOf: [{ properties: { a: { type: 'string' } } }] }),
    'x if input.b',
    'anyOf beside a type only',
  ),
  inputOf(
    json({ anyOf: [{ type: 'string' }, { type: 'number' }] }),
    'x if input == true',
    'anyOf of scalars',
  ),
  inputOf(
    json({ allOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { type: 'number' } } }] }),
    'x if input.a == "x"\n\ny if input.b == 1\n\nz if input.c',
    'allOf',
  ),
  inputOf(
    json({
      type: 'object',
      properties: { c: { type: 'string' } },
      allOf: [{ properties: { a: { type: 'string' } } }],
    }),
    'x if input.a == 1\n\ny if input.c == 1\n\nz if input.d',
    'allOf beside properties',
  ),
  inputOf(
    json({ allOf: [{ type: 'string' }, { type: 'number' }] }),
    'x if input',
    'allOf of different types',
  ),
  inputOf(
    json({
      allOf: [{ properties: { a: { type: 'string' } } }, { type: 'array', items: { type: 'string' } }],
    }),
    'x if input.a',
    'allOf of object and array',
  ),
  inputOf(json({ type: 'string', allOf: [{ type: 'number' }] }), 'x if input', 'allOf against a type'),
  inputOf(
    json({
      allOf: [
        { type: 'array', items: [{ type: 'string' }] },
        { type: 'array', items: [{ type: 'string' }, { type: 'number' }] },
      ],
    }),
    'x if input[1] == "x"',
    'allOf of tuples',
  ),
  inputOf(
    json({
      allOf: [
        { type: 'array', items: [{ type: 'string' }] },
        { type: 'array', items: [{ type: 'number' }] },
      ],
    }),
    'x if input[0]',
    'allOf of tuples that differ',
  ),
  inputOf(
    json({ allOf: [{ anyOf: [{ properties: { a: {} } }] }, { properties: { b: { type: 'string' } } }] }),
    'x if input.a\n\ny if input.b',
    'allOf with a bare anyOf',
  ),
  inputOf(json({ allOf: [{ anyOf: [{ type: 'string' }] }] }), 'x if input.a', 'allOf of nothing but anyOf'),
  inputOf(
    json({
      definitions: { s: { type: 'string' } },
      type: 'object',
      properties: { a: { $ref: '#/definitions/s' }, b: { $ref: '#/definitions/s' } },
    }),
    'x if input.a == 1\n\ny if input.b.c\n\nz if input.c',
    '$ref',
  ),
  inputOf(
    json({
      $defs: { s: { type: 'number' } },
      properties: { a: { $ref: '#/$defs/s' } },
      allOf: [{ $ref: '#/$defs/o' }],
    }),
    'x if input.a == "s"',
    '$ref to nothing',
  ),
  inputOf(
    json({
      definitions: { o: { properties: { a: { type: 'string' } } } },
      allOf: [{ $ref: '#/definitions/o' }, { properties: { b: { type: 'string' } } }],
    }),
    'x if input.c',
    'allOf of a $ref',
  ),
  inputOf(
    json({
      definitions: {
        t: { type: 'object', properties: { v: { type: 'string' }, l: { $ref: '#/definitions/t' } } },
      },
      $ref: '#/definitions/t',
    }),
    'x if input.l.l.l.v == "s"\n\ny if input.l.l.w\n\nz if input.l.l.v == 1\n\nw if input.l == 1',
    'a schema that holds itself',
  ),
  inputOf('{"type": "nonsense"}', 'x if true', 'a type that there is none'),
  inputOf('{"type": 1}', 'x if true', 'a type that is a number'),
  inputOf('{"properties": []}', 'x if true', 'properties that are a list'),
  inputOf('[]', 'x if true', 'a list'),
  inputOf('type: object\nproperties:\n  a: {type: string}\n', 'x if input.b', 'YAML'),
  { name: 'no file', files: { 'p.rego': 'package p\n' }, args: ['--schema', 'none.json', 'p.rego'] },

  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nallow if input.kinds\n\nother if input.kinds\n',
    'rule scope',
  ),
  annotated(
    'package p\n\n# METADATA\n# scope: document\n# schemas:\n#   - input: schema.pod\nallow if input.kinds\n\nallow if input.kindz\n\nother if input.kinds\n',
    'document scope',
  ),
  annotated(
    '# METADATA\n# schemas:\n#   - input: schema.pod\npackage p\n\nallow if input.kinds\n\nother if input.kind\n',
    'package scope',
  ),
  annotated(
    '# METADATA\n# scope: subpackages\n# schemas:\n#   - input: schema.pod\npackage p\n\nallow if input.kinds\n',
    'subpackages scope, own package',
  ),
  {
    ...annotated(
      '# METADATA\n# scope: subpackages\n# schemas:\n#   - input: schema.pod\npackage p\n',
      'subpackages scope',
      {
        'q.rego': 'package p.q\n\nallow if input.kinds\n',
        'r.rego': 'package r\n\nallow if input.kinds\n',
      },
    ),
    args: ['--schema', 'schemas', 'p.rego', 'q.rego', 'r.rego'],
  },
  annotated(
    '# METADATA\n# schemas:\n#   - input: schema.acls\npackage p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nallow if input.kind\n\nother if input.kind\n',
    'a rule overrides its package',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - data.acls: schema.acls\nallow if data.acls.alice[0] == 1\n\nb if data.acls.carol\n',
    'data',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - data.acls: schema.acls\nallow if data.acls.carol\n',
    'data, a member that is not',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\n#   - input.spec.user: schema.deep.er["user-data"]\nallow if input.spec.user.names\n',
    'overriding below',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\n#   - input.spec: schema.acls\nallow if input.spec.containers\n\nq if input.x\n',
    'overriding a member',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input.a.b: schema.pod\nallow if input.a.b.kinds\n\nq if input.x.y\n',
    'a path without a type around it',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input.a.b: schema.pod\nallow if { input.a.c; input.x.y; input.a.b.kind }\n',
    'other members beside a path',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.nothing\nallow if input.x\n',
    'a schema that there is none',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema["pod"]\nallow if input.x\n',
    'a name in brackets',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - data.p.q: schema.pod\nallow if data.p.q.kinds\n\nq := {"kinds": 1}\n',
    'a rule that has a schema',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: {type: object, properties: {a: {type: string}}}\nallow if input.b\n',
    'written out, with a directory',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nallow if { x := input.kind; x == 1 } else := 2 if input.kinds\n',
    'else',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\ndefault allow := false\n\nallow if input.kinds\n',
    'a default rule',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nf(x) if input.kinds == x\n',
    'a function',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nr contains x if some x in input.kinds\n',
    'a set',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nr := [x | x := input.kinds]\n',
    'a comprehension',
  ),
  annotated(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nr := input.kinds\n',
    'the value of a rule',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - input: {properties: {a: {type: string}}}\nallow if input.b\n',
    'written out',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - input: {type: nonsense}\nallow if input.b\n',
    'written out, not a schema',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - input: {allOf: [{type: string}, {type: number}]}\nallow if input.b\n',
    'written out, not to be merged',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - input: schema.pod\nallow if input.kinds\n',
    'named, without schemas',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - data.x: {type: string}\n#   - data.y: {type: number}\nallow if data.x == data.y\n',
    'two documents',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - data: {properties: {x: {type: string}}}\nallow if data.y\n',
    'all of data',
  ),
  inline(
    'package p\n\n# METADATA\n# schemas:\n#   - foo: {type: string}\nallow if input.x\n',
    'a path that is none',
  ),
];

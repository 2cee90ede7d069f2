/** Policies of CUE as nobody writes them, with documents that nearly fit: what may go together, put together. */
import fc from 'fast-check';

const name = fc.constantFrom('a', 'b', 'c');
const definition = fc.constantFrom('#A', '#B', '#C');
const scalar = fc.constantFrom('1', '2', '3', '1.5', '"x"', '"y"', 'true', 'null', '-1', '2.0');
const type = fc.constantFrom(
  'int',
  'string',
  'number',
  'float',
  'bool',
  '_',
  'uint8',
  'null',
  '{...}',
  '[...]',
  '{}',
);
const bound = fc.constantFrom(
  '>1',
  '>=2',
  '<3',
  '<=1.5',
  '!=2',
  '!="x"',
  '!=null',
  '=~"x"',
  '!~"^y"',
  '>"w"',
  '<"y"',
  '>=2 & <3',
  '>1 & <3 & int',
);
const reference = fc.oneof(
  { weight: 4, arbitrary: name },
  { weight: 3, arbitrary: definition },
  { weight: 1, arbitrary: fc.tuple(name, name).map(([a, b]) => `${a}.${b}`) },
  { weight: 1, arbitrary: fc.tuple(definition, name).map(([a, b]) => `${a}.${b}`) },
);
const calculation = fc.oneof(
  fc
    .tuple(
      reference,
      fc.constantFrom('+', '-', '*', '==', '!=', '<', '>=', '&&', '=~', '/'),
      fc.oneof(scalar, reference),
    )
    .map(([a, o, b]) => `${a} ${o} ${b}`),
  reference.map((r) => `"\\(${r})"`),
  reference.map((r) => `len(${r})`),
  reference.map((r) => `>${r}`),
  fc.tuple(reference, fc.constantFrom('==', '!=')).map(([r, o]) => `(${r} ${o} _|_)`),
  fc.tuple(reference, fc.constantFrom('[0:1]', '[1:]', '[0]', '["a"]')).map(([r, part]) => `${r}${part}`),
);

const schema = fc.oneof(
  scalar,
  type,
  bound,
  definition,
  fc
    .tuple(name, fc.constantFrom('', '?', '!'), fc.oneof(scalar, type, bound), fc.constantFrom('', ', ...'))
    .map(([n, presence, value, open]) => `{${n}${presence}: ${value}${open}}`),
  fc.oneof(scalar, type).map((element) => `[...${element}]`),
);

const { expression, struct } = fc.letrec<{
  expression: string;
  struct: string;
  declaration: string;
  field: string;
  list: string;
}>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    type,
    bound,
    reference,
    calculation,
    tie('struct'),
    tie('list'),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} & ${b})`),
    fc
      .tuple(fc.constantFrom('', '*'), tie('expression'), fc.constantFrom('', '', '*'), tie('expression'))
      .map(([p, a, q, b]) => `(${p}${a} | ${q}${b})`),
    tie('struct').map((s) => `close(${s})`),
    fc
      .tuple(fc.constantFrom('0', '1', '>=1', '<2'), fc.array(schema, { maxLength: 2 }))
      .map(([n, all]) => `matchN(${n}, [${all.join(', ')}])`),
    fc.tuple(schema, schema, schema).map((all) => `matchIf(${all.join(', ')})`),
  ),
  field: fc
    .tuple(
      fc.oneof({ weight: 5, arbitrary: name }, { weight: 1, arbitrary: definition }),
      fc.constantFrom('', '', '', '?', '!'),
      tie('expression'),
    )
    .map(([n, presence, e]) => `${n}${presence}: ${e}`),
  declaration: fc.oneof(
    { weight: 8, arbitrary: tie('field') },
    { weight: 1, arbitrary: fc.constant('...') },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('string', '=~"a|b"', '"c"'), tie('expression'))
        .map(([p, e]) => `[${p}]: ${e}`),
    },
    { weight: 2, arbitrary: fc.oneof(definition, definition, name, tie('struct')) },
    { weight: 1, arbitrary: fc.tuple(definition, definition).map(([a, b]) => `${a} & ${b}`) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.oneof(calculation, reference), tie('struct')).map(([c, s]) => `if ${c} ${s}`),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(reference, tie('expression')).map(([r, e]) => `for k, v in ${r} {"\\(k)": ${e}}`),
    },
  ),
  struct: fc
    .array(tie('declaration'), { maxLength: 3, depthIdentifier: 'struct' })
    .map((all) => `{${all.join(', ')}}`),
  list: fc
    .tuple(
      fc.array(tie('expression'), { maxLength: 2 }),
      fc.oneof(
        fc.constant(null),
        fc.constant('...'),
        tie('expression').map((e) => `...${e}`),
      ),
    )
    .map(([items, rest]) => `[${[...items, ...(rest === null ? [] : [rest])].join(', ')}]`),
}));

const scalars = fc.constantFrom<unknown>(1, 2, 3, 1.5, 'x', 'y', true, null, -1);
const document = fc.letrec<{ value: unknown; struct: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: scalars },
    { weight: 3, arbitrary: tie('struct') },
    fc.array(tie('value'), { maxLength: 2 }),
  ),
  struct: fc.dictionary(name, tie('value'), { maxKeys: 3 }),
})).struct;

const declarations = fc
  .tuple(
    fc.array(
      fc
        .tuple(definition, fc.oneof({ weight: 3, arbitrary: struct }, { weight: 1, arbitrary: expression }))
        .map(([n, e]) => `${n}: ${e}`),
      { maxLength: 2 },
    ),
    fc.array(
      fc.tuple(name, fc.constantFrom('', '', '?', '!'), expression).map(([n, p, e]) => `${n}${p}: ${e}`),
      { minLength: 1, maxLength: 3 },
    ),
    fc.array(
      fc.oneof(
        definition,
        fc.tuple(fc.constantFrom('string', '=~"b"'), expression).map(([p, e]) => `[${p}]: ${e}`),
      ),
      { maxLength: 1 },
    ),
  )
  .map((all) => all.flat());

export interface GeneratedCase {
  readonly policy: string;
  readonly documents: readonly unknown[];
}

/** A name that nothing declares is an error of every policy: declared as anything, it says nothing. */
function declared(lines: readonly string[]): string {
  const text = lines.join('\n');
  const names = ['a', 'b', 'c', '#A', '#B', '#C'].filter((one) =>
    new RegExp(`(?<![\\w"#])${one}(?![\\w"])`).test(text),
  );
  const missing = names.filter((one) => !lines.some((line) => new RegExp(`^${one}[?!]?:`).test(line)));
  return [
    ...lines,
    ...missing.map((one) => (one.startsWith('#') ? `${one}: {a?: _, b?: _}` : `${one}: _`)),
  ].join('\n');
}

export const generated: fc.Arbitrary<GeneratedCase> = fc
  .tuple(declarations, fc.array(document, { minLength: 3, maxLength: 5 }))
  .map(([lines, documents]) => ({ policy: declared(lines), documents: [{}, ...documents] }));

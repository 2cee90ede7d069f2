/**
 * Grammar-based fuzzing of the Rego engine. Modules are put together from the grammar
 * of the interop queries, and half of them damaged token by token, with JSON Schemas for the type checker. Whatever comes
 * in, only a `RegoError` may come out, within the budget; a schema may refuse a module but not change what it means; and
 * what the formatter accepts it must leave unchanged the second time and unchanged in meaning.
 */
import {
  FormatError,
  format,
  moduleJson,
  parseModule,
  prepare,
  RegoError,
  type Schemas,
} from '@pratique/rego';
import fc from 'fast-check';
import { queries, queryInput } from '../support/rego-queries.ts';
import { schema } from './schemas.ts';

/** What one input may take before it counts as a hang: far above the budget that is given to it. */
const hangMs = 20_000;
const budget = { maxSteps: 200_000, timeoutMs: 2_000 } as const;

const query = fc.oneof(...Object.values(queries));

const rule = fc.oneof(
  query.map((body) => `allow if { ${body} }`),
  query.map((body) => `deny contains x if { ${body} }`),
  fc.tuple(query, query).map(([a, b]) => `value := x if { ${a} } else := x if { ${b} }`),
  query.map((body) => `f(y) := x if { y != null; ${body} }`),
  query.map((body) => `g[k] := x if { some k in ["a", "b"]; ${body} }`),
  query.map((body) => `p[k].q contains x if { some k in ["a", "b"]; ${body} }`),
  query.map((body) => `collected := [x | ${body}]`),
  query.map((body) => `nested := {x: y | ${body}; y := count([1 | ${body}])}`),
  query.map(
    (body) => `mocked := r if { r := f(1) with input as {"n": 1} with data.fuzz.deny as {1}; ${body} }`,
  ),
  fc
    .tuple(query, schema, fc.constantFrom('input', 'input.object.a', 'data.fuzz.g', 'data.x', 'input[x]'))
    .map(
      ([body, definition, path]) =>
        `# METADATA\n# schemas:\n#   - ${path}: ${JSON.stringify(definition)}\n#   - input: schema.named\nchecked := x if { ${body} }`,
    ),
  fc.constant('default allow := false'),
  fc.constant('every_ok if every k, v in input.object { k != v }'),
  fc.constant('message := $"{input.s} and {input.missing} and {input.list}"'),
  fc.constant('chain := data.fuzz.g[_][_]'),
  fc.constant('# METADATA\n# title: a rule\n# custom: {a: 1}\ntitled := rego.metadata.rule().title'),
);

const module = fc
  .array(rule, { minLength: 1, maxLength: 6 })
  .map((rules) => `package fuzz\n\n${rules.join('\n\n')}\n`);

/** What `--schema` gives: the named schema, and for some that of the whole input. */
const given = fc
  .tuple(schema, fc.option(schema, { nil: undefined }))
  .map(
    ([named, input]): Schemas =>
      new Map([['schema.named', named], ...(input === undefined ? [] : [['schema', input] as const])]),
  );

const strays = [
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ':=',
  '==',
  'if',
  'else',
  'not',
  'some',
  'in',
  'every',
  'with',
  'as',
  'default',
  'import rego.v1',
  ',',
  ';',
  '|',
  '.',
  '"',
  '`',
  '$"',
  '\\',
  '1e999999999',
  '\u0000',
  '🙂',
  '__proto__',
  'input',
  'data',
  '_',
  '#',
  '\n',
  'contains',
];

/** The module with a few tokens removed, doubled, exchanged or thrown in. */
const damaged = fc
  .tuple(
    module,
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...strays)), { minLength: 1, maxLength: 6 }),
  )
  .map(([text, edits]) => {
    const tokens = text.split(/(\s+|[[\](){},;|])/);
    for (const [where, what, stray] of edits) {
      const at = where % tokens.length;
      if (what === 0) tokens.splice(at, 1);
      else if (what === 1) tokens.splice(at, 0, tokens[at]!);
      else if (what === 2) tokens.splice(at, 1, stray);
      else tokens.splice(at, 0, stray);
    }
    return tokens.join('');
  });

interface Tally {
  accepted: number;
  /** Of these, by the type checker with schemas too. */
  typed: number;
  refused: number;
  formatted: number;
}

interface Outcome {
  readonly accepted: boolean;
  readonly text: string;
}

/** The documents of a module as JSON, or the code of the `RegoError` there is instead. */
function outcome(text: string, given: Schemas = new Map()): Outcome {
  try {
    const policy = {
      modules: { 'fuzz.rego': text },
      typeAnnotations: given.size > 0,
      schemas: given,
      query: 'x := data.fuzz',
    };
    const results = prepare(policy).evaluate(queryInput, budget);
    return { accepted: true, text: JSON.stringify(results.map(({ bindings }) => bindings)) };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { accepted: false, text: error.code };
  }
}

/** With schemas a module may be refused; what it says, if it is not, is what it says without. */
function checked(text: string, schemas: Schemas, plain: Outcome, tally: Tally): void {
  const typed = outcome(text, schemas);
  if (!typed.accepted) return;
  tally.typed++;
  if (typed.text !== plain.text)
    throw new Error(`with ${JSON.stringify([...schemas])} it came to ${typed.text}`);
}

/** Only of modules that parse: the formatter's answer parses to the same tree and is its own answer. */
function reformat(text: string, tally: Tally): void {
  let once: string;
  try {
    once = format(text, { file: 'fuzz.rego' });
  } catch (error) {
    if (error instanceof FormatError || (error as Error).name === 'ParseError') return;
    throw error;
  }
  tally.formatted++;
  // `default allow` is written as `default allow := true`: the same rule, otherwise spelt.
  const tree = (source: string): string =>
    moduleJson(parseModule(source, { file: 'fuzz.rego', annotations: false }), {
      locations: false,
      comments: false,
    }).replaceAll('"assign":true,', '');
  // Text in a template may be written otherwise than it was: then both must come to the same.
  if (tree(once) !== tree(text) && outcome(once).text !== outcome(text).text)
    throw new Error(`the formatter changed the meaning:\n${once}`);
  if (format(once, { file: 'fuzz.rego' }) !== once)
    throw new Error(`the formatter does not come to rest:\n${once}`);
}

/** Runs for `minutes`; throws at the first input that breaks a promise, with the input and the seed. */
export function fuzzRego(minutes: number, seed: number): void {
  const end = performance.now() + minutes * 60_000;
  const tally: Tally = { accepted: 0, typed: 0, refused: 0, formatted: 0 };
  let slowest = 0;
  for (let round = 0; performance.now() < end; round++) {
    const sample = { numRuns: 100, seed: seed + round };
    const schemas = fc.sample(given, sample);
    for (const [index, text] of fc.sample(round % 2 === 0 ? module : damaged, sample).entries()) {
      const started = performance.now();
      try {
        const plain = outcome(text);
        if (plain.accepted) tally.accepted++;
        else tally.refused++;
        checked(text, schemas[index % schemas.length]!, plain, tally);
        reformat(text, tally);
      } catch (error) {
        throw new Error(
          `seed ${seed + round}: ${(error as Error)?.stack ?? JSON.stringify(error)}\n\n${text}`,
        );
      }
      const took = performance.now() - started;
      slowest = Math.max(slowest, took);
      if (took > hangMs) throw new Error(`seed ${seed + round}: ${took.toFixed(0)} ms for\n\n${text}`);
    }
  }
  const total = tally.accepted + tally.refused;
  process.stdout.write(
    `${total} modules: ${tally.accepted} evaluated (${tally.typed} with schemas), ${tally.refused} refused with a RegoError, ${tally.formatted} formatted; slowest ${slowest.toFixed(0)} ms; seed ${seed}\n`,
  );
}

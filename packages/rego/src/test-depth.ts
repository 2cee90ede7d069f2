/**
 * Run by `depth.test.ts` as a program of its own, and by hand on other runtimes: policies and values of the depths that its
 * arguments give, and an ordinary policy in each of the last frames of the stack, through the public functions. Prints, as
 * JSON, how deep each kind of text was compiled and evaluated, what was thrown that is no error of the package, and the
 * answers of the ordinary policy with how often they came.
 */
import {
  Coverage,
  compile,
  dependencies,
  FormatError,
  format,
  isStackOverflow,
  type Json,
  moduleJson,
  moduleTree,
  optimize,
  ParseError,
  parseModule,
  RegoError,
  TestSuite,
} from './index.ts';
import { DEEP_RULES } from './test-depth-texts.ts';

const DEPTHS = process.argv.slice(2).map(Number);

/**
 * Some of these take more than stack: every `every` in another one is gone over by all those around it. Counted in steps, they
 * end at the same place however busy the machine is.
 */
const LIMITS = { maxSteps: 10_000_000, timeoutMs: Number.POSITIVE_INFINITY };

const wrong: Record<string, string> = {};
const depths: Record<string, number> = {};

/** Whether an error says no more than that something is too deep, too large or too slow here. */
function isBound(error: unknown): boolean {
  if (error instanceof FormatError) return true;
  if (error instanceof ParseError) return error.errors.every(({ code }) => code === 'rego_depth_error');
  if (!(error instanceof RegoError)) return false;
  return /_depth_error$|_cancel_error$/.test(error.code);
}

function attempt(what: string, body: () => unknown): boolean {
  try {
    body();
    return true;
  } catch (error) {
    if (!isBound(error)) wrong[what] ??= (error as Error).stack ?? String(error);
    return false;
  }
}

for (const [kind, text] of Object.entries(DEEP_RULES)) {
  for (const depth of DEPTHS) {
    const source = `package p\n\n${text(depth)}\n`;
    const input = { modules: { 'p.rego': source }, ...LIMITS };
    const passes = attempt(`${kind}: evaluate`, () =>
      compile(input).rule('data.p.r').evaluate({ x: 1 }, LIMITS),
    );
    if (passes) depths[kind] = depth;
    const again = (name: string, body: () => unknown) => attempt(`${kind}: ${name}`, body);
    again('query', () => compile(input).query('data.p.r = x').evaluate({ x: 1 }, LIMITS));
    again('json', () => moduleJson(parseModule(source), { locations: depth < 1_000 }));
    again('tree', () => moduleTree(parseModule(source)));
    again('format', () => format(source));
    again('partial', () => compile(input).partial('data.p.r', LIMITS));
    again('dependencies', () => dependencies(input, 'data.p.r'));
    again('optimize', () => optimize(input, { entrypoints: [['p', 'r']], inline: true, roots: [''] }));
    again('test', () => [...new TestSuite(input, { coverage: true }).run(LIMITS)]);
    again('coverage', () => {
      const coverage = new Coverage();
      coverage.evaluate(compile(input).tracedQuery('data.p.r'), { x: 1 }, LIMITS);
      coverage.report(new Map([['p.rego', { module: parseModule(source), text: source }]]));
    });
  }
}

/** A value that nests, made without recursion. */
function nested(depth: number, wrap: (inner: Json) => Json): Json {
  let value: Json = 1;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

const values = compile({
  modules: {
    'p.rego': `package p
same := input
text := json.marshal(input)
again := json.unmarshal(json.marshal(input))
equals if input == json.unmarshal(json.marshal(input))
set := {input, 1}
found if input in {input}
walked := count([1 | walk(input)])
shown := sprintf("%v", [input])
dumped := yaml.marshal(input)
`,
  },
});
for (const [kind, wrap] of [
  ['input of arrays', (inner: Json) => [inner]],
  ['input of objects', (inner: Json) => ({ a: inner })],
] as const) {
  for (const depth of DEPTHS) {
    const input = nested(depth, wrap);
    let all = true;
    for (const name of ['same', 'text', 'again', 'equals', 'set', 'found', 'walked', 'shown', 'dumped'])
      all = attempt(`${kind}: ${name}`, () => values.rule(`data.p.${name}`).evaluate(input)) && all;
    attempt(`${kind}: data`, () =>
      compile({ modules: {}, data: { d: input } })
        .rule('data.d')
        .evaluate(),
    );
    if (all) depths[kind] = depth;
  }
}

/** Further from the end than this many frames, the policy below has room enough. */
const FRAMES = 1_200;

const ordinary = `package p
import data.q
deny contains sprintf("%s: %d", [name, count(tags)]) if {
  some name, tags in input.images
  not q.trusted(name)
  every tag in tags { regex.match("^v[0-9]+$", tag) }
}`;
const other = `package q
trusted(name) if startswith(name, "good/")
trusted(name) if json.is_valid(name)`;
const images = { images: { 'good/a': ['v1'], '1': ['v2'], 'bad/b': ['v1', 'v2'], 'bad/c': ['latest'] } };
const ask = () =>
  JSON.stringify(
    compile({ modules: { 'p.rego': ordinary, 'q.rego': other } })
      .rule('data.p.deny')
      .evaluate(images),
  );
let frames = 0;
const answers = new Map<string, number>();
const descend = (): void => {
  try {
    descend();
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
  }
  if (frames++ >= FRAMES) return;
  try {
    const answer = ask();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  } catch (error) {
    // In the very last frames there is no room to make an error of the package.
    if (!isBound(error) && !isStackOverflow(error)) throw error;
  }
};
try {
  descend();
} catch (error) {
  wrong['the end of the stack'] = String(error);
}
const answer = ask();
answers.set(answer, (answers.get(answer) ?? 0) + 1);
process.stdout.write(`${JSON.stringify({ depths, wrong, answers: [...answers] }, undefined, 1)}\n`);

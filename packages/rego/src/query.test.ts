import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Builtin, compile, prepare, RegoError, T } from './index.ts';

/** The document `data.test.<name>` of a policy. */
function evaluate(rules: string, input?: unknown, options: { name?: string; data?: unknown } = {}): unknown {
  const { name = 'p', data = {} } = options;
  return compile({ modules: { 'test.rego': `package test\n${rules}` }, data })
    .rule(`data.test.${name}`)
    .evaluate(input);
}

function problemsOf(modules: Record<string, string>, strict = false): string[] {
  try {
    compile({ modules, strict });
  } catch (error) {
    if (error instanceof RegoError) return error.problems.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
}

/** What `action` throws. */
function problem(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('a prepared policy', () => {
  test('is evaluated many times and remembers nothing from one input to the next', () => {
    const deny = compile({
      modules: { 'a.rego': 'package a\ndeny contains x if some x in input.xs\nn := count(deny)' },
    });
    const n = deny.rule('data.a.n');
    expect([n.evaluate({ xs: [1, 2] }), n.evaluate({ xs: [1] }), n.evaluate({}), n.evaluate()]).toEqual([
      2, 1, 0, 0,
    ]);
  });

  test('gives plain data that the caller may change without changing later results', () => {
    const rule = compile({ modules: { 'a.rego': 'package a\np := data.list' }, data: { list: [1, 2] } }).rule(
      'data.a.p',
    );
    const first = rule.evaluate() as number[];
    first.push(3);
    expect(rule.evaluate()).toEqual([1, 2]);
  });

  test('reads a deeply frozen input', () => {
    const input = Object.freeze({ a: Object.freeze([Object.freeze({ b: 'c' })]) });
    expect(evaluate('p := {x.b | some x in input.a} | {1}', input)).toEqual([1, 'c']);
  });

  test('answers a query with values of expressions and bindings under their own names', () => {
    const query = prepare({
      modules: { 'a.rego': 'package a\np := {"k": 1}' },
      query: 'x := data.a.p[k]; x > 0',
    });
    expect(query.evaluate()).toEqual([
      {
        bindings: { k: 'k', x: 1 },
        expressions: [
          { value: true, text: 'x := data.a.p[k]', location: { row: 1, col: 1 } },
          { value: true, text: 'x > 0', location: { row: 1, col: 19 } },
        ],
      },
    ]);
  });

  test('an expression alone may be false, and an undefined one has no result', () => {
    const policy = compile({ modules: { 'a.rego': 'package a\ndefault p := false' } });
    expect(policy.query('data.a.p').evaluate()[0]?.expressions[0]?.value).toBe(false);
    expect(policy.query('data.a.q').evaluate()).toEqual([]);
    expect(policy.query('data.a.p; true').evaluate()).toEqual([]);
  });
});

describe('keys that could pollute prototypes', () => {
  const hostile = JSON.parse(
    '{"__proto__":{"admin":true},"constructor":{"prototype":1},"hasOwnProperty":"x"}',
  ) as unknown;

  test('are data in input', () => {
    expect(evaluate('p if input.__proto__.admin', hostile)).toBe(true);
    expect(evaluate('p if input.admin', hostile)).toBeUndefined();
    expect(evaluate('p := input.toString', hostile)).toBeUndefined();
    expect(evaluate('p := data.constructor', {}, { data: {} })).toBeUndefined();
  });

  test('are data in results', () => {
    const result = evaluate('p := {k: v | some k, v in input}', hostile) as Record<string, unknown>;
    expect(Object.keys(result).sort()).toEqual(['__proto__', 'constructor', 'hasOwnProperty']);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  test('are names of rules and of functions of other packages', () => {
    expect(evaluate('p["__proto__"] := 1\np["toString"] := 2')).toEqual(
      JSON.parse('{"__proto__":1,"toString":2}'),
    );
  });
});

describe('a hostile policy cannot hang or crash its host', () => {
  const slow =
    'package a\np := count([1 | some i in numbers.range(1, 2000); some j in numbers.range(1, 2000); i != j])';

  test('steps are bounded', () => {
    const rule = compile({ modules: { 'a.rego': slow } }).rule('data.a.p');
    expect(() => rule.evaluate({}, { maxSteps: 100_000 })).toThrow(
      expect.objectContaining({
        code: 'eval_cancel_error',
        message: 'evaluation took more than 100000 steps',
      }),
    );
  });

  test('time is bounded', () => {
    const rule = compile({ modules: { 'a.rego': slow } }).rule('data.a.p');
    expect(() => rule.evaluate({}, { timeoutMs: 1 })).toThrow(
      expect.objectContaining({ code: 'eval_cancel_error' }),
    );
  });

  test('an aborted signal ends the evaluation', () => {
    const rule = compile({ modules: { 'a.rego': slow } }).rule('data.a.p');
    expect(() => rule.evaluate({}, { signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'eval_cancel_error', message: 'caller cancelled query execution' }),
    );
  });

  test('after a failed evaluation the next one works', () => {
    const rule = compile({
      modules: { 'a.rego': 'package a\np := sum([x | some x in input.xs; x > 0])' },
    }).rule('data.a.p');
    const xs = Array.from({ length: 5000 }, () => 1);
    expect(() => rule.evaluate({ xs }, { maxSteps: 10 })).toThrow(RegoError);
    expect(rule.evaluate({ xs: [1, 2] })).toBe(3);
  });

  test('input nested ten thousand deep is an error and no crash', () => {
    let input: unknown = 1;
    for (let depth = 0; depth < 200_000; depth++) input = [input];
    const rule = compile({ modules: { 'a.rego': 'package a\np if input == [[1]]\nq := {input}' } });
    expect(rule.rule('data.a.p').evaluate(input)).toBeUndefined();
    expect(() => rule.rule('data.a.q').evaluate(input)).toThrow(
      expect.objectContaining({ code: 'eval_depth_error' }),
    );
  });

  test('recursion is refused when compiling', () => {
    expect(problemsOf({ 'a.rego': 'package a\np if q\nq if p' })).toEqual([
      'rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p',
      'rego_recursion_error: rule data.a.q is recursive: data.a.q -> data.a.p -> data.a.q',
    ]);
    expect(problemsOf({ 'a.rego': 'package a\nf(x) := f(x)' })[0]).toMatch(/^rego_recursion_error/);
    expect(problemsOf({ 'a.rego': 'package a\np := data' })[0]).toMatch(/^rego_recursion_error/);
  });
});

describe('what is written in an unusual way means what it means in OPA', () => {
  test.each([
    ['{"a": input.missing, "a": 1, "b": 2, "a": 3}', { a: 3, b: 2 }],
    ['{1: "a", 1.0: "b"}', { 1: 'b' }],
    ['object.union({1: "a"}, {1.0: "b"})', { 1: 'b' }],
    ['product([0.1, 3.5])', 0.35000000000000003],
    ['product([3.5, 0.1])', 0.35],
    ['product([9007199254740993, 2]) == 18014398509481986', true],
  ])('%s', (expression, value) => {
    expect(prepare({ modules: {}, query: `x := ${expression}` }).evaluate({})[0]?.bindings.x).toEqual(value);
  });
});

describe('errors say where and what', () => {
  test.each([
    ['p if x == 1', 'rego_unsafe_var_error: var x is unsafe'],
    ['p := x', 'rego_unsafe_var_error: var x is unsafe'],
    ['p if { x := 1; x := 2 }', 'rego_compile_error: var x assigned above'],
    ['p if { some x; some x; x = 1 }', 'rego_compile_error: var x declared above'],
    ['p if { x == 1; x := 1 }', 'rego_compile_error: var x referenced above'],
    ['f(x) if x := 1', 'rego_compile_error: arg x redeclared'],
    ['p if nosuch(1)', 'rego_type_error: undefined function nosuch'],
    ['f(x) := x\np := f(1, 2, 3)', 'rego_type_error: function data.test.f has arity 1, got 3 arguments'],
    ['p := 1\np contains 2', 'rego_type_error: conflicting rules data.test.p found'],
    [
      'p := 1\np.q := 2',
      'rego_type_error: rule data.test.p conflicts with:\n  rule data.test.p.q at test.rego:3',
    ],
    [
      'p if { some x in [1]; true }\nq := 1 if 1 with nosuch as 2',
      'rego_type_error: with keyword target must reference existing input, data, or a function',
    ],
  ])('%s', (rules, problem) => {
    expect(problemsOf({ 'test.rego': `package test\n${rules}` })).toContain(problem);
  });

  test('strict mode finds what is not used', () => {
    const text = 'package a\nimport data.b\nf(x, y) := x\np if { z := 1 }';
    expect(problemsOf({ 'a.rego': text }, true)).toEqual(['rego_compile_error: import data.b unused']);
    expect(problemsOf({ 'a.rego': text.replace('import data.b\n', '') }, true)).toEqual([
      'rego_compile_error: unused argument y. (hint: use _ (wildcard variable) instead)',
      'rego_compile_error: assigned var z unused',
    ]);
    expect(problemsOf({ 'a.rego': text })).toEqual([]);
  });

  test('show the line with a caret', () => {
    const failing = (): unknown =>
      compile({ modules: { 'dir/a.rego': 'package a\n\np if {\n\tinput.x == y\n}' } });
    expect(failing).toThrow(RegoError);
    try {
      failing();
    } catch (error) {
      expect(String(error)).toBe(
        'dir/a.rego:4:2: rego_unsafe_var_error: var y is unsafe\n\t\tinput.x == y\n\t\t^',
      );
    }
  });

  test('show the part of a long line that the caret is in', () => {
    const long = 'é'.repeat(300);
    const failing = () => compile({ modules: { 'a.rego': `package a\np if { "${long}"; y; "${long}" }` } });
    const [, line, caret] = String(problem(failing)).split('\n\t');
    expect(line).toHaveLength(162);
    expect(line).toMatch(/^…é+"; y; "é+…$/);
    expect(line![caret!.length - 1]).toBe('y');
  });

  test('a conflict of rules is an error, not a choice', () => {
    expect(() => evaluate('p := 1 if input.a\np := 2 if input.b', { a: true, b: true })).toThrow(
      expect.objectContaining({
        code: 'eval_conflict_error',
        message: 'complete rules must not produce multiple outputs',
        location: expect.objectContaining({ file: 'test.rego' }) as unknown,
      }),
    );
    expect(() => evaluate('p[x] := y if some x, y in input', [1]) ?? 0).not.toThrow();
    expect(() => evaluate('p["k"] := y if { some x in [1, 2]; y := x }\np[k] := 3 if k := "k"')).toThrow(
      expect.objectContaining({ code: 'eval_conflict_error', message: 'object keys must be unique' }),
    );
  });

  test('errors of built-ins undefine, unless the caller wants them strict', () => {
    const rule = compile({ modules: { 'a.rego': 'package a\np := 1 / input.x' } }).rule('data.a.p');
    expect(rule.evaluate({ x: 0 })).toBeUndefined();
    expect(() => rule.evaluate({ x: 0 }, { strictBuiltinErrors: true })).toThrow(
      expect.objectContaining({ code: 'eval_builtin_error', message: 'div: divide by zero' }),
    );
  });
});

describe('rules found by what they compare with', () => {
  const many = (make: (index: number) => string): string =>
    Array.from({ length: 10 }, (_, index) => make(index)).join('\n');

  test('give the same as rules tried one by one', () => {
    const rules = `
      ${many((i) => `p contains ${i} if input.kind == "k${i}"`)}
      ${many((i) => `p contains ${i + 100} if input.kind in {"k${i}", "k${i + 1}"}`)}
      p contains "always"
      p contains "late" if { x := input.kind; startswith(x, "k"); x == "k3" }`;
    expect(evaluate(rules, { kind: 'k3' })).toEqual([3, 102, 103, 'always', 'late']);
    expect(evaluate(rules, { kind: 'other' })).toEqual(['always']);
    expect(evaluate(rules, {})).toEqual(['always']);
  });

  test('find a number however it is written, and composite values', () => {
    const rules = `${many((i) => `p contains ${i} if input.n == ${i}`)}
      q contains "list" if input.n == [1, {"a": 2}]
      ${many((i) => `q contains ${i} if input.n == "${i}"`)}`;
    const one = JSON.parse('{"n": 1.0}') as unknown;
    expect(evaluate(rules, one)).toEqual([1]);
    expect(evaluate(rules, { n: [1, { a: 2 }] }, { name: 'q' })).toEqual(['list']);
  });

  test('of functions are found by their arguments, and conflicts among them are still seen', () => {
    const rules = `${many((i) => `f("k${i}", x) := x + ${i}`)}
      f("k1", x) := 7 if x == 5
      p := f(input.k, input.x)`;
    expect(evaluate(rules, { k: 'k4', x: 1 })).toBe(5);
    expect(evaluate(rules, { k: 'none', x: 1 })).toBeUndefined();
    expect(() => evaluate(rules, { k: 'k1', x: 5 })).toThrow(
      expect.objectContaining({ message: 'functions must not produce multiple outputs for same inputs' }),
    );
  });

  test('fall back to the default and to else', () => {
    const rules = `default p := "none"
      ${many((i) => `p := ${i} if input.k == "k${i}"`)}
      q := 1 if { input.k == "x" } else := 2 if input.k == "y"
      ${many((i) => `q := ${i + 10} if input.k == "q${i}"`)}`;
    expect([evaluate(rules, { k: 'k2' }), evaluate(rules, { k: 'zz' }), evaluate(rules, {})]).toEqual([
      2,
      'none',
      'none',
    ]);
    expect(evaluate(rules, { k: 'y' }, { name: 'q' })).toBe(2);
  });
});

describe('documents that see only data', () => {
  test('are not kept where with replaces what they are made of', () => {
    const rules = `
      names := {n | some n in data.list}
      size(x) := count(x)
      n := size(names)
      p := [n, a, b, n] if {
        a := n with data.list as ["x", "y", "z"]
        b := n with size as 9
      }`;
    expect(evaluate(rules, {}, { data: { list: ['x'] } })).toEqual([1, 3, 9, 1]);
  });

  test('show their errors to a strict caller even when a lenient one came first', () => {
    const rule = compile({ modules: { 'a.rego': 'package a\np := 1 / data.zero' }, data: { zero: 0 } }).rule(
      'data.a.p',
    );
    expect(rule.evaluate()).toBeUndefined();
    expect(() => rule.evaluate({}, { strictBuiltinErrors: true })).toThrow(RegoError);
  });

  test.each([
    ['a set rule', 'a contains y if { some x in [1, 0]; y := 1 / x }\nb := count(a)', 'data.a.a'],
    [
      'a member of a set rule',
      's contains x if { some x in [1, 2]; 1 / (x - 2) }\nb if not s[2]',
      'not data.a.s[2]',
    ],
    [
      'a member of an object rule',
      'm[x] := y if { some x in [1, 0]; y := 1 / x }\nb if not m[0]',
      'not data.a.m[0]',
    ],
    ['a function', 'f(x) := 1 / x\nb if not f(0)', 'not data.a.f(0)'],
  ])('show the errors of %s that was evaluated before them', (_, rules, before) => {
    const policy = compile({ modules: { 'a.rego': `package a\n${rules}` }, data: { list: [1, 0] } });
    const [result] = policy.query(`${before}; data.a.b`).evaluate();
    expect(result).toBeDefined();
    expect(() => policy.rule('data.a.b').evaluate({}, { strictBuiltinErrors: true })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('div: divide by zero') as string }),
    );
  });

  test('are not kept from the inside of a function that stands for another', () => {
    const policy = compile({
      modules: {
        'a.rego': `package a
          h := upper("a")
          k("a") := "mock"
          k("b") := h
          inner := [a, b] if { a := h; b := upper("b") }
          r := x if x := inner with upper as k`,
      },
    });
    expect(policy.rule('data.a.r').evaluate()).toEqual(['mock', 'mock']);
    expect(policy.rule('data.a.h').evaluate()).toBe('A');
  });

  test('may be comprehensions inside a rule that sees the input', () => {
    const rules = `p := [x | some x in input.xs; not x in {y | some y in data.list; y != input.skip}]
      q := [x | some x in input.xs; not x in {y | some y in data.list; y != 0}]
      r := q if true with data.list as [5]`;
    const options = { data: { list: [1, 2] } };
    expect(evaluate(rules, { xs: [1, 2, 3], skip: 2 }, options)).toEqual([2, 3]);
    const policy = compile({ modules: { 'a.rego': `package a\n${rules}` }, ...options });
    expect(policy.rule('data.a.q').evaluate({ xs: [1, 5] })).toEqual([5]);
    expect(
      policy.query('data.a.q = x with data.list as [5] with input.xs as [1, 5]').evaluate()[0]?.bindings,
    ).toEqual({ x: [1] });
    expect(policy.rule('data.a.q').evaluate({ xs: [1, 5] })).toEqual([5]);
  });

  test('do not keep the time', () => {
    const rule = compile({ modules: { 'a.rego': 'package a\np := time.now_ns()' } }).rule('data.a.p');
    expect([rule.evaluate({}, { timeNs: 1n }), rule.evaluate({}, { timeNs: 2n })]).toEqual([1, 2]);
  });

  test('are taken from data as it was when compiled', () => {
    const data = { list: [{ n: 1 }] };
    const rule = compile({ modules: { 'a.rego': 'package a\np := data.list[0].n' }, data }).rule('data.a.p');
    data.list[0] = { n: 2 };
    expect(rule.evaluate()).toBe(1);
  });
});

test('a comprehension that selects gives the same for every key, however often it is evaluated', () => {
  const rules = `
    teams := {s.team | some s in input.services}
    p[team] := [names, ports, both] if {
      some team in teams
      names := [s.name | some s in input.services; s.team == team]
      ports := {s.port | some s in input.services; team = s.team}
      both := [s.name | some s in input.services; s.team == team; s.port == count(names)]
      count([t | t := team; some s in input.services; s.team == t]) == count(names)
    }
    none := [count([1 | some s in input.services; s.team == t]) | some t in numbers.range(1, 20)]`;
  const services = Array.from({ length: 60 }, (_, index) => ({
    name: `s${index}`,
    team: `t${index % 15}`,
    port: index % 7,
  }));
  const result = evaluate(rules, { services }) as Record<string, unknown[]>;
  for (let team = 0; team < 15; team++) {
    const own = services.filter((service) => service.team === `t${team}`);
    const ports = [...new Set(own.map(({ port }) => port))].sort();
    const both = own.filter(({ port }) => port === own.length).map(({ name }) => name);
    expect(result[`t${team}`]).toEqual([own.map(({ name }) => name), ports, both]);
  }
  expect(evaluate(rules, { services }, { name: 'none' })).toEqual(Array.from({ length: 20 }, () => 0));
});

describe('types', () => {
  test.each([
    ['p if "a" == 1', 'match error'],
    ['p := count(1)', 'count: invalid argument(s)'],
    ['r := {"a": 1}\np := r.b', 'undefined ref: data.test.r.b'],
    ['f(x) := x\np := f', 'function data.test.f used as reference, not called'],
    ['p if { x := [1, "a"]; x[2] == 1 }', 'undefined ref: x[2]'],
  ])('no value could satisfy %s', (rules, message) => {
    expect(problemsOf({ 'test.rego': `package test\n${rules}` })).toContain(`rego_type_error: ${message}`);
  });

  test('of documents that with replaces are not held against it', () => {
    expect(evaluate('limit := 1\nq := limit\np if q == "x" with data.test.limit as "x"')).toBe(true);
  });
});

test('null is a value wherever a value can be', () => {
  const rules = `
    complete := null
    f(_) := null
    set contains null
    object[k] := null if some k in ["k"]
    p := [complete, complete, f(1), f(1), null in set, object.k, object.k, data.base.n, input.n, data.masked]
    q := x if x := data.base with data.base as null`;
  const all = [null, null, null, null, true, null, null, null, null, null];
  expect(evaluate(rules, { n: null }, { data: { base: { n: null }, masked: null } })).toEqual(all);
  expect(evaluate(rules, {}, { name: 'q' })).toBeNull();
});

describe('with', () => {
  const rules = `
    allow if input.user == "admin"
    limit := data.limits.cpu
    twice(x) := x * 2
    both if { allow with input.user as "admin"; not allow with input.user as "bob"; not allow }
    p := [x, y, z] if {
      x := limit with data.limits as {"cpu": 2}
      y := limit
      z := twice(3) with twice as count_up with data.limits.cpu as 9
    }
    count_up(x) := x + limit`;

  test('changes input, data and functions for one expression only', () => {
    expect(evaluate(rules, { user: 'eve' }, { name: 'both' })).toBe(true);
    expect(evaluate(rules, {}, { data: { limits: { cpu: 1 } } })).toEqual([2, 1, 12]);
  });

  test('a result kept under one input is not used under another', () => {
    const cached = 'a := input.x\np := [a, b, a] if b := a with input.x as 2';
    expect(evaluate(cached, { x: 1 })).toEqual([1, 2, 1]);
  });

  test('of a query reaches documents that were evaluated without it before', () => {
    const policy = compile({ modules: { 'a.rego': 'package a\nf(x) := x\np := 1\nq := [p, f(2)]' } });
    expect(policy.rule('data.a.q').evaluate()).toEqual([1, 2]);
    const replaced = policy.query('x := data.a.q with data.a.p as 5 with data.a.f as 6');
    expect(replaced.evaluate()[0]?.bindings).toEqual({ x: [5, 6] });
    expect(policy.rule('data.a.q').evaluate()).toEqual([1, 2]);
  });

  test('loops inside a modified expression go on in the modified state', () => {
    const loops = 'xs := input.xs\np := {[x, y] | xs[_] = x with input.xs as [1, 2]; xs[_] = y}';
    expect(evaluate(loops, { xs: [8, 9] })).toEqual([
      [1, 8],
      [1, 9],
      [2, 8],
      [2, 9],
    ]);
  });
});

describe('functions of the host', () => {
  const now: Builtin = {
    name: 'pratique.shout',
    declaration: { args: [T.string], result: T.string },
    call: (_context, text) => `${String(text)}!`,
  };

  test('belong to one policy and not to others', () => {
    const modules = { 'a.rego': 'package a\np := pratique.shout("hi")' };
    expect(
      compile({ modules, builtins: [now] })
        .rule('data.a.p')
        .evaluate(),
    ).toBe('hi!');
    expect(problemsOf(modules)).toEqual(['rego_type_error: undefined function pratique.shout']);
  });

  test('that crash end the evaluation with an error that names them', () => {
    const crash: Builtin = {
      ...now,
      call: () => {
        throw new Error('no connection');
      },
    };
    const modules = { 'a.rego': 'package a\np := pratique.shout("hi")' };
    expect(() =>
      compile({ modules, builtins: [crash] })
        .rule('data.a.p')
        .evaluate(),
    ).toThrow(
      expect.objectContaining({ code: 'eval_internal_error', message: 'pratique.shout: no connection' }),
    );
  });

  test('may not replace one of the language', () => {
    expect(() => compile({ modules: {}, builtins: [{ ...now, name: 'count' }] })).toThrow(TypeError);
  });
});

test('print shows undefined operands and does not stop a rule', () => {
  const lines: string[] = [];
  const policy = compile({
    modules: { 'a.rego': 'package a\np if { print("x is", input.x, "y is", input.y) }' },
    print: (message, location) => lines.push(`${location?.file}:${location?.row} ${message}`),
  });
  expect(policy.rule('data.a.p').evaluate({ x: [1] })).toBe(true);
  expect(lines).toEqual(['a.rego:2 x is [1] y is <undefined>']);
});

test('a member of a set or an object is found the same way whether or not all of it was made', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 6 }),
      fc.jsonValue({ maxDepth: 1 }),
      (xs, x) => {
        const rules = `
        members contains y if some y in input.xs
        pairs[y] := [y] if some y in input.xs
        single := [{"in" | members[input.x]}, {y | y := pairs[input.x]}]
        p := [{"in" | members[input.x]}, {y | y := pairs[input.x]}] if { count(members) >= 0; count(pairs) >= 0 }`;
        const input = { xs, x };
        expect(evaluate(rules, input)).toEqual(evaluate(rules, input, { name: 'single' }));
      },
    ),
    { numRuns: 30 },
  );
});

test('a number without its leading zero is one, as in OPA', () => {
  const { bindings } = prepare({ modules: {}, query: 'x := {.2, 0.2, 1}; y := .5e1 + 1; z := -.2' }).evaluate(
    {},
  )[0]!;
  expect(bindings).toEqual({ x: [0.2, 1], y: 6, z: -0.2 });
});

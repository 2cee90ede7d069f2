import { describe, expect, test } from 'vitest';
import { RegoError } from '../errors.ts';
import { compile } from '../query.ts';

const LENGTH = 5_000;

function chain(link: (i: number) => string, last: string): string {
  const rules = Array.from({ length: LENGTH }, (_, i) => link(i));
  return `package p\n\n${rules.join('\n')}\n${last}\n`;
}

describe('rules that each need the next, further than the stack goes', () => {
  test.each<[string, string, unknown]>([
    ['values', chain((i) => `r${i} := r${i + 1} + 1`, `r${LENGTH} := input.x`), LENGTH + 7],
    ['values of base data', chain((i) => `r${i} := r${i + 1} + 1`, `r${LENGTH} := data.base`), LENGTH + 3],
    ['conditions', chain((i) => `r${i} if { input.x == 7; r${i + 1} }`, `r${LENGTH} if input.x`), true],
    ['negations', chain((i) => `r${i} if not r${i + 1}`, `r${LENGTH} if input.x`), true],
    ['else', chain((i) => `r${i} := 1 if input.y\nelse := r${i + 1}`, `r${LENGTH} := input.x`), 7],
    ['defaults', chain((i) => `default r${i} := 1\nr${i} := r${i + 1} if input.x`, `r${LENGTH} := 9`), 9],
    ['sets', chain((i) => `r${i} contains x if some x in r${i + 1}`, `r${LENGTH} contains input.x`), [7]],
    [
      'members of sets',
      chain((i) => `r${i} contains 7 if 7 in r${i + 1}`, `r${LENGTH} contains input.x`),
      [7],
    ],
    ['objects', chain((i) => `r${i}[k] := v if some k, v in r${i + 1}`, `r${LENGTH}.a := input.x`), { a: 7 }],
    [
      'members of objects',
      chain((i) => `r${i}[k] := r${i + 1}[k] if k := "a"`, `r${LENGTH}.a := input.x`),
      { a: 7 },
    ],
    [
      'functions',
      `${chain((i) => `f${i}(x) := f${i + 1}(x + 1)`, `f${LENGTH}(x) := x`)}\nr0 := f0(input.x)`,
      LENGTH + 7,
    ],
    [
      'comprehensions',
      chain((i) => `r${i} := [x | some x in r${i + 1}]`, `r${LENGTH} := [input.x, 1]`),
      [7, 1],
    ],
    [
      'two at each step',
      chain((i) => `r${i} := r${i + 1} + s${i}\ns${i} := r${i + 1} - r${i + 1}`, `r${LENGTH} := input.x`),
      7,
    ],
  ])('%s', { timeout: 60_000 }, (_name, text, expected) => {
    const policy = compile({ modules: { 'p.rego': text }, data: { base: 3 } });
    expect(policy.rule('data.p.r0').evaluate({ x: 7 })).toEqual(expected);
    expect(policy.query('x := data.p.r0').evaluate({ x: 7 })).toMatchObject([{ bindings: { x: expected } }]);
  });

  test('an answer that comes after others is given once', () => {
    const text = chain((i) => `r${i} := r${i + 1}`, `r${LENGTH} := input.x`);
    const query = compile({ modules: { 'p.rego': text } }).query('some x in [1, 2, 3]; y := data.p.r0 + x');
    expect(query.evaluate({ x: 7 }).map(({ bindings }) => bindings)).toEqual([
      { x: 1, y: 8 },
      { x: 2, y: 9 },
      { x: 3, y: 10 },
    ]);
  });

  test('what is printed is printed once', () => {
    const printed: string[] = [];
    const text = chain((i) => `r${i} := x if { print(${i}); x := r${i + 1} }`, `r${LENGTH} := input.x`);
    const policy = compile({ modules: { 'p.rego': text }, print: (line) => printed.push(line) });
    expect(policy.rule('data.p.r0').evaluate({ x: 7 })).toBe(7);
    expect(printed.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: LENGTH }, (_, i) => i));
  });

  test('what is printed before an error is printed', () => {
    const printed: string[] = [];
    const text = 'package p\nr := x if { print("before"); x := 1 }\ns := 1\ns := input.x';
    const policy = compile({
      modules: { 'p.rego': `${text}\nt if { print("before"); s == 1 }` },
      print: (line) => printed.push(line),
    });
    expect(() => policy.rule('data.p.t').evaluate({ x: 2 })).toThrow(RegoError);
    expect(printed).toEqual(['before']);
  });

  test('steps and time are counted over all beginnings', () => {
    const text = chain((i) => `r${i} := r${i + 1}`, `r${LENGTH} := input.x`);
    const rule = compile({ modules: { 'p.rego': text } }).rule('data.p.r0');
    for (const options of [{ maxSteps: 1_000 }, { timeoutMs: 0 }, { signal: AbortSignal.abort() }]) {
      expect(() => rule.evaluate({ x: 7 }, options)).toThrow(
        expect.objectContaining({ code: 'eval_cancel_error' }),
      );
    }
    expect(rule.evaluate({ x: 7 })).toBe(7);
  });

  test('under with they are an error of its own and no wrong answer', () => {
    const text = chain((i) => `r${i} := r${i + 1}`, `r${LENGTH} := input.x`);
    const rule = compile({ modules: { 'p.rego': `${text}\ns := x if x := r0 with input.x as 8` } }).rule(
      'data.p.s',
    );
    // However much stack there is, little of it is left here.
    expect(() => nearTheEnd(() => rule.evaluate({ x: 7 }))).toThrow(
      expect.objectContaining({ code: 'eval_depth_error' }),
    );
  });
});

/** Runs something with the stack of so many small frames. */
function nearTheEnd<T>(run: () => T, left = 2_000): T {
  let frames = 0;
  let result: { readonly value: T } | undefined;
  const descend = (): void => {
    try {
      descend();
    } catch (error) {
      if (result !== undefined || frames >= left) throw error;
    }
    if (++frames === left) result = { value: run() };
  };
  descend();
  return result!.value;
}

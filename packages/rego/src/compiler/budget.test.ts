import { describe, expect, test } from 'vitest';
import { RegoError } from '../errors.ts';
import { type CompileInput, compile } from '../index.ts';

function failure(text: string, bounds: Partial<CompileInput>): RegoError | undefined {
  try {
    compile({ modules: { 'p.rego': `package p\n\n${text}\n` }, ...bounds }).rule('data.p');
    return undefined;
  } catch (error) {
    if (error instanceof RegoError) return error;
    throw error;
  }
}

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('\n');
}

/** One of 80 objects of 80 members each, in two rules that are compared again and again. */
const unions = (name: string): string =>
  lines(
    80,
    (i) =>
      `${name} := {${Array.from({ length: 80 }, (_, j) => `"k${j}": ${j === i ? '"a"' : `{"${name}": 1}`}`).join(', ')}} if input.x == ${i}`,
  );

const HOSTILE: readonly [string, string][] = [
  [
    'unions of types that are compared member by member',
    `${unions('a')}\n${unions('b')}\n${lines(2_000, (i) => `c${i} if a == b`)}`,
  ],
  [
    'comprehensions that see all outside, in rules without end',
    lines(
      400,
      (n) =>
        `r${n} := y if {\n${lines(60, (i) => `\tx${i} := ${n}`)}\n\ty := ${'[x0 | x1 == 1; z := '.repeat(100)}1${']'.repeat(100)}\n}`,
    ),
  ],
  [
    'refs with a variable at every level, into a tree of rules',
    `${lines(4_000, (i) => `a.b${i % 20}.c${((i / 20) % 20) | 0}.d${i} := 1`)}\n${lines(4_000, (i) => `r${i} if data[_][_][_][_][x${i}] == ${i}`)}`,
  ],
  [
    'lists that are read as a comprehension and then as a list, at every level',
    `r := ${'[a | '.repeat(18)}b${', c]'.repeat(18)}`,
  ],
];

describe('a compilation', () => {
  test.each(HOSTILE)('ends at its steps: %s', { timeout: 30_000 }, (_name, text) => {
    const error = failure(text, { maxSteps: 200_000 });
    expect(error?.code).toBe('rego_cancel_error');
    expect(error?.message).toBe('compiling took more than 200000 steps');
  });

  test.each(HOSTILE)('ends at its time: %s', { timeout: 30_000 }, (_name, text) => {
    const error = failure(text, { timeoutMs: 1 });
    expect(error?.code).toBe('rego_cancel_error');
    expect(error?.message).toBe('compiling took longer than 1 ms');
  });

  test('ends when it is cancelled', () => {
    const error = failure('allow := true', { signal: AbortSignal.abort() });
    expect(error?.code).toBe('rego_cancel_error');
    expect(error?.message).toBe('caller cancelled the compilation');
  });

  test('ends when it is cancelled while it is under way', () => {
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > 2;
      },
    } as AbortSignal;
    expect(failure(HOSTILE[1]?.[1] as string, { signal })?.code).toBe('rego_cancel_error');
    expect(looks).toBe(3);
  });

  test('of a query has bounds of its own, and the policy can be used after one was passed', {
    timeout: 30_000,
  }, () => {
    const policy = compile({ modules: { 'p.rego': 'package p\n\nallow if input.x' }, maxSteps: 20_000 });
    const query = Array.from({ length: 5_000 }, (_, i) => `x${i} := input.x`).join('; ');
    expect(() => policy.query(query)).toThrow(expect.objectContaining({ code: 'rego_cancel_error' }));
    expect(() => policy.partial(query)).toThrow(expect.objectContaining({ code: 'rego_cancel_error' }));
    expect(policy.rule('data.p.allow').evaluate({ x: 1 })).toBe(true);
  });

  test('of a large policy is well within its bounds', { timeout: 60_000 }, () => {
    const text = lines(
      5_000,
      (i) => `r${i} contains x if { some x in input.xs; x.y == ${i}; not r${i + 1}[x.z] }`,
    );
    expect(failure(`${text}\nr5000 contains 1`, { maxSteps: 10_000_000 })).toBeUndefined();
  });
});

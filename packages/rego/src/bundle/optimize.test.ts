import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompileInput } from '../engine.ts';
import { RegoError } from '../errors.ts';
import { compile, type Policy } from '../query.ts';
import { DATA, inputs, policies } from '../topdown/testing/policies.ts';
import { type OptimizeOptions, optimize } from './optimize.ts';

const WHOLE: Omit<OptimizeOptions, 'entrypoints'> = { inline: false, roots: [''] };

/** The policies as they are, and what they are optimized to. */
function both(input: CompileInput, options: OptimizeOptions): [Policy, Policy] {
  const { modules } = optimize(input, options);
  const texts = Object.fromEntries([...modules].map(([name, { text }]) => [name, text]));
  const regoVersions = new Map([...modules].map(([name, { regoVersion }]) => [name, regoVersion]));
  return [compile(input), compile({ ...input, modules: texts, regoVersions })];
}

function answer(policy: Policy, path: string, input: unknown): unknown {
  try {
    return policy.rule(path).evaluate(input);
  } catch (error) {
    if (error instanceof RegoError) return error.code;
    throw error;
  }
}

const RULES = ['top', 'q', 'd', 'e', 's', 'o', 'r0', 'r1'];

test('every rule of optimized policies gives what it gave', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(
      policies,
      fc.array(inputs, { minLength: 2, maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom(
        [['p', 'top']],
        [
          ['p', 'r1'],
          ['p', 'top'],
        ],
        [
          ['p', 's'],
          ['p', 'e'],
          ['p', 'top'],
        ],
      ),
      (policy, worlds, inline, entrypoints) => {
        const input = { modules: { 'p.rego': policy }, data: DATA };
        let pair: [Policy, Policy];
        try {
          pair = both(input, { ...WHOLE, inline, entrypoints });
        } catch (error) {
          // Some comparisons cannot hold by their types, and some entry points cannot hold at all.
          if (['rego_type_error', 'bundle_entrypoint'].includes((error as { code?: string }).code ?? '')) {
            fc.pre(false);
          }
          throw error;
        }
        for (const world of worlds) {
          for (const rule of RULES) {
            const [before, after] = pair.map((each) => answer(each, `data.p.${rule}`, world));
            expect(after, `${rule} of ${policy}\n${JSON.stringify(world)}`).toEqual(before);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe('optimizing', () => {
  const texts = (text: string, options: OptimizeOptions, data: object = {}): Record<string, string> =>
    Object.fromEntries(
      [...optimize({ modules: { 'p.rego': text }, data }, options).modules].map(([name, made]) => [
        name,
        made.text,
      ]),
    );

  test('puts what is known into the rules of an entry point, and leaves other rules alone', () => {
    const made = texts(
      'package p\n\nallow if input.user in data.admins\n\n# about other\nother if input.x',
      { ...WHOLE, inline: true, entrypoints: [['p', 'allow']] },
      { admins: ['ann'] },
    );
    expect(made).toEqual({
      'optimized/p.rego':
        'package p\n\nallow := __result__ if {\n\tinput.user in ["ann"]\n\t__result__ = true\n}\n',
      'p.rego': 'package p\n\n# about other\nother if input.x',
    });
  });

  test('does not let what METADATA says of a rule that is gone fall to the next one', () => {
    const text = `# METADATA
# title: a package
package p

# METADATA
# title: gone
# entrypoint: true
allow if input.x == data.y

# METADATA
# title: stays
other := rego.metadata.rule().title
`;
    const made = texts(text, { ...WHOLE, entrypoints: [['p', 'allow']] }, { y: 1 });
    expect(made['p.rego']).not.toContain('gone');
    const policy = compile({ modules: made, data: { y: 1 } });
    expect(policy.rule('data.p').evaluate({ x: 1 })).toEqual({ allow: true, other: 'stays' });
  });

  test('keeps documents that a test replaces', () => {
    const text = `package p

allow if input.user in data.admins

test_allow if allow with input.user as "eve" with data.admins as ["eve"]
`;
    for (const inline of [false, true]) {
      const made = texts(text, { ...WHOLE, inline, entrypoints: [['p', 'allow']] }, { admins: ['ann'] });
      const policy = compile({ modules: made, data: { admins: ['ann'] } });
      expect(policy.rule('data.p.test_allow').evaluate({})).toBe(true);
      expect(policy.rule('data.p.allow').evaluate({ user: 'ann' })).toBe(true);
    }
  });

  test('keeps documents that a rule replaces which does not need the entry point', () => {
    const text = `package p

allow if { admin; input.x }

admin if input.user in data.admins

test_admin if admin with input.user as "eve" with data.admins as ["eve"]
`;
    const made = texts(text, { ...WHOLE, entrypoints: [['p', 'allow']] }, { admins: ['ann'] });
    const policy = compile({ modules: made, data: { admins: ['ann'] } });
    expect(policy.rule('data.p.test_admin').evaluate({})).toBe(true);
  });

  test('leaves objects as they are whose members would be there without a rule that gives them', () => {
    const text =
      'package p\n\nlevels[name].at[level] := 1 if { some name, level in data.limits; level > input.level }';
    const input = { modules: { 'p.rego': text }, data: { limits: { ann: 3 } } };
    const { modules, left } = optimize(input, { ...WHOLE, inline: true, entrypoints: [['p', 'levels']] });
    expect(left).toEqual(['data.p.levels']);
    expect([...modules.values()].map((module) => module.text)).toEqual([text]);
  });

  test('does not look at documents that the bundle does not own', () => {
    const text = 'package p\n\nallow if { input.user in data.p.admins; input.site in data.sites }';
    const data = { p: { admins: ['ann'] }, sites: ['now'] };
    const made = texts(text, { inline: true, roots: ['p'], entrypoints: [['p', 'allow']] }, data);
    const later = compile({ modules: made, data: { ...data, sites: ['later'] } });
    expect(later.rule('data.p.allow').evaluate({ user: 'ann', site: 'later' })).toBe(true);
    expect(later.rule('data.p.allow').evaluate({ user: 'ann', site: 'now' })).toBeUndefined();
  });

  test('leaves policies in Rego v0 what they are', () => {
    const input: CompileInput = {
      modules: { 'p.rego': 'package p\nallow { input.x == data.y }\nother = 1 { input.z }' },
      data: { y: 1 },
      regoVersion: 'v0',
    };
    const [before, after] = both(input, { ...WHOLE, inline: true, entrypoints: [['p', 'allow']] });
    for (const world of [{ x: 1 }, { x: 2, z: 1 }, {}]) {
      expect(after.rule('data.p').evaluate(world)).toEqual(before.rule('data.p').evaluate(world));
    }
  });

  test.each<[string, OptimizeOptions, string]>([
    ['no entry point', { ...WHOLE, entrypoints: [] }, 'require at least one entrypoint'],
    [
      'a path with nothing at it',
      { ...WHOLE, entrypoints: [['p', 'nope']] },
      'undefined entrypoint data.p.nope',
    ],
    ['a package', { ...WHOLE, entrypoints: [['p']] }, 'invalid entrypoint data.p'],
    [
      'a rule that never holds',
      { ...WHOLE, entrypoints: [['p', 'never']] },
      'undefined entrypoint data.p.never',
    ],
  ])('refuses %s', (_name, options, message) => {
    expect(() => texts('package p\n\nnever if 1 == 2', options)).toThrow(message);
  });
});

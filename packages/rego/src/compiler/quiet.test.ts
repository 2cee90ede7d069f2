import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../index.ts';

const policy = compile({
  modules: {
    'order.rego': `package order

items contains item if some item in input.items

bad contains item.name if {
	some item in items
	not item.ok
}

owners[item.owner] contains item.name if some item in items

any_ok if {
	some item in items
	item.ok
}

all_ok if {
	every item in items { item.ok }
}

names := [item.name | some item in items]

pairs := {[a.name, b.name] | some a in items; some b in items; a.owner == b.owner; a != b}

found contains name if {
	some name in {"a", "b", "c"}
	name in bad
}

by_name := {item.name: item.owner | some item in items}
`,
  },
}).rule('data.order');

const item = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'é', '\u{1f600}', '\uffff'),
  owner: fc.constantFrom('x', 'y'),
  ok: fc.boolean(),
});

describe('bodies in which no order can be seen', () => {
  test('they give what they give in order', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 12 }), (items) => {
        const outcome = (strictBuiltinErrors: boolean): unknown => {
          try {
            return policy.evaluate({ items }, { strictBuiltinErrors });
          } catch (error) {
            return String(error);
          }
        };
        // With strict errors everything is evaluated in Rego's order.
        expect(outcome(false)).toEqual(outcome(true));
      }),
    );
  });

  test('array comprehensions over sets stay sorted', () => {
    const rule = compile({
      modules: { 'a.rego': 'package a\n\nr := [x | some x in s]\n\ns contains x if some x in input\n' },
    }).rule('data.a.r');
    expect(rule.evaluate(['c', 'a', { z: 1 }, 'b', 3, { a: 1 }])).toEqual([
      3,
      'a',
      'b',
      'c',
      { a: 1 },
      { z: 1 },
    ]);
  });

  test('a conflict that comes after the first answer in Rego’s order is not met', () => {
    const rule = compile({
      modules: {
        'a.rego': `package a

r if {
	some x in s
	f(x) == 1
}

f(x) := 1

f(x) := 2 if x == 2

s contains x if some x in input
`,
      },
    }).rule('data.a.r');
    expect(rule.evaluate([2, 1])).toBe(true);
    expect(() => rule.evaluate([2])).toThrow('functions must not produce multiple outputs');
  });

  test('what is printed comes in order', () => {
    const lines: string[] = [];
    const rule = compile({
      modules: {
        'a.rego':
          'package a\n\nr contains x if {\n\tsome x in s\n\tprint(x)\n}\n\ns contains x if some x in input\n',
      },
      print: (line) => lines.push(line),
    }).rule('data.a.r');
    rule.evaluate(['c', 'a', 'b']);
    expect(lines).toEqual(['a', 'b', 'c']);
  });

  test('functions of the host are called in order', () => {
    const seen: unknown[] = [];
    const rule = compile({
      modules: {
        'a.rego':
          'package a\n\nr contains x if {\n\tsome x in s\n\thost.see(x)\n}\n\ns contains x if some x in input\n',
      },
      builtins: [
        {
          name: 'host.see',
          declaration: { args: [{ type: 'any' }], result: { type: 'boolean' } },
          call: (_context, x) => {
            seen.push(x);
            return true;
          },
        },
      ],
    }).rule('data.a.r');
    rule.evaluate(['c', 'a', 'b']);
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});

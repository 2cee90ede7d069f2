import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTerms } from '../ast/compare.ts';
import { ParseError } from '../ast/errors.ts';
import { moduleJson } from '../ast/json.ts';
import { parseModule } from '../ast/parse.ts';
import { FormatError } from './errors.ts';
import { type FormatOptions, format } from './format.ts';
import { modules } from './testing/modules.ts';

/** Formats the rules of a module; gives what follows the package line. */
function formatted(rules: string, options: FormatOptions = {}): string {
  const text = format(`package test\n\n${rules}`, options);
  expect(text.startsWith('package test\n\n')).toBe(true);
  return text.slice('package test\n\n'.length);
}

function lines(...text: string[]): string {
  return `${text.join('\n')}\n`;
}

describe('rules', () => {
  test('one-liners stay together, others get a blank line', () => {
    expect(formatted('a:=1\nb   :=  2\n\n\n\nc if {x;y}\nd if   z')).toBe(
      lines('a := 1', 'b := 2', '', 'c if {', '\tx', '\ty', '}', '', 'd if z'),
    );
  });

  test('v1 writes := in heads, v0 keeps what is there', () => {
    expect(formatted('p = 1 if { x = 2; y }')).toBe(lines('p := 1 if {', '\tx = 2', '\ty', '}'));
    expect(formatted('p = 1 { x }', { regoVersion: 'v0' })).toBe(lines('p = 1 {', '\tx', '}'));
  });

  test('v0 becomes v1 with if, contains and the import that allows them', () => {
    const text = formatted('p[x] { x := input.y }', { regoVersion: 'v0', targetVersion: 'v0v1' });
    expect(text).toBe(lines('import rego.v1', '', 'p contains x if x := input.y'));
  });

  test('else follows its brace, or a blank line where it began one', () => {
    expect(formatted('p := 1 if { x\ny } else := 2 if { z\n w }')).toBe(
      lines('p := 1 if {', '\tx', '\ty', '} else := 2 if {', '\tz', '\tw', '}'),
    );
    expect(formatted('p := 1 if { x\ny }\nelse := 2')).toBe(
      lines('p := 1 if {', '\tx', '\ty', '}', '', 'else := 2'),
    );
  });

  test('a body that is one set keeps its braces', () => {
    expect(formatted('p if {\n{ x } \n}')).toBe(lines('p if {', '\t{x}', '}'));
  });
});

describe('terms', () => {
  test.each([
    ['p := [ 1,2 , 3 ]', 'p := [1, 2, 3]'],
    ['p := {"b":1,"a":2}', 'p := {"b": 1, "a": 2}'],
    ['p := [\n1,2,\n3]', 'p := [\n\t1, 2,\n\t3,\n]'],
    ['p := "\\u0041"', 'p := "\\u0041"'],
    ['p := `a\\b`', 'p := `a\\b`'],
    ['p := a["b"]["c d"].if', 'p := a.b["c d"].if'],
    ['p := {(x | y)}', 'p := {(x | y)}'],
    ['p := {x|x:=a[_]}', 'p := {x | x := a[_]}'],
    ['p := (1+2)*3', 'p := (1 + 2) * 3'],
    ['p := $"a { x } \\{"', 'p := $"a {x} \\{"'],
    ['p if (a,b in c) in d', 'p if (a, b in c) in d'],
    ['p if not  x.y with  input as  1', 'p if not x.y with input as 1'],
    ['p if every x in y { z }', 'p if every x in y { z }'],
  ])('%s', (text, expected) => {
    expect(formatted(text)).toBe(`${expected}\n`);
  });

  test('keywords in refs become strings for an OPA that does not know them there', () => {
    expect(formatted('p := a.if', { keywordsInRefs: false })).toBe('p := a["if"]\n');
  });
});

describe('comments', () => {
  test('stay above, beside and at the end', () => {
    const text = lines(
      '# above',
      'p if {',
      '\tx # beside',
      '',
      '\t# between',
      '\ty',
      '\t# last',
      '}',
      '',
      '# end',
    );
    expect(formatted(text)).toBe(text);
  });

  test('within a term that would be one line leave the term as it is', () => {
    expect(formatted('p := f(1 +\n# why\n2)')).toContain('# why');
  });

  test('beside imports move with their import', () => {
    expect(formatted('import data.b # b\nimport data.a # a\n')).toBe(
      lines('import data.a # a', 'import data.b # b'),
    );
  });

  test('a METADATA block is set off from the one above', () => {
    const text = '# METADATA\n# title: a\n# METADATA\n# title: b\np := 1';
    expect(formatted(text)).toContain('# title: a\n\n# METADATA');
  });
});

describe('imports', () => {
  test('what the text uses is imported in v0', () => {
    expect(formatted('p { internal.member_2(x, xs) }', { regoVersion: 'v0' })).toBe(
      lines('import future.keywords.in', '', 'p {', '\tx in xs', '}'),
    );
  });

  test('imports that v1 does not need go on demand', () => {
    const text = 'import rego.v1\nimport future.keywords\nimport data.a\np := 1';
    expect(formatted(text, { dropV0Imports: true })).toBe(lines('import data.a', '', 'p := 1'));
  });
});

describe('what cannot be formatted is an error', () => {
  test.each<[string, RegExp]>([
    ['import data.foo\nimport data.a.foo', /rego_compile_error: import must not shadow import data\.foo/],
    ['p { input := 1 }', /variables must not shadow input/],
    ['input { true }', /rules must not shadow input/],
    ['p { any([]) }', /rego_type_error: deprecated built-in function calls in expression: any/],
    ['if { true }', /if keyword cannot be used for rule name/],
    ['p { plus(1) }', /plus: arity mismatch\n\thave: \(number\)\n\twant: \(number,number\)/],
  ])('%s', (text, message) => {
    const act = (): string =>
      format(`package a\n${text}`, { file: 'a.rego', regoVersion: 'v0', targetVersion: 'v0v1' });
    expect(act).toThrow(FormatError);
    expect(act).toThrow(message);
  });

  test('text that does not parse', () => {
    expect(() => format('package a\np := ')).toThrow(ParseError);
  });
});

/** A module as data, its imports sorted as formatting sorts them. */
function meaning(text: string): string {
  const module = parseModule(text);
  module.imports.sort((a, b) => compareTerms(a.path, b.path));
  return moduleJson(module, { comments: false });
}

function comments(text: string): string[] {
  return parseModule(text)
    .comments.map((comment) => comment.text.trim())
    .sort();
}

describe.each(['terms', 'comments'] as const)('ordinary modules with line breaks in %s', (breaks) => {
  test('keep their meaning and their comments', () => {
    fc.assert(
      fc.property(modules(breaks), (text) => {
        const result = format(text);
        expect(meaning(result)).toBe(meaning(text));
        expect(comments(result)).toEqual(comments(text));
      }),
      { numRuns: 200 },
    );
  });

  test('are not changed by formatting again', () => {
    fc.assert(
      fc.property(modules(breaks), (text) => {
        const once = format(text);
        expect(format(once)).toBe(once);
      }),
      { numRuns: 200 },
    );
  });
});

describe('where OPA would change a policy by formatting it', () => {
  test('nothing is written unless asked for', () => {
    expect(() => format('package a\n\np if 1, (2 in xs) in ys\n')).toThrow(/line 3 would change its meaning/);
    expect(format('package a\n\np if 1, (2 in xs) in ys\n', { checkResult: false })).toContain(
      '1, 2 in xs in ys',
    );
  });

  test('any layout and any comments: the meaning is kept, or it is an error', () => {
    fc.assert(
      fc.property(modules('both'), (text) => {
        let result: string;
        try {
          result = format(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          return;
        }
        expect(meaning(result)).toBe(meaning(text));
        expect(comments(result)).toEqual(comments(text));
      }),
      { numRuns: 300 },
    );
  });
});

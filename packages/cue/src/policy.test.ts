import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CueError, compilePolicy, type Json } from './index.ts';

const compiled = (text: string) => compilePolicy([{ file: 'policy.cue', text }]);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CueError) return error.code;
    throw error;
  }
  return 'none';
};

test.each<[what: string, policy: string, complies: Json, refused: Json]>([
  ['a value', 'predicate: level: 3', { predicate: { level: 3 } }, { predicate: { level: 4 } }],
  ['a float is no int', 'a: int', { a: 1 }, { a: 1.5 }],
  ['what is not there is not refused', 'a: string', {}, { a: 1 }],
  ['bounds', 'a: >=3 & <10', { a: 3 }, { a: 10 }],
  ['an expression anywhere in the text', 'a: =~"b"', { a: 'abc' }, { a: 'ac' }],
  ['an expression that must not match', 'a: !~"b"', { a: 'ac' }, { a: 'abc' }],
  ['a forbidden value', 'a: !="root"', { a: 'app' }, { a: 'root' }],
  ['choices', 'a: "x" | "y"', { a: 'y' }, { a: 'z' }],
  ['choices of structs', 'a: {t: 1} | {t: 2, u: 3}', { a: { t: 2, u: 3 } }, { a: { t: 2, u: 4 } }],
  ['every element', 'l: [...{n: >0}]', { l: [{ n: 1 }, { n: 2 }] }, { l: [{ n: 1 }, { n: 0 }] }],
  ['the length of a list', 'l: [_, _]', { l: [1, 2] }, { l: [1] }],
  ['every field', 'm: [string]: int', { m: { a: 1 } }, { m: { a: 'x' } }],
  ['fields by their names', 'm: [=~"^a"]: int', { m: { b: 'x' } }, { m: { ab: 'x' } }],
  ['an optional field', 'a?: int', {}, { a: 'x' }],
  ['a definition is closed', '#A: {a: int}\nx: #A', { x: { a: 1 } }, { x: { b: 1 } }],
  ['a definition is closed below', '#A: {a: b: int}\nx: #A', { x: { a: { b: 1 } } }, { x: { a: { c: 1 } } }],
  ['an embedded definition closes', '#A: {a: int}\n#A', { a: 1 }, { b: 1 }],
  ['close', 'x: close({a: int})', { x: { a: 1 } }, { x: { b: 1 } }],
  ['close of what embeds', 'x: close({#A, b?: int})\n#A: {a?: int}', { x: { a: 1, b: 1 } }, { x: { c: 1 } }],
  ['an embedded close', 'x: {close({a?: int}), b?: int}', { x: { a: 1, b: 1 } }, { x: { c: 1 } }],
  ['close of a condition', 'x: close({if y {a: 1}})\ny: bool', { x: { c: 1 } }, { x: { c: 1 }, y: true }],
  [
    'close of a loop',
    'x: close({for k, v in y {"\\(k)": v}})\ny: _',
    { x: { c: 1 }, y: { c: 1 } },
    { x: { c: 1 }, y: {} },
  ],
  ['close of a reference', 'x: close(y)\ny: {a?: int}', { x: { a: 1 }, y: { b: 1 } }, { x: { b: 1 } }],
  [
    'close closes nothing below',
    'x: close({A})\nA: {a?: {b?: int}}',
    { x: { a: { c: 1 } } },
    { x: { c: 1 } },
  ],
  ['an open definition is not', '#A: {a: int, ...}\nx: #A', { x: { b: 1 } }, { x: { a: 'x' } }],
  ['a reference', 'a: b\nb: _', { a: 1, b: 1 }, { a: 1, b: 2 }],
  ['a reference in its own scope', 'a: {x: int, y: x + 1}', { a: { x: 1, y: 2 } }, { a: { x: 1, y: 1 } }],
  ['a default', 'a: *1 | int\nb: a + 1', { a: 2, b: 3 }, { b: 3 }],
  ['a condition', 'a: {x: int, if x > 3 {y: "big"}}', { a: { x: 1, y: 'z' } }, { a: { x: 4, y: 'z' } }],
  [
    'a loop',
    'm: [string]: int\ns: {for k, v in m {"\\(k)": v}}',
    { m: { a: 1 }, s: { a: 1 } },
    { m: { a: 1 }, s: { a: 2 } },
  ],
  ['text that is put together', 'a: "x-\\(b)"\nb: int', { a: 'x-1', b: 1 }, { a: 'x-2', b: 1 }],
  ['a struct without its fields', 'a: {if b > 3 {c: 1}}\nb: 1\nd: len(a)', { d: 0 }, { d: 1 }],
  ['what may be a struct, and is none', 'a: {if b {c: 1}}\nb: false\na: string', { a: 'x' }, { a: {} }],
  ['validators', 'import "strings"\na: strings.MinRunes(2)', { a: 'éé' }, { a: 'é' }],
  ['times', 'import "time"\na: time.Time', { a: '2024-02-29T00:00:00Z' }, { a: '2023-02-29T00:00:00Z' }],
  ['a policy as JSON', '{"a": "x"}', { a: 'x', b: 1 }, { a: 'y' }],
  [
    'a recursive definition',
    '#T: {v: int, next: null | #T}\nt: #T',
    { t: { v: 1, next: { v: 2, next: null } } },
    { t: { v: 1, next: { v: 'x', next: null } } },
  ],
  ['attributes say nothing', 'a: int @go(A)\n@x(y)', { a: 1 }, { a: 'x' }],
  [
    'a struct has a name within itself',
    'a: X={b: int, c: X.b + 1}',
    { a: { b: 1, c: 2 } },
    { a: { b: 1, c: 1 } },
  ],
  ['a part of a list', 'l: [1, ...int]\na: l[1:]', { l: [1, 2], a: [2] }, { l: [1, 2], a: [1] }],
  ['an element of what may be a list', 'a: b[0]\nb: _', { b: [1], a: 1 }, { b: [1], a: 2 }],
  [
    'a field that a document may have',
    'p: {...}\nif p.b != _|_ {c: 1}',
    { p: {}, c: 2 },
    { p: { b: 1 }, c: 2 },
  ],
  [
    'an optional field of its own kind',
    '#T: {v: int, next?: #T, all?: [...#T]}\nt: #T',
    { t: { v: 1, next: { v: 2 }, all: [{ v: 3 }] } },
    { t: { v: 1, next: { v: 2, all: [{ v: 'x' }] } } },
  ],
  [
    'an optional field that asks for what it is part of',
    '#A: {b: 1, a?: #A.b}\nx: #A',
    { x: { a: 1 } },
    { x: { a: 2 } },
  ],
  ['values that depend on each other', 'a?: b + 1\nb?: a - 1', { a: 2, b: 1 }, { a: 2, b: 2 }],
  ['bounds that depend on each other', 'a?: >=b\nb?: <=a', { a: 2, b: 1 }, { a: 1, b: 2 }],
  ['a required field as a type', 'a: b\nb!: {c: int}', { a: { c: 1 } }, { a: { c: 'x' } }],
  ['a required field of a struct as a type', 'a: b.c\nb: c!: int', { a: 1 }, { a: 'x' }],
  ['a reference to itself says nothing', 'a: a & {b: 1}', { a: { b: 1 } }, { a: { b: 2 } }],
  ['a text several times', 'a: "x" * 2', { a: 'xx' }, { a: 'x' }],
  ['floats of a size', 'a: float32', { a: 1 }, { a: 1e39 }],
  ['two halves of a letter', 'a: "\\ud83d\\ude00"', { a: '😀' }, { a: 'x' }],
  ['an error on a condition', 'a: int\nb: {if a > 3 {error("too much")}}', { a: 3 }, { a: 4 }],
  ['so many of the schemas', 'a: matchN(1, [{b!: _}, {c!: _}])', { a: { b: 1 } }, { a: { b: 1, c: 1 } }],
  [
    'types are values to schemas',
    'a: matchN(1, [{b: int}, {c: "x"}])',
    { a: { b: 1, c: 2 } },
    { a: { b: 1 } },
  ],
  [
    'one schema or the other',
    'a: matchIf({t!: "x"}, {v: int}, {v: string})',
    { a: { t: 'x', v: 1 } },
    { a: { t: 'x', v: 's' } },
  ],
  [
    'so many elements',
    'import "list"\nl: list.MatchN(>0, {n: "x", ...})',
    { l: [{ n: 'x' }, 1] },
    { l: [{ n: 'y' }] },
  ],
  [
    'JSON in a text',
    'import "encoding/json"\na: json.Validate({b: int})',
    { a: '{"b":1,"c":2}' },
    { a: '{"b":"s"}' },
  ],
  [
    'JSON in a text, as a value',
    'import "encoding/json"\np: Data: string\nq: json.Unmarshal(p.Data)\nq: ok: true',
    { p: { Data: '{"ok":true}' } },
    { p: { Data: '{"ok":false}' } },
  ],
  [
    'a name twice in JSON in a text',
    'import "encoding/json"\na: json.Validate(_)',
    { a: '{"b":1,"b":1}' },
    { a: '{"b":1,"b":2}' },
  ],
  ['the number of fields', 'import "struct"\na: struct.MaxFields(1)', { a: { b: 1 } }, { a: { b: 1, c: 2 } }],
  [
    'what a list adds up to',
    'import "list"\nl: [...int]\nok: list.Sum(l) < 5\nok: true',
    { l: [1, 2] },
    { l: [3, 2] },
  ],
  [
    'a part that an expression finds',
    'import "regexp"\na: string\nb: regexp.FindSubmatch("^v(.)", a)[1]\nb: "1"',
    { a: 'v1' },
    { a: 'v2' },
  ],
  ['a layout of times', 'import "time"\na: time.Format("15:04")', { a: '12:30' }, { a: '25:00' }],
  // What else the value has to be is not known in these: it is seen from what stands before it, and not from after it.
  [
    'a scalar is known as soon as one is',
    'c: a + 1\na: >b.x\nb: _',
    { a: 3, b: {}, c: 4 },
    { a: 3, b: {}, c: 5 },
  ],
  ['a bound of such a scalar', 'c: >a\na: >b.x\nb: _', { a: 3, b: {}, c: 4 }, { a: 3, b: {}, c: 'x' }],
  ['a field of such a struct', 'a: b.c\nb: x.y\nx: {}', { a: 1, b: { c: 1 } }, { a: 2, b: { c: 1 } }],
  [
    'what is known of it, from after it',
    'b: x.y\nx: {}\na: b',
    { a: { c: 1 } },
    { a: { c: 1 }, b: { c: 2 } },
  ],
  ['a field below it, from after it', 'b: {c: 1, d: x.y}\nx: {}\na: b.c', { a: 1 }, { a: 2 }],
  ['one beside it, within it', 'b: {x.y, c: 1, d: c}\nx: {}', { b: { d: 1 } }, { b: { d: 2 } }],
  ['a choice that is not known is left out', 'a: *b.x | 5\nb: _\nc: a + 1', { b: {}, c: 6 }, { b: {}, c: 7 }],
  ['a choice that is known', 'a: *b.x | 5\nb: _\nc: a + 1', { b: { x: 1 }, c: 2 }, { b: { x: 1 }, c: 6 }],
  [
    'a type of scalars is not there yet',
    'a: int\nb: {if a == _|_ {c: 1}, if a != _|_ {c: 2}}',
    { b: { c: 1 } },
    { b: { c: 2 } },
  ],
  [
    'a type that may be a struct is there',
    'a: _\nb: {if a == _|_ {c: 1}, if a != _|_ {c: 2}}',
    { b: { c: 2 } },
    { b: { c: 1 } },
  ],
])('%s', (_, text, complies, refused) => {
  const policy = compiled(text);
  expect(policy.validate(complies)).toBeNull();
  expect(policy.validate(refused)).toMatchObject({ message: expect.any(String) });
});

test.each<[policy: string, document: Json]>([
  ['a: >b.x\nb: _\nc: a + 1', { a: 3, b: {}, c: 5 }],
  ['b: x.y\nx: {}\na: b + 1', { a: 3, b: 1 }],
  ['b: x.y\nx: {}\na: b.c', { a: 2, b: { c: 1 } }],
  ['a: b\nb!: int\nc: a + 1', { a: 1, c: 3 }],
  ['a: {_}\nb: len(a)', { b: 3 }],
  ['b: x.y\nx: {}\na: "\\(b.c.d)"', { a: 'x', b: { c: { d: 1 } } }],
  ['b: x.y\nx: {}\na: b[0]', { a: 2, b: [1] }],
  ['b: {if x.y {d: 1}}\nx: {}\na: b.c', { a: 2, b: { c: 1 } }],
  ['b: {"\\(x.y)": 1}\nx: {}\na: {if b.c == 1 {d: 1}}', { a: { d: 2 }, b: { c: 1 } }],
  ['p: level: int\np: {level: int, if level > 3 {name: "x"}}\na: p.name', { a: 'y', p: { name: 'z' } }],
])('of a value that is not wholly known nothing is seen from after it: %j', (text, document) => {
  expect(compiled(text).validate(document)).toBeNull();
});

test('a violation says where it is', () => {
  expect(compiled('predicate: {\n  level: >=3\n}').validate({ predicate: { level: 2 } })).toMatchObject({
    path: 'predicate.level',
  });
});

test('a required field has to be there where the value is final, and only there', () => {
  const policy = compiled('predicate: level!: int');
  expect(policy.validate({ predicate: {} })).toBeNull();
  expect(policy.validate({ predicate: {} }, { final: true })).toMatchObject({ path: 'predicate.level' });
  expect(policy.validate({ predicate: { level: 1 } }, { final: true })).toBeNull();
});

test('a required field that cannot be is none for a document, as long as nothing has to be there', () => {
  const policy = compiled('c?: 2\nc!: b\nb: _');
  expect(policy.validate({ b: 'x' })).toBeNull();
  expect(policy.validate({ b: 'x' }, { final: true })).toMatchObject({ path: 'c' });
  expect(policy.validate({ b: 'x', c: 2 })).not.toBeNull();
  const choice = compiled('a: {t: 1, c!: b} | {t: 2}\nb: _\na: c: _');
  expect(choice.validate({ b: 'x', a: { t: 1, c: 'y' } })).not.toBeNull();
  expect(choice.validate({ b: 'x', a: { t: 1, c: 'x' } })).toBeNull();
  const inChoice = compiled('a: {t: 1, c!: 2, c!: b} | {t: 2}\nb: _');
  expect(inChoice.validate({ b: 3, a: { t: 1 } })).not.toBeNull();
  expect(inChoice.validate({ b: 2, a: { t: 1 } })).toBeNull();
});

test('what depends on itself contradicts only where all has to be there', () => {
  for (const text of ['a: b + 1\nb: a - 1', 'a: a + 1', 'a: "\\(b)"\nb: "\\(a)"', 'a: b.c + 1\nb: c: a']) {
    expect(compiled(text).validate({})).toBeNull();
    expect(compiled(text).validate({}, { final: true })).not.toBeNull();
  }
  expect(compiled('a: b + 1\nb: a - 1').validate({ a: 2 }, { final: true })).toBeNull();
  expect(codeOf(() => compiled('#D: a: a + 1').validate({}, { final: true }))).toBe('cue_unsupported_error');
  for (const text of ['a: b + 1\nb: int', 'a: a + 1\na: int', 'a: a + b\nb: int', 'a: (a + 1) & >2'])
    expect(compiled(text).validate({}, { final: true })).toBeNull();
});

test('cycles behind what rules an alternative out have no answer where all has to be there', () => {
  const policy = compiled('c: ([1 & "x", 1 + c] | "w")');
  expect(policy.validate({})).toBeNull();
  expect(codeOf(() => policy.validate({}, { final: true }))).toBe('cue_unsupported_error');
});

test('files of one package see what the others declare', () => {
  const files = ['package p\n\na: limit', 'package p\n\nlimit: <3'];
  const policy = compilePolicy(files.map((text, i) => ({ file: `${i}.cue`, text })));
  expect(policy.validate({ a: 2 })).toBeNull();
  expect(policy.validate({ a: 3 })).not.toBeNull();
});

test.each([
  'a: {',
  'a: "x',
  'a: nothing',
  'a: 1 b: 2',
  'let x = 1',
  'import "strings"\na: 1',
  'a: *1 & int',
  'a: 1 & 2',
  'a: >5 & <3',
  'a: int & >5.2 & <5.9',
  '#A: {a: int}\nx: #A & {b: 1}',
  'a: {b: a}',
  'if b.c {a: 1}\nb: _',
  'a: 017',
  'a: {...string}',
  '__a: 1',
  'a: X={b: 1}',
  'a: @x() 1',
  'a: 1 @x(',
  'a: error("no")',
  'a!: 1 & 2',
  'a: b: {c!: 1 & 2}',
  '#A: {c!: 1 & "x"}',
  'x: (b == _|_) & (2 | 3)\nb?: _',
  'a: {if false {b: 1}}\nc: a + 1',
  'a: close({1})',
  'a: close(b)\nb: int',
  'a: close({b: 1, c: 1 & 2})',
  'a: >[]',
  'a: >b\nb: {...}',
  'a: {for k, v in b {"\\(k)": v}}\nb: {c?: 1}\nd: "x" =~ a',
  'a: [1, 2][0:3]',
  'a: "x" * -1',
])('what CUE refuses whatever the document is, is refused when it is read: %s', (text) => {
  expect(codeOf(() => compiled(text))).toBe('cue_syntax_error');
});

test.each([
  "a: 'bytes'",
  '@experiment(try)\na: 1',
  '@if(x)\npackage p\na: 1',
  'a: 1 @x(;)',
  'a: X=int',
  'import "encoding/json"\na: json.Marshal({})',
  'import "acme.test/x"\na: x.Y',
  'a: 1 / 3',
  'a: 1 | *2 | *3\nb: a + 1',
  '#C: {c?: #A >= a}\n#A: {}\na: #C',
  'import "strings"\na: strings.ToUpper("é")',
])('what is not understood has no answer, and says where: %j', (text) => {
  try {
    compiled(text).validate({});
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'cue_unsupported_error' });
    expect(error).toMatchObject({ location: { file: 'policy.cue' } });
  }
});

test.each<[policy: string, document: Json]>([
  // CUE refuses all of these; what stands below something that is not known is closed otherwise there.
  ['c?: x.y\n#C\n#C: {x?: _}\nx: {y?: _}', { c: [{ a: 1 }] }],
  // It goes through the fields before the pattern adds to them.
  ['#A: {for k, v in b {"\\(k)": 1}, [string]: {x?: 1}}\nb: close({})\n#A', {}],
  // It asks what is at the top whether it is a scalar, finds fields of it that have to be made of required ones, and
  // loses sight of closedness.
  ['#A: int | !=null\n#A\na: int', {}],
  ['#C: *{a?: _} | [...]\nc: <3\nc!: b.x =~ d\n#C\nb: {x?: _}\nd: _', {}],
  ['x: {c: {d!: "\\(a)"}, a!: c}', {}],
  ['c: c\n#C\n#C: {a?: _}', {}],
  ['#B: {[=~"a|b"]: {}, #B}\nc!: "\\(#B)"', {}],
  // A required field that cannot be is none for a document, but an error to some that look into what has it.
  ['b: _\nx: {a!: b & 1, c: 1}\ny: x.c', { b: 2 }],
  ['b: _\nx: {a!: b & 1, c: 1}\ny: len(x)', { b: 2 }],
  ['b: _\n#A: {a!: b & 1}\na: matchIf(!="x", #A, {...})', { b: 2, a: {} }],
  ['b: b[0]\nb: _', { b: [{ c: 1 }] }],
  // It keeps the error of what is part of an optional field, and then rules no alternative out.
  ['x: (b.a == _|_) & (2 | 3)\nb?: _', {}],
  ['x: ((b.a == _|_) && true) & ("y" | {a: 1})\nb?: 2.0', {}],
  ['x: (b.a == _|_) & >2 & ("y" | 3)\nb?: _', {}],
  // It takes another name of a struct for a cycle, where that comes before it.
  ['x: "\\(b)"\nb: #B\n#B: {}', {}],
  ['x: b == {a: 1}\nb: #B & #B\n#B: {a: 1}', { x: false }],
  ['x: {if b {a: 1}}\nb: c.d\nc: d: {}', {}],
  ['x: !b\nb: #B\n#B: [1]', {}],
  ['x: [1][b]\nb: #B\n#B: [1]', {}],
  // It has an error where what a comparison with `_|_` said is not so at the end.
  ['x: (c.c != _|_)\nc: {c: 1, if d > 3 {e: 1}, d: int}', {}],
  ['x?: (c.c != _|_)\nc: {c: 1, if d > 3 {e: 1}, d: int}', {}],
  ['p: {k: int, if p.a != _|_ {b: 1}, if k > 3 {c: 1}}', { p: { a: 1 } }],
  // A number of which more is not known.
  ['#C: {if len(b) > 0 {a: 1}}\nb: (>c & true)\nc: _', {}],
  // The elements of a list are fields to it.
  ['b!: {for k, v in c {"\\(k)": 1}}\n#B\nc: _\n#B: {b?: _}', { b: [1], c: {} }],
  ['c: ((b.a | *"y") & (2.0 | *0))\nb: _', {}],
  ['c?: b[0:1]\nb: >a\na: _', { c: 3, b: true }],
  // Whether it is closed depends on what a validator lets pass.
  ['#A: matchN(0, [[..."y"]])\nb: {}\n#A', { b: { a: 1 } }],
  ['a: b + 1\nb: a - 1\na: c\nc: 3', {}],
  ['a: b + 1\nb: a - 1\na: 3 | "x"', {}],
  ['#C: {c?: #A >= a}\n#A: {}\na: #C', {}],
  ['a?: {b: a == 1}', { a: {} }],
  ['#C: (close({}) & len(c.c))\nc!: #C.b != "y"\nb: 1.5\na: _', { a: { b: 3 }, c: { a: ['y'] } }],
  ['b: close({..., if b {}, ["c"]: "x"})\n[string]: !="x"', {}],
  ['b?: len(b)\nb: <3', {}],
  ['c: >c', {}],
  ['#A: {#A, c: !="x"}\n#A', {}],
  ['#A: {#A & {b: 1}}\n#A', {}],
  ['#A: {if true {#A}, a: 1}\n#A', {}],
  ['#A: {#B}\n#B: {#A}\n#A', {}],
  ['c: {d?: 3}\nc: matchN(1, [{b!: 1}])\nc: matchN(1, [{a?: !~"^y", ...}])', {}],
  ['c: (*true | {d?: 3})\nc: matchN(1, [{b!: 1}])\nc: matchN(1, [{a?: !~"^y", ...}])', {}],
  ['a: a + b\nb: c.d\nc: {}', {}],
  ['b: c.e + "x"\nb: string\nc: {if b {d: 1}, e: string}', {}],
  ['b?: ({b: 1, #B!: close({a: c && b})} | b)\nc: matchIf(1, !="x", [...])\nc!: b', {}],
  ['a: {b!: int, c: 1}\nx: {for k, v in a {"\\(k)": v}}', { x: { c: 2 } }],
  ['a!: b.c\nb: {c?: _}\nx: a + 1', {}],
  ['a: (a + b) | 2\nb: _ & a', {}],
  ['a: (b + 1) | "x"\nb: b + 1', { a: 'x' }],
  ['a: close({#A & #A, a: >b, if #B {b: 1}})\nb: #B\n#A: {a?: _}\n#B: {}', {}],
  ['c!: a =~ -1\n[string]: c\na: _', {}],
  ['#A: {a?: #A == 1}\nx: #A', { x: {} }],
  ['a: b + 1\nb: a - 1\na: 1 + 2', {}],
  ['a: a == b\n[=~"b"]: a\nb: _', {}],
  ['x: close({if y {a: 1}, b: 1 & 2})\ny: bool', {}],
  ['x: close({(a | b)})\na: {c: 1}\nb: {c: 2}', { x: { c: 1 } }],
  ['a: (b + 1) | "x"\nb: a', {}],
  // CUE does not refuse these, though it does not say why.
  ['a: (2 | 3) & (true | false)\na: b.x\nb: {x?: _}', { a: 2 }],
  ['#A: {a?: _}\nx: {#A}\nx: y\ny: _', { y: { c: 1 } }],
  ['a: close({c: "\\(x)"}) & close({a?: int})\nx: int', {}],
  ['#C: b.c\n#C\nb: _', {}],
  ['#B: {...}\nx: {c: {c?: 1}, #B}', { x: { c: { b: 1 } } }],
  ['#B: {a: #B, [string]: *-1 | uint8}', {}],
  ['a: matchN(n, [int])\nn: 0', { a: 1 }],
  ['c: [for x in a {x}]\na: b.x\nb: _', { a: 1, b: {} }],
  ['a: [1, ...] & matchN(0, [[1, 2, ...]])', {}],
  // It looks at all of the schemas, whatever the value is.
  ['a: matchIf(1, 2, 3 & 4)', { a: 1 }],
  ['a: matchN(0, [b])\nb: 1 & c\nc: _', { a: 1 }],
  ['a: matchN(1, [close({b: 1})])', { a: { b: 1 } }],
  ['a: matchIf(1, "x", null) & "\\(b)"\nb: _', { a: 1.5 }],
  ['a: matchIf(1, "x", null) & (b.c | 1.5)\nb: _', { a: 2 }],
  ['a: l[0:1]\nl: _', { l: [1] }],
  ['a: l[0:b]\nl: [1]\nb: int', { b: 1 }],
  ['import "net"\na: net.IP', { a: [1, 2, 3, 4] }],
  ['import "net"\na: net.AbsURL', { a: 'a:b' }],
  ['import "time"\na: time.Format("15:04:05")', { a: '1:02:03.5' }],
  ['import "time"\na: time.Format("Jan 2")', { a: 'Feb 3' }],
  ['import "struct"\na: close({b?: _}) & struct.MinFields(1)', { a: {} }],
  ['import "strings"\na: strings.Repeat("x", 1000000)', {}],
  ['import "list"\na: list.Range(0, 100000, 1)', {}],
  ['import "regexp"\na: regexp.FindAll("x*", b, -1)\nb: string', { b: 'ab' }],
])('what CUE sees in ways of its own has no answer: %j', (text, document) => {
  expect(codeOf(() => compiled(text).validate(document))).toBe('cue_unsupported_error');
});

test('a policy cannot be large, deep, or without an end', () => {
  expect(codeOf(() => compiled(`// ${'x'.repeat(300_000)}`))).toBe('cue_limit_error');
  expect(codeOf(() => compiled(`a: ${'('.repeat(500)}1${')'.repeat(500)}`))).toBe('cue_limit_error');
  expect(codeOf(() => compiled(`a: ${'{b: '.repeat(500)}1${'}'.repeat(500)}`))).toBe('cue_limit_error');
  const choices = Array.from({ length: 30 }, (_, i) => `a: {x${i}: 1} | {y${i}: 1}`);
  expect(codeOf(() => compiled(choices.join('\n')))).toBe('cue_limit_error');
}, 60_000);

test('a document that nests deep has no answer', () => {
  const deep = Array.from({ length: 200 }).reduce<Json>((inner) => ({ a: inner }), 1);
  expect(codeOf(() => compiled('a: _').validate(deep))).toBe('cue_limit_error');
});

test('a document cannot refer to the policy: its keys and texts are data', () => {
  const policy = compiled('_secret: "s"\n#A: {a: int}\nx: #A');
  expect(policy.validate({ x: { a: '#A.a' } })).not.toBeNull();
  expect(policy.validate({ _secret: 'other', '#A': { b: 1 }, x: { a: 1 } })).toBeNull();
  expect(compiled('[string]: int').validate(JSON.parse('{"__proto__": "x"}'))).not.toBeNull();
});

const fragments = fc.constantFrom(
  'a',
  ': ',
  '#A',
  '{',
  '}',
  '[',
  ']',
  '...',
  '|',
  '&',
  '*',
  '1',
  '"x"',
  '"\\(',
  ')',
  '(',
  '\n',
  ', ',
  '?',
  '!',
  '=~',
  '>',
  'if ',
  'for x in ',
  'let y = ',
  'import "strings"\n',
  'strings.MinRunes',
  '_|_',
  '"""\n',
  '#"',
  'close',
  '.5',
  '0x',
  '1Ki',
  '\\u00',
  "'",
  '@x',
  '=',
  '\u0000',
);

test('whatever a text holds, it is a policy or an error of ours', () => {
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 25 }), (parts) => {
      codeOf(() => compiled(parts.join('')).validate({ a: 1 }));
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      codeOf(() => compiled(text));
    }),
  );
});

test('a document complies with itself as a policy, and with none that says otherwise', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (document) => {
      const policy = compiled(JSON.stringify(document));
      expect(policy.validate(document as Json)).toBeNull();
      for (const [name, value] of Object.entries(document)) {
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) continue;
        expect(policy.validate({ ...document, [name]: { other: 'than this' } } as Json)).not.toBeNull();
      }
    }),
    { numRuns: 100 },
  );
});

/** Each of these would make gigabytes, and most of them within the time that there is. */
test.each<readonly [string, string, string]>([
  ['nodes', 'x: [for a in l for b in l {a: a, b: b}]', 'more than 512 MiB'],
  ['references to a list', 'x: [for a in l {l}]', 'more than 512 MiB'],
  ['lists of a function', 'x: {for a in l {"\\(a)": list.Repeat([a], 9000)}}', 'more than 512 MiB'],
  [
    'texts that are doubled',
    `t0: t\n${Array.from({ length: 20 }, (_, i) => `t${i + 1}: t${i} + t${i}`).join('\n')}`,
    'more than 512 MiB',
  ],
  [
    'texts in texts',
    `t0: t\n${Array.from({ length: 20 }, (_, i) => `t${i + 1}: "\\(t${i})\\(t${i})"`).join('\n')}`,
    'more than 512 MiB',
  ],
  ['a text of many', 'x: strings.Join(list.Repeat([t], 200), t)', 'a text of such a length'],
  ['letters', 'x: strings.Split(t + t, "")', 'a list of such a length'],
  ['runes', 'x: strings.Runes(t + t)', 'a list of such a length'],
  ['lists that are joined', 'x: list.Concat(list.Repeat([l], 200))', 'a list of such a length'],
  ['lists in lists', 'x: list.FlattenN(list.Repeat([l], 200), -1)', 'a list of such a length'],
])(
  'a policy takes no more memory than there is for it: %s',
  (_, text, message) => {
    const policy = compiled(`import ("list"
"strings")
l: [...int]
t: string
u: list.Concat([[strings.ToUpper("a")]])
${text}`);
    const document = { l: Array.from({ length: 1000 }, (_, i) => i), t: 'a'.repeat(80_000) };
    expect(() => policy.validate(document, { timeoutMs: 300_000 })).toThrow(message);
  },
  60_000,
);

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { awk } from './awk.ts';
import { Expression } from './expressions.ts';
import { sed } from './sed.ts';
import { NotUnderstood } from './syntax.ts';

/** Work that a test may be. */
function budget(steps = 200_000): (used: number) => void {
  let left = steps;
  return (used) => {
    left -= used;
    if (left < 0) throw new NotUnderstood('it takes too long');
  };
}

function matched(pattern: string, text: string, extended = false): string | undefined {
  const found = new Expression(pattern, { extended, spend: budget() }).match(text);
  return found === undefined ? undefined : text.slice(found.start, found.end);
}

describe('an expression', () => {
  test.each([
    // Basic: what has no backslash stands for itself.
    ['a+', 'aa+', 'a+'],
    ['a\\+', 'baa', 'aa'],
    ['(a)', '(a)', '(a)'],
    ['a\\{2,3\\}', 'aaaa', 'aaa'],
    ['*a', 'x*a', '*a'],
    ['\\(^a\\)', 'ba', undefined],
    ['a^b$c', 'a^b$c', 'a^b$c'],
    ['^a$', 'a', 'a'],
    ['\\(a\\)\\1', 'xaa', 'aa'],
    ['[]a]*', ']a]b', ']a]'],
    ['[^]a]', ']ab', 'b'],
    ['[[:upper:][:digit:]_-]*', 'A1_-b', 'A1_-'],
    ['[a-c.\\]', '\\', '\\'],
    ['\\<b\\w*\\>', 'ab bc', 'bc'],
    ['a\\|bc', 'xbc', 'bc'],
  ])('basic %s in %s', (pattern, text, expected) => {
    expect(matched(pattern, text)).toBe(expected);
  });

  test.each([
    // The longest, not the first alternative.
    ['a|ab|abc', 'xabcd', 'abc'],
    ['(a|ab)(c|bcd)', 'abcd', 'abcd'],
    ['x*', 'aaa', ''],
    ['(ab)+', 'xababa', 'abab'],
    ['a{2}', 'aaa', 'aa'],
    ['^(.*)-([0-9]+)$', 'a-b-12', 'a-b-12'],
    ['\\.(gz)?$', 'a.gz', '.gz'],
    ['[ \\t]+', 'a \tb', ' \t'],
  ])('extended %s in %s', (pattern, text, expected) => {
    expect(matched(pattern, text, true)).toBe(expected);
  });

  test.each([
    ['\\(a', false],
    ['a\\)', false],
    ['[a', false],
    ['[[:gone:]]', false],
    ['[z-a]', false],
    ['\\2', false],
    ['a\\', false],
    ['a{2', true],
    ['a{3,2}', true],
    ['+a', true],
    ['a**', false],
    ['\\d', true],
    [`${'('.repeat(60)}a${')'.repeat(60)}`, true],
    ['a'.repeat(5000), false],
  ])('%s is none', (pattern, extended) => {
    expect(() => new Expression(pattern, { extended, spend: budget() })).toThrow(NotUnderstood);
  });

  test('that would take for ever is given up', () => {
    const spend = budget();
    const slow = new Expression('^(a*)*b', { extended: true, spend });
    expect(() => slow.test('a'.repeat(60))).toThrow('too long');
    const polynomial = new Expression('.*.*.*.*x', { extended: false, spend: budget() });
    expect(() => polynomial.test('a'.repeat(2000))).toThrow('too long');
    const deep = new Expression('(ab)*c', { extended: true, spend: budget(1e7) });
    expect(() => deep.test('ab'.repeat(5000))).toThrow('too deep');
  });

  test('of whatever characters is read or refused, and found or not', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab.*+?()[]{}|^$\\-,0123:u '), maxLength: 20 });
    fc.assert(
      fc.property(text, text, fc.boolean(), (pattern, subject, extended) => {
        try {
          const found = new Expression(pattern, { extended, spend: budget() }).match(subject);
          if (found !== undefined) expect(found.start).toBeLessThanOrEqual(found.end);
        } catch (error) {
          expect(error).toBeInstanceOf(NotUnderstood);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('sed', () => {
  const run = (script: string, input: string, { quiet = false, extended = false } = {}) =>
    sed(script, { quiet, extended, spend: budget() })(input);

  test.each([
    ['s/a/b/', 'aa\nca\n', 'ba\ncb\n'],
    ['s/a/b/g', 'aa\n', 'bb\n'],
    ['s/a/b/2', 'aaa\n', 'aba\n'],
    ['s/x*/-/g', 'abc\n', '-a-b-c-\n'],
    ['s/b*/X/g', 'abc\n', 'XaXcX\n'],
    ['s/\\(.\\)\\(.\\)/\\2\\1[&]/', 'abc\n', 'ba[ab]c\n'],
    ['s#/etc#\\&#', '/etc/x\n', '&/x\n'],
    ['s/, /\\n/g', 'a, b\n', 'a\nb\n'],
    ['s/A/x/I', 'a\n', 'x\n'],
    ['/^#/d', '#a\nb\n', 'b\n'],
    ['/^[a-z]/!d', 'a\n1\n', 'a\n'],
    ['2q', 'a\nb\nc\n', 'a\nb\n'],
    ['$d', 'a\nb\n', 'a\n'],
    ['2,3d', 'a\nb\nc\nd\n', 'a\nd\n'],
    ['/b/,/c/s/^/>/', 'a\nb\nx\nc\nd\nb\n', 'a\n>b\n>x\n>c\nd\n>b\n'],
    ['0,/a/s/a/x/', 'a\na\n', 'x\na\n'],
    ['1,/a/s/a/x/', 'a\na\n', 'x\nx\n'],
    ['/b/{s/b/c/;s/c/d/}', 'b\nc\n', 'd\nc\n'],
    ['1i\\\nfirst', 'a\n', 'first\na\n'],
    ['$a last', 'a\n', 'a\nlast\n'],
    ['/a/c\\\nx', 'a\nb\n', 'x\nb\n'],
    ['s/a/b/', 'a', 'b'],
  ])('%s', (script, input, expected) => {
    expect(run(script, input)).toBe(expected);
  });

  test('prints only what it is told to, and knows extended expressions', () => {
    expect(run('s/^(a+) *= */\\1: /p', 'aa = 1\nb\n', { quiet: true, extended: true })).toBe('aa: 1\n');
  });

  test.each([
    's/a/b',
    's/a/\\1/',
    's/a/\\U&/',
    's/a/b/w /etc/x',
    's/a/b/e',
    's//b/',
    'sxaxbx',
    'y/a/b/',
    'n',
    'N;P;D',
    'b end',
    ':x',
    'r /etc/passwd',
    'w /etc/passwd',
    '/a/{p',
    '}',
    '0,3d',
    '1,2q',
    's/a\\.b/c/;e',
    's.a\\.b.c.',
  ])('%s is not known', (script) => {
    expect(() => run(script, 'a\n')).toThrow(NotUnderstood);
  });
});

describe('awk', () => {
  const run = (program: string, input: string, separator = ' ') => {
    let written = '';
    const output = (text: string): void => {
      written += text;
    };
    const variables = new Map([['w', '210']]);
    const code = awk(program, input.trimEnd().split('\n'), { separator, variables, output, spend: budget() });
    return `${written}${code}`;
  };

  test.each([
    ['{print $2}', 'a b\nc  d\n', 'b\nd\n0'],
    ['{ print $1, $3 }', 'a b c\n', 'a c\n0'],
    ['/^b/ { print $2 }', 'a 1\nb 2\n', '2\n0'],
    ['$1 == "b" && $2 > 9', 'b 10\nb 9\na 11\n', 'b 10\n0'],
    ['{ exit ($4>1000) }', 'x 1 2 3000\n', '1'],
    ['/^LANG=/ {gsub("\\"", ""); sub("LANG=", ""); lang=$0;} END {print lang}', 'A=1\nLANG="C"\n', 'C\n0'],
    ['NR == 2 { print NF; exit } END { print "end" }', 'a\nb c\nd\n', '2\nend\n0'],
    ['{ if ($1 ~ /^P:/) { p = $2 } else if (p != "") print p $1 }', 'P: x\ny\n', 'xy\n0'],
    [
      'NF == 4 && $2 == w && int($3*72/2.54 + 0.5) == 8419 { print $1; exit }\nEND { }',
      'a4 210 297 mm\n',
      'a4\n0',
    ],
  ])('%s', (program, input, expected) => {
    expect(run(program, input)).toBe(expected);
  });

  test('takes fields apart by another character', () => {
    expect(run('{print $3}', 'a:b:c\n', ':')).toBe('c\n0');
  });

  test.each([
    '{ print > "/etc/x" }',
    '{ print | "sh" }',
    'BEGIN { system("rm -rf /") }',
    '{ while (1) x = 1 }',
    '{ a[$1]++ }',
    '{ printf "%s", $1 }',
    '{ getline }',
    '{ print 1 / 3 }',
    '{ FS = ":" }',
    '{ print $1',
    '{ print ENVIRON["x"] }',
    '{ sub(/a/, "&&") }',
  ])('%s is not known', (program) => {
    expect(() => run(program, 'a b\n')).toThrow(NotUnderstood);
  });
});

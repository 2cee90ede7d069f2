import { expect, test } from 'vitest';
import { defineErrors, PratiqueError, printable } from './index.ts';

const catalog = defineErrors({
  SAMPLE_FAULT: { kind: 'fault', title: 'A sample.', remedy: 'Try again.' },
});

test('an error carries its code, kind and the registry remedy', () => {
  const error = catalog.error('SAMPLE_FAULT', { message: 'it broke', expected: 'a', found: 'b' });
  expect(error).toBeInstanceOf(PratiqueError);
  expect(error).toMatchObject({
    code: 'SAMPLE_FAULT',
    kind: 'fault',
    remedy: 'Try again.',
    expected: 'a',
    found: 'b',
  });
});

test('an occurrence can give a more precise remedy', () => {
  expect(catalog.error('SAMPLE_FAULT', { message: 'm', remedy: 'Run x.' }).remedy).toBe('Run x.');
});

test('an error that is told in other words is the same error', () => {
  const cause = new Error('why');
  const error = catalog.error('SAMPLE_FAULT', { message: 'it broke', expected: 'a', found: 'b', cause });
  const retold = error.retold({ message: 'file: it broke' });
  const { code, kind, message, remedy, expected, found } = retold;
  expect([code, kind, message, remedy, expected, found]).toEqual([
    'SAMPLE_FAULT',
    'fault',
    'file: it broke',
    'Try again.',
    'a',
    'b',
  ]);
  expect(retold.cause).toBe(cause);
  expect(error.retold({ remedy: 'Run x.' }).remedy).toBe('Run x.');
});

test('terminal escapes, bidirectional overrides and lone surrogates are not passed on', () => {
  expect(printable('a\u001b[31mb')).toBe('a\\u{1b}[31mb');
  expect(printable('abc\u202ecba')).toBe('abc\\u{202e}cba');
  expect(printable('\ud800')).toBe('\\u{d800}');
  // Arabic letter mark, interlinear annotation, and tags, which spell a text that nobody sees.
  expect(printable('a\u061cb\ufff9c')).toBe('a\\u{61c}b\\u{fff9}c');
  expect(printable('a\u{e0041}b')).toBe('a\\u{e0041}b');
  expect(printable('naïve 日本 🙂')).toBe('naïve 日本 🙂');
});

test('long text is cut', () => {
  expect(printable('x'.repeat(50), 10)).toBe(`${'x'.repeat(10)}…`);
});

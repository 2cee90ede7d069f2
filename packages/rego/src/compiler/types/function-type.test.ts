import { expect, test } from 'vitest';
import { compile } from '../../query.ts';

test('functions of one type keep the names of their own operands, whichever a process meets first', () => {
  const problem = (call: string): string => {
    try {
      compile({ modules: { 'p.rego': `package p\n\nallow if ${call}\n` } });
    } catch (error) {
      return String(error);
    }
    return '';
  };
  expect(problem('contains("a")')).toContain('want: (haystack: string, needle: string)');
  expect(problem('startswith("a")')).toContain('want: (search: string, base: string)');
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ControlError, controlBlocks, paragraphs } from './control.ts';

const text = fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '#', '\t', 'é', '-') });

describe('control texts', () => {
  test('fields, continuations, comments and paragraphs', () => {
    const [first, second, ...more] = paragraphs(
      '# c\nPackage: a\nDescription: short\n long\n .\n\n\nPackage: b\n',
    );
    expect(Object.fromEntries(first!)).toEqual({ package: 'a', description: 'short\nlong\n.' });
    expect(second!.get('package')).toBe('b');
    expect(more).toEqual([]);
  });

  test.each([' first', 'no field', 'A: 1\nA: 2', ': x', `${'A'.repeat(9)}\u00e9: x`])(
    '%j is refused',
    (text) => {
      expect(() => [...paragraphs(text)]).toThrow(ControlError);
    },
  );

  test('any text gives paragraphs or a refusal', () => {
    fc.assert(
      fc.property(text, (written) => {
        try {
          for (const paragraph of paragraphs(written)) expect(paragraph.size).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ControlError);
        }
      }),
    );
  });

  test('nothing but empty lines is lost between the blocks of a text', () => {
    const solid = (written: string) =>
      written
        .split('\n')
        .filter((line) => line.trim() !== '')
        .join('\n');
    fc.assert(
      fc.property(text, (written) => {
        expect(solid([...controlBlocks(written)].join('\n'))).toBe(solid(written));
      }),
    );
  });
});

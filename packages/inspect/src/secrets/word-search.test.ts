import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Word, WordSearch } from './word-search.ts';

/** What is found, looked for at every place. */
function places(words: readonly Word[], text: string): string[] {
  return words
    .flatMap(({ text: word, anyCase = false }, index) =>
      Array.from(text, (_, at) => {
        const there = text.slice(at, at + word.length);
        const stands = anyCase ? there.toLowerCase() === word.toLowerCase() : there === word;
        return stands ? [`${index} at ${at}`] : [];
      }).flat(),
    )
    .sort();
}

function found(words: readonly Word[], text: string): string[] {
  const all: string[] = [];
  new WordSearch(words).find(Buffer.from(text, 'latin1'), (word, at) => void all.push(`${word} at ${at}`));
  return all.sort();
}

describe('words are found', () => {
  test('wherever they stand, of any length, in either case where that is asked for', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ text: fc.stringMatching(/^[abA_.]{3,7}$/), anyCase: fc.boolean() }), {
          minLength: 1,
          maxLength: 6,
          selector: ({ text }) => text,
        }),
        fc.stringMatching(/^[abAB_. ]{0,120}$/),
        (words, text) => {
          expect(found(words, text)).toEqual(places(words, text));
        },
      ),
    );
  });

  test('at the very beginning and the very end, and across the four parts that are looked through at once', () => {
    const words = [{ text: 'hf_' }, { text: 'AKIA' }, { text: 'secret_key', anyCase: true }];
    for (let before = 0; before < 40; before++)
      for (const word of ['hf_', 'AKIA', 'SECRET_key']) {
        const text = `${'x'.repeat(before)}${word}${'y'.repeat(40 - before)}`;
        expect(found(words, text)).toEqual(places(words, text));
        expect(found(words, text)).toHaveLength(1);
      }
    expect(found(words, 'hf_')).toEqual(['0 at 0']);
    expect(found(words, 'hf')).toEqual([]);
    expect(found(words, '')).toEqual([]);
  });

  test('bytes of every value pass', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        const words = [{ text: 'AKIA' }, { text: 'SG.' }, { text: '\u00ff\u00fe\u0000' }];
        expect(found(words, text)).toEqual(places(words, text));
      }),
    );
  });

  test('a word too short to be looked for is refused', () => {
    expect(() => new WordSearch([{ text: 'ab' }])).toThrow('too short');
  });
});

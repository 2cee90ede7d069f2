import { gzipSync, zstdCompressSync } from 'node:zlib';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAr } from './ar.ts';
import { openDeb } from './deb.ts';
import { acceptsVersion, parseRelations, RelationError } from './relations.ts';
import { parseAptSources } from './sources.ts';

function ar(members: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('!<arch>\n')];
  for (const [name, bytes] of members) {
    parts.push(
      Buffer.from(
        `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
      ),
    );
    parts.push(bytes, Buffer.alloc(bytes.length % 2, '\n'));
  }
  return Buffer.concat(parts);
}
const version = ['debian-binary', Buffer.from('2.0\n')] as const;
const tar = Buffer.from('a tar archive');
const invalid = expect.objectContaining({ code: 'DEB_INVALID' });

describe('a .deb', () => {
  test.each([
    ['gz', gzipSync(tar)],
    ['zst', zstdCompressSync(tar)],
  ])('compressed with %s is opened', async (ending, packed) => {
    const deb = await openDeb(
      ar([version, [`control.tar.${ending}`, packed], [`data.tar.${ending}`, packed]]),
    );
    expect(Buffer.from(deb.data).toString()).toBe('a tar archive');
  });

  test.each([
    ['that is no archive', Buffer.from('PK')],
    ['of another format', ar([['debian-binary', Buffer.from('3.0\n')]])],
    ['without data', ar([version, ['control.tar', tar]])],
    ['with data before control', ar([version, ['data.tar', tar], ['control.tar', tar]])],
    ['that is cut off', ar([version, ['control.tar', tar], ['data.tar', tar]]).subarray(0, -5)],
    ['with damaged data', ar([version, ['control.tar', tar], ['data.tar.gz', tar]])],
    ['with damaged xz', ar([version, ['control.tar', tar], ['data.tar.xz', tar]])],
    ['compressed otherwise', ar([version, ['control.tar', tar], ['data.tar.lzma', tar]])],
    ['with a name that is a path', ar([version, ['../x', tar]])],
  ])('%s is refused', async (_name, bytes) => {
    await expect(openDeb(bytes)).rejects.toEqual(invalid);
  });

  test('a bomb is refused before it is in memory', async () => {
    const bomb = gzipSync(Buffer.alloc(17 * 1024 * 1024));
    await expect(openDeb(ar([version, ['control.tar.gz', bomb], ['data.tar', tar]]))).rejects.toEqual(
      invalid,
    );
  });

  test('any bytes give members or a refusal', () => {
    const whole = ar([version, ['control.tar', tar], ['data.tar', tar]]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          readAr(bytes);
        } catch (error) {
          expect(error).toEqual(invalid);
        }
      }),
    );
  });
});

describe('relations', () => {
  test('alternatives, versions, architectures and restrictions', () => {
    expect(parseRelations('libc6 (>= 2.36), awk | mawk:any (<< 2), x [amd64] <!nocheck>')).toMatchObject([
      [{ name: 'libc6', version: { operator: '>=', value: '2.36' } }],
      [{ name: 'awk' }, { name: 'mawk', architecture: 'any', version: { operator: '<<', value: '2' } }],
      [{ name: 'x', version: null }],
    ]);
  });

  test.each([
    ['<<', [true, false, false]],
    ['<=', [true, true, false]],
    ['=', [false, true, false]],
    ['>=', [false, true, true]],
    ['>>', [false, false, true]],
    ['<', [true, true, false]],
    ['>', [false, true, true]],
  ])('%s accepts of 1.0~rc1, 1.0, 1.0+b1: %j', (operator, accepted) => {
    const [[relation]] = parseRelations(`a (${operator} 1.0)`) as never as [[never]];
    expect(['1.0~rc1', '1.0', '1.0+b1'].map((found) => acceptsVersion(relation, found))).toEqual(accepted);
  });

  test.each(['A', 'a (', 'a (1)', 'a (== 1)', 'a | | b', 'a b', '$(x)'])('%j is refused', (text) => {
    expect(() => parseRelations(text)).toThrow(RelationError);
  });

  test('a field made to be slow is not', () => {
    expect(() => parseRelations(`a ${'<x> '.repeat(200)}(`)).toThrow(RelationError);
  });
});

describe('sources', () => {
  test('one a line', () => {
    const text =
      '# x\ndeb [arch=amd64 signed-by=/k.gpg] https://m.test/debian/ bookworm main contrib # y\ndeb-src https://m.test/debian bookworm main\n';
    expect(parseAptSources(text, 'sources.list')).toEqual([
      {
        uri: 'https://m.test/debian',
        suite: 'bookworm',
        components: ['main', 'contrib'],
        signedBy: '/k.gpg',
      },
    ]);
  });

  test('in paragraphs', () => {
    const text =
      'Types: deb deb-src\nURIs: http://m.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n\nTypes: deb\nEnabled: no\nURIs: x\nSuites: y\n';
    expect(parseAptSources(text, 'debian.sources').map(({ suite }) => suite)).toEqual([
      'bookworm',
      'bookworm-updates',
    ]);
  });

  test.each([
    ['another word', 'rpm https://m.test x main'],
    ['an address of files', 'deb file:/srv x main'],
    ['credentials', 'deb https://u:p@m.test x main'],
    ['a suite that climbs', 'deb https://m.test ../x main'],
    ['no component', 'deb https://m.test x'],
  ])('%s is refused with its line', (_name, text) => {
    expect(() => parseAptSources(text, 'a.list')).toThrow(PratiqueError);
    expect(() => parseAptSources(text, 'a.list')).toThrow(/^a\.list:1: /);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { elfBytes } from '../testing/elf.ts';
import { readElf } from './file.ts';
import { sharedLibraries } from './libraries.ts';
import { type ByteSource, parseElf } from './parse.ts';
import { systemDirectories } from './search-path.ts';

const source = (bytes: Uint8Array): ByteSource => ({
  name: 'test',
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});
const invalid = expect.objectContaining({ code: 'OCI_ELF_INVALID', kind: 'fault' });

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'oci-elf-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('reading', () => {
  test.each([
    [64, true],
    [64, false],
    [32, true],
    [32, false],
  ] as const)('%i bit, little endian: %s', (bits, littleEndian) => {
    const input = {
      interpreter: '/lib/ld.so',
      needed: ['libc.so.6', 'libm.so.6'],
      soname: 'me.so',
      runpath: '$ORIGIN/lib:/opt',
      rpath: '/old',
    };
    expect(parseElf(source(elfBytes({ bits, littleEndian, machine: 62, ...input })))).toEqual({
      bits,
      littleEndian,
      machine: 62,
      interpreter: '/lib/ld.so',
      needed: ['libc.so.6', 'libm.so.6'],
      soname: 'me.so',
      runpath: ['$ORIGIN/lib', '/opt'],
      rpath: ['/old'],
    });
  });

  test('a static program needs nothing', () => {
    expect(parseElf(source(elfBytes({ needed: [] })))).toMatchObject({ needed: [], rpath: [], runpath: [] });
  });

  test.runIf(process.platform === 'linux')('this machine’s Node', () => {
    expect(readElf(process.execPath).bits).toBe(64);
  });
});

describe('a damaged file is refused, not followed', () => {
  test.each([
    ['empty', new Uint8Array()],
    ['text', new TextEncoder().encode('#!/bin/sh\n'.repeat(20))],
    ['only the magic number', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, ...new Uint8Array(60)])],
    ['cut off', elfBytes({ needed: ['libc.so.6'] }).subarray(0, 100)],
  ])('%s', (_, bytes) => {
    expect(() => parseElf(source(bytes))).toThrow(invalid);
  });

  test('any byte changed gives an answer or a refusal, in bounded time', () => {
    const whole = elfBytes({
      interpreter: '/lib/ld.so',
      needed: ['a.so', 'b.so'],
      runpath: '/x',
      soname: 's',
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = whole.slice(0, Math.max(length, 52));
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            parseElf(source(bytes));
          } catch (error) {
            expect(error).toEqual(invalid);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('finding libraries', () => {
  /** Writes ELF files below a directory; `@` in their paths is that directory. */
  function lay(files: Record<string, Parameters<typeof elfBytes>[0]>): (path: string) => string {
    const root = temporary();
    for (const [path, content] of Object.entries(files)) {
      const at = join(root, path);
      mkdirSync(join(at, '..'), { recursive: true });
      const fill = (text: string | undefined) => text?.replaceAll('@', root);
      const filled = {
        ...content,
        ...(content.rpath && { rpath: fill(content.rpath)! }),
        ...(content.runpath && { runpath: fill(content.runpath)! }),
      };
      writeFileSync(at, elfBytes(filled));
    }
    return (path) => join(root, path);
  }
  const names = (program: string) => [...sharedLibraries(program).libraries.values()];

  test('$ORIGIN is the directory of the file that says it', () => {
    const at = lay({
      'bin/app': { needed: ['liba.so'], runpath: '$ORIGIN/../lib' },
      'lib/liba.so': { needed: ['libb.so'], runpath: `${'$'}{ORIGIN}/deep` },
      'lib/deep/libb.so': { needed: [] },
    });
    expect(names(at('bin/app'))).toEqual([at('lib/liba.so'), at('lib/deep/libb.so')]);
  });

  test('RPATH counts for libraries further down, RUNPATH does not', () => {
    const files = (path: object) => ({
      app: { needed: ['liba.so'], ...path },
      'lib/liba.so': { needed: ['libb.so'] },
      'lib/libb.so': { needed: [] },
    });
    const old = lay(files({ rpath: '@/lib' }));
    expect(names(old('app'))).toEqual([old('lib/liba.so'), old('lib/libb.so')]);
    const modern = lay(files({ runpath: '@/lib' }));
    expect(() => names(modern('app'))).toThrow(
      expect.objectContaining({ code: 'OCI_LIBRARY_NOT_FOUND', found: 'libb.so' }),
    );
  });

  test('RPATH is ignored where there is a RUNPATH', () => {
    const at = lay({
      app: { needed: ['liba.so'], rpath: '@/one', runpath: '@/two' },
      'one/liba.so': { needed: [] },
      'two/liba.so': { needed: [] },
    });
    expect(names(at('app'))).toEqual([at('two/liba.so')]);
  });

  test('a library of another machine or word size is passed over', () => {
    const at = lay({
      app: { needed: ['liba.so'], runpath: '@/arm:@/small:@/right' },
      'arm/liba.so': { needed: [], machine: 183 },
      'small/liba.so': { needed: [], bits: 32 },
      'right/liba.so': { needed: [] },
    });
    expect(names(at('app'))).toEqual([at('right/liba.so')]);
  });

  test('libraries that need each other end', () => {
    const at = lay({
      app: { needed: ['liba.so'], rpath: '@' },
      'liba.so': { needed: ['libb.so'] },
      'libb.so': { needed: ['liba.so'] },
    });
    expect(names(at('app'))).toHaveLength(2);
  });

  test('a missing library is named with who needs it', () => {
    const at = lay({ app: { needed: ['libnowhere.so.9'] } });
    expect(() => sharedLibraries(at('app'))).toThrow(/app needs libnowhere\.so\.9/);
  });
});

test('ld.so.conf is read with its includes, and a circle of them ends', () => {
  const root = temporary();
  writeFileSync(join(root, 'ld.so.conf'), `# comment\ninclude conf.d/*.conf\n/last/ # here\nrelative\n`);
  mkdirSync(join(root, 'conf.d'));
  writeFileSync(join(root, 'conf.d/a.conf'), `/first\ninclude ${join(root, 'ld.so.conf')}\n`);
  expect(systemDirectories(join(root, 'ld.so.conf')).slice(0, 2)).toEqual(['/first', '/last']);
  expect(systemDirectories(join(root, 'none'))).toContain('/usr/lib');
});

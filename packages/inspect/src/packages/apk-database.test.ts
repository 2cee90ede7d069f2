import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readApkInstalled } from './apk-database.ts';

function read(text: string) {
  const bytes = new TextEncoder().encode(text);
  const content = {
    name: 'installed',
    size: bytes.length,
    read: (at: number, length: number) => bytes.subarray(at, at + length),
  };
  return readApkInstalled({ path: 'lib/apk/db/installed', type: 'file', size: bytes.length, content });
}

const whole =
  'C:Q1a=\nP:musl\nV:1.2-r0\nA:x86_64\nF:\nR:top\nF:lib\nM:0:0:755\nR:libc.so\na:0:0:755\nZ:Q1b=\n\nP:b\nV:1\n\n';
const unreadable = { code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' };

test('a package has its files with their checksums, those of the root too', () => {
  const [musl, other] = read(whole);
  expect(musl).toMatchObject({ name: 'musl', version: '1.2-r0', architecture: 'x86_64' });
  expect([...musl!.files]).toEqual([
    ['top', ''],
    ['lib/libc.so', 'Q1b='],
  ]);
  expect(other).toMatchObject({ name: 'b', text: 'P:b\nV:1' });
});

// Each hides the package from a reader that passes over what it does not understand.
test.each([
  ['without a version', 'P:a\n'],
  ['without a name', 'V:1\n'],
  ['with a line that is no field', 'P:a\nV 1\nV:1\n'],
])('a package %s is a fault, never left out', (_, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining(unreadable));
});

test('any changes to a database give packages with names and versions, or a fault', () => {
  const change = fc.tuple(fc.nat(whole.length), fc.nat(6), fc.string({ unit: 'binary', maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      let text = whole;
      for (const [at, length, insertion] of changes)
        text = `${text.slice(0, at)}${insertion}${text.slice(at + length)}`;
      try {
        for (const { name, version } of read(text))
          expect(Math.min(name.length, version.length)).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject(unreadable);
      }
    }),
  );
});

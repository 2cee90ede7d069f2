import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PackageType } from '../packages/package.ts';
import { compareVersions } from './versions.ts';

/** One chain of each scheme, oldest first; what would be wrong for a user if the order broke is beside it. */
const chains: Readonly<Record<PackageType, readonly string[]>> = {
  deb: ['1.0~rc1-1', '1.0', '1.0-1', '1.0-1+deb12u1', '1.0-1+deb12u10', '1.0+dfsg-1', '1.10-1', '1:0.1-1'],
  apk: ['1.2_rc1', '1.2', '1.2-r0', '1.2-r10', '1.2_p1', '1.2a', '1.2.1', '1.10'],
  rpm: ['1.0~rc1-1', '1.0-1.el8', '1.0-1.el8_10', '1.0-2.el8', '1.0^git1-1', '1.0.1-1', '1.10-1', '1:0.1-1'],
  npm: ['1.0.0-1', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0', '1.9.0', '1.10.0'],
  golang: ['v0.0.0-20190101000000-abcdef', 'v0.0.1', 'v1.9.0', 'v1.10.0'],
  cargo: ['1.0.0-rc.1', '1.0.0', '1.0.10'],
  pypi: ['1.0.dev1', '1.0a1', '1.0rc1', '1.0', '1.0+local', '1.0.post1', '1.1', '1!0.1'],
  maven: ['1-alpha-1', '1-beta', '1-rc1', '1-SNAPSHOT', '1', '1-sp', '1-xyz', '1-1', '1.1', '1.10'],
  gem: ['1.0.a', '1.0.b1', '1.0', '1.0.1', '1.10'],
  nuget: ['1.0.0-Alpha', '1.0.0-beta', '1.0', '1.0.0.1', '1.10.0'],
  composer: ['dev-main', '1.0-dev', '1.0-alpha', '1.0-RC1', '1.0', '1.0.1', '1.0pl1', '1.10'],
  pub: ['1.0.0-pre', '1.0.0', '1.0.0+1', '1.0.0+2', '1.10.0'],
  cran: ['1.0', '1.0-1', '1.1', '1.10'],
  hackage: ['1', '1.0', '1.1', '1.10'],
};
const types = Object.keys(chains) as PackageType[];

describe.each(types)('%s', (type) => {
  test('a later version is newer and an earlier one older', () => {
    const chain = chains[type];
    for (const [i, a] of chain.entries())
      for (const [j, b] of chain.entries())
        expect(Math.sign(compareVersions(type, a, b)), `${a} against ${b}`).toBe(Math.sign(i - j));
  });

  const version = fc
    .array(fc.constantFrom(...'0129abprc.-_+~^:v', 'dev', 'rc', '_p', '-r', 'final'), {
      minLength: 1,
      maxLength: 8,
    })
    .map((parts) => parts.join(''));

  test('swapping two versions turns the answer round', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(type, a, b))).toBe(0 - Math.sign(compareVersions(type, b, a)));
        expect(compareVersions(type, a, a)).toBe(0);
      }),
    );
  });

  test('numbers are compared as numbers, however long', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 60n });
    fc.assert(
      fc.property(digits, digits, digits, (a, b, c) => {
        const expected = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareVersions(type, `1.${a}.${c}`, `1.${b}.${c}`))).toBe(expected);
      }),
    );
  });
});

// PHP's order is not transitive by itself: 1.2.3 = 1.2.3.# = 1.2.3.1, and 1.2.3 < 1.2.3.1.
describe.each(types.filter((type) => type !== 'composer'))('%s', (type) => {
  const number = fc.integer({ min: 0, max: 12 }).map(String);
  const pre = fc.constantFrom(
    '',
    '-1',
    '-alpha',
    '-alpha.1',
    '-rc.2',
    '~rc1',
    '_rc1',
    '.a1',
    '-r1',
    '+b1',
    '_p2',
  );
  const version = fc
    .tuple(fc.array(number, { minLength: 1, maxLength: 4 }), pre)
    .map(([numbers, end]) => numbers.join('.') + end);

  test('sorting is possible: the order is transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const [x, y, z] = [a, b, c].sort((p, q) => compareVersions(type, p, q)) as [string, string, string];
        expect(compareVersions(type, x, y)).toBeLessThanOrEqual(0);
        expect(compareVersions(type, y, z)).toBeLessThanOrEqual(0);
        expect(compareVersions(type, x, z)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile versions', () => {
  test('any text up to the limit has a place in every order, and none takes long', () => {
    const hostile = [
      '9'.repeat(1024),
      '1.'.repeat(512),
      '-'.repeat(1024),
      '~'.repeat(1024),
      'a1'.repeat(512),
      '_p'.repeat(512),
      '+a'.repeat(512),
      `1${'.0'.repeat(500)}x`,
      `${'0.'.repeat(500)}!`,
    ];
    for (const type of types)
      for (const a of hostile) for (const b of hostile) expect(compareVersions(type, a, b)).not.toBeNaN();
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.string({ minLength: 1, unit: 'binary' }), (type, text) => {
        expect(compareVersions(type, text, text)).toBe(0);
        expect(compareVersions(type, text, '1.0')).not.toBeNaN();
      }),
    );
  });

  test.each(['', '1'.repeat(1025)])('an empty or overlong version is refused, not ordered', (version) => {
    for (const type of types) {
      expect(() => compareVersions(type, version, '1')).toThrow(/cannot be compared/);
      expect(() => compareVersions(type, '1', version)).toThrow(/cannot be compared/);
    }
  });
});

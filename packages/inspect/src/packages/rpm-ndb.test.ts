import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { databaseFile } from '../testing/database-file.ts';
import { rpmNdb } from '../testing/rpm.ts';
import { adler32, ndbHeaders } from './rpm-ndb.ts';

const read = (bytes: Uint8Array) =>
  [...ndbHeaders(databaseFile(bytes))].map((header) => Buffer.from(header).toString());
const unreadable = { code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' };

describe('a database of ndb', () => {
  test.each([0, 1, 253, 254, 255, 700])('has all its packages: %i', (count) => {
    const headers = Array.from({ length: count }, (_, number) => 'x'.repeat(number % 40) + number);
    expect(read(rpmNdb(headers.map((header) => Buffer.from(header))))).toEqual(headers);
  });

  test('has places that are free, between and after the packages', () => {
    const bytes = rpmNdb([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]);
    bytes.fill(0, 48 + 4, 48 + 16);
    bytes.fill(0, 4096 + 32, 4096 + 64);
    expect(read(Buffer.concat([bytes, Buffer.alloc(4096)]))).toEqual(['a', 'c']);
  });

  test('Adler-32 is that of RFC 1950, also where the sums overflow', () => {
    expect(adler32(Buffer.from('Wikipedia'))).toBe(0x11e60398);
    expect(adler32(new Uint8Array())).toBe(1);
    let [low, high] = [1n, 0n];
    const bytes = Buffer.alloc(100_000, 0xff);
    for (const byte of bytes) [low, high] = [low + BigInt(byte), high + low + BigInt(byte)];
    expect(BigInt(adler32(bytes))).toBe((high % 65_521n) * 65_536n + (low % 65_521n));
  });
});

/** Slots of packages 1 and 2 at 32 and 48, their blobs of 5 and 3 blocks from 4096 on. */
const small = () => rpmNdb([Buffer.alloc(48, 'a'), Buffer.alloc(16, 'b')]);
const [slot1, slot2, blob1, blob2] = [32, 48, 4096, 4096 + 80];
/** Puts the checksum of the first blob right again. */
function resum(bytes: Buffer): void {
  bytes.writeUInt32LE(adler32(bytes.subarray(blob1, blob2 - 12)), blob2 - 12);
}

describe('a hostile or damaged one is a fault, never a hang or fewer packages', () => {
  const cases: readonly (readonly [string, RegExp, (bytes: Buffer) => unknown])[] = [
    ['another magic number', /not a database of ndb/, (b) => b.write('rpmP')],
    ['another version', /found 1/, (b) => b.writeUInt32LE(1, 4)],
    ['no list of packages', /has 0 pages/, (b) => b.writeUInt32LE(0, 12)],
    ['a huge list of packages', /has 4294967295 pages/, (b) => b.writeUInt32LE(0xffffffff, 12)],
    ['a list that is none', /list of packages is damaged/, (b) => b.write('slot', slot2)],
    ['a free place that is none', /list of packages is damaged/, (b) => b.fill(0, 2000, 2016)],
    ['a package in the list', /package 1 lies outside/, (b) => b.writeUInt32LE(1, slot1 + 8)],
    ['a package behind the end', /package 2 lies outside/, (b) => b.writeUInt32LE(0xffffffff, slot2 + 8)],
    ['a package beyond the end', /package 2 lies outside/, (b) => b.writeUInt32LE(0xffffffff, slot2 + 12)],
    ['a package without a number', /package 0 lies outside/, (b) => b.writeUInt32LE(0, slot1 + 4)],
    ['a number twice', /two packages have the number 1/, (b) => b.writeUInt32LE(1, slot2 + 4)],
    ['a package in another', /package 2 lies in another/, (b) => b.writeUInt32LE(blob1 / 16 + 1, slot2 + 8)],
    ['a package shorter than its frame', /package 2 is damaged/, (b) => b.writeUInt32LE(1, slot2 + 12)],
    [
      'a place longer than its package',
      /package 1 is damaged/,
      (b) => {
        b.writeUInt32LE(4, slot1 + 12);
        return b;
      },
    ],
    [
      'a package that begins otherwise',
      /package 1 is damaged/,
      (b) => {
        b.write('BlbX', blob1);
        resum(b);
      },
    ],
    [
      'the package of another number',
      /package 1 is damaged/,
      (b) => {
        b.writeUInt32LE(2, blob1 + 4);
        resum(b);
      },
    ],
    [
      'a package of another length',
      /package 1 is damaged/,
      (b) => {
        b.writeUInt32LE(20, blob1 + 12);
        b.writeUInt32LE(20, blob2 - 8);
        resum(b);
      },
    ],
    ['two lengths', /package 1 is damaged/, (b) => b.writeUInt32LE(47, blob2 - 8)],
    ['a package that ends otherwise', /package 1 is damaged/, (b) => b.write('BlbX', blob2 - 4)],
    ['a changed package', /package 1 is damaged/, (b) => b.write('x', blob1 + 20)],
  ];
  test.each(cases)('%s', (_, why, damage) => {
    const bytes = small();
    damage(bytes);
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({ ...unreadable, message: expect.stringMatching(why) }),
    );
  });

  test.each([0, 31, 32, 4095, 4096, 4096 + 127])('cut off after %i bytes', (length) => {
    expect(() => read(small().subarray(0, length))).toThrow(expect.objectContaining(unreadable));
  });

  test('more packages than anybody installs are not listed', () => {
    const pages = 200;
    const bytes = Buffer.alloc(pages * 4096 + 60_000 * 16);
    bytes.write('RpmP');
    bytes.writeUInt32LE(pages, 12);
    for (let at = 32; at < pages * 4096; at += 16) {
      bytes.write('Slot', at);
      if (at / 16 > 50_100) continue;
      bytes.writeUInt32LE(at / 16, at + 4);
      bytes.writeUInt32LE(pages * 256 + at / 16, at + 8);
      bytes.writeUInt32LE(1, at + 12);
    }
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({ ...unreadable, message: expect.stringMatching(/more than 50000 packages/) }),
    );
  });

  test('any changes give packages or a fault, in time that its size bounds', () => {
    const whole = small();
    const interesting = fc.oneof(fc.nat(96), fc.integer({ min: 4090, max: whole.length - 1 }));
    const change = fc.tuple(interesting, fc.uint8Array({ minLength: 1, maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, more] of changes) bytes.set(more.subarray(0, bytes.length - at), at);
        let total = 0;
        try {
          for (const header of read(bytes)) total += header.length;
        } catch (error) {
          expect(error).toMatchObject(unreadable);
        }
        expect(total).toBeLessThanOrEqual(whole.length);
      }),
      { numRuns: 1000 },
    );
  });
});

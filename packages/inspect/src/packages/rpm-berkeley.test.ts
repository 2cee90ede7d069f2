import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { databaseFile } from '../testing/database-file.ts';
import { type BerkeleyOptions, rpmBerkeley } from '../testing/rpm.ts';
import { berkeleyHeaders } from './rpm-berkeley.ts';

const read = (bytes: Uint8Array) => [...berkeleyHeaders(databaseFile(bytes))];
const texts = (bytes: Uint8Array) =>
  read(bytes)
    .map((header) => Buffer.from(header).toString())
    .sort();
const unreadable = { code: 'INSPECT_PACKAGE_DATABASE_UNREADABLE' };

describe('a Berkeley DB hash of packages', () => {
  const headers = Array.from({ length: 300 }, (_, number) => 'x'.repeat(1 + ((number * 97) % 3000)) + number);
  const shapes: BerkeleyOptions[] = [
    {},
    { byteOrder: 'big' },
    { pageBytes: 512, buckets: 16 },
    { pageBytes: 65_536, buckets: 1, byteOrder: 'big' },
  ];
  test.each(shapes)('has all of them: in buckets, chains of pages and pages of their own (%j)', (shape) => {
    const bytes = rpmBerkeley(
      headers.map((header) => Buffer.from(header)),
      shape,
    );
    expect(texts(bytes)).toEqual([...headers].sort());
  });

  test('may be empty', () => expect(read(rpmBerkeley([]))).toEqual([]));

  test('may be followed by anything, as rpm does not look there', () => {
    expect(texts(Buffer.concat([rpmBerkeley([Buffer.from('a')]), Buffer.alloc(5000, 13)]))).toEqual(['a']);
  });
});

/**
 * Pages of 512 bytes: 1 and 2 are the buckets, 3 and 4 what package 1 needs besides, 5 and 6 package 2. The numbers
 * hash to bucket 0 (0 and 2) and 1 (1).
 */
const page = 512;
const small = () =>
  rpmBerkeley([Buffer.alloc(700, 'a'), Buffer.alloc(700, 'b')], { pageBytes: page, buckets: 2 });
const pageOf = (bytes: Buffer, number: number) => bytes.subarray(number * page, (number + 1) * page);
/** Where the n-th item of a bucket is. */
const item = (bucket: Buffer, index: number) => bucket.subarray(bucket.readUInt16LE(26 + 2 * index));

type Damage = (bytes: Buffer, buckets: readonly [Buffer, Buffer]) => unknown;

describe('a hostile or damaged one is a fault, never a hang or fewer packages', () => {
  const cases: readonly (readonly [string, RegExp, Damage])[] = [
    ['another magic number', /not a database of Berkeley DB/, (b) => b.writeUInt32LE(0x061562, 12)],
    ['a B-tree', /B-tree/, (b) => b.writeUInt32LE(0x053162, 12)],
    ['a B-tree of the other byte order', /B-tree/, (b) => b.writeUInt32BE(0x053162, 12)],
    ['an old version', /found 7/, (b) => b.writeUInt32LE(7, 16)],
    ['a version to come', /found 11/, (b) => b.writeUInt32LE(11, 16)],
    ['pages of no bytes', /0 is no size/, (b) => b.writeUInt32LE(0, 20)],
    ['pages of an odd size', /513 is no size/, (b) => b.writeUInt32LE(513, 20)],
    ['pages smaller than the first', /256 is no size/, (b) => b.writeUInt32LE(256, 20)],
    ['huge pages', /2147483648 is no size/, (b) => b.writeUInt32LE(0x80000000, 20)],
    ['encryption', /does not use/, (b) => b.writeUInt8(1, 24)],
    ['checksums in its pages', /does not use/, (b) => b.writeUInt8(1, 26)],
    ['several values of a key', /does not use/, (b) => b.writeUInt32LE(1, 48)],
    ['more pages than bytes', /truncated/, (b) => b.writeUInt32LE(0xffffffff, 32)],
    [
      'more pages than bytes, and a package that fills them',
      /truncated/,
      (b, [one]) => {
        b.writeUInt32LE(0xfffff, 32);
        item(one, 3).writeUInt32LE(0x0fffffff, 8);
      },
    ],
    ['more buckets than pages', /more buckets/, (b) => b.writeUInt32LE(0xfffffff0, 72)],
    ['a bucket outside', /page 100000 lies outside/, (b) => b.writeUInt32LE(100_000, 96)],
    ['two buckets of one page', /page 1 is used twice/, (b) => b.writeUInt32LE(0, 100)],
    ['a bucket that was taken away', /no bucket leads to page 2/, (b) => b.writeUInt32LE(0, 72)],
    ['a bucket of another type of page', /page 2 is not/, (_, [, two]) => two.writeUInt8(5, 25)],
    ['a bucket that is another page', /page 2 is not/, (_, [, two]) => two.writeUInt32LE(9, 8)],
    ['a bucket that goes on with itself', /page 1 is used twice/, (_, [one]) => one.writeUInt32LE(1, 16)],
    ['a bucket that goes on outside', /page 99 lies outside/, (_, [one]) => one.writeUInt32LE(99, 16)],
    ['an odd number of entries', /more entries/, (_, [one]) => one.writeUInt16LE(3, 20)],
    ['more entries than fit', /more entries/, (_, [one]) => one.writeUInt16LE(0xfffe, 20)],
    ['an entry in the table of entries', /outside its page/, (_, [one]) => one.writeUInt16LE(30, 32)],
    ['an entry behind its page', /outside its page/, (_, [one]) => one.writeUInt16LE(600, 26)],
    ['an entry of no length', /outside its page/, (_, [one]) => one.writeUInt16LE(one.readUInt16LE(26), 28)],
    ['a key of another type', /no number of a package/, (_, [one]) => item(one, 0).writeUInt8(3)],
    [
      'a key that is too long',
      /no number of a package/,
      (_, [, two]) => {
        const at = two.readUInt16LE(26) - 3;
        two.writeUInt16LE(at, 26);
        two[at] = 1;
      },
    ],
    ['a number twice', /two packages have the number 1/, (_, [one]) => item(one, 2).writeUInt32LE(1, 1)],
    [
      'a package under the number of the counter',
      /its counter/,
      (_, [one, two]) => {
        item(one, 0).writeUInt32LE(9, 1);
        item(two, 0).writeUInt32LE(0, 1);
      },
    ],
    [
      'a reference to pages that is too long',
      /rpm does not use \(3\)/,
      (_, [one]) => {
        const at = one.readUInt16LE(32) - 1;
        one.writeUInt16LE(at, 32);
        one[at] = 3;
      },
    ],
    ['an entry of duplicates', /rpm does not use \(2\)/, (_, [one]) => item(one, 3).writeUInt8(2)],
    [
      'a package larger than the file',
      /larger than all/,
      (_, [one]) => item(one, 3).writeUInt32LE(0xfffffff0, 8),
    ],
    ['a package outside', /page 77 lies outside/, (_, [one]) => item(one, 3).writeUInt32LE(77, 4)],
    [
      'two packages in the same pages',
      /page 5 is used twice/,
      (_, [, two]) => item(two, 1).writeUInt32LE(5, 4),
    ],
    ['a package in its bucket', /page 1 is used twice/, (_, [one]) => item(one, 3).writeUInt32LE(1, 4)],
    ['a package that goes on with itself', /page 5 is used twice/, (b) => pageOf(b, 5).writeUInt32LE(5, 16)],
    ['a package that ends early', /page 0 lies outside/, (b) => pageOf(b, 5).writeUInt32LE(0, 16)],
    ['a part of nothing', /wrong length/, (b) => pageOf(b, 5).writeUInt16LE(0, 22)],
    ['a part longer than its page', /wrong length/, (b) => pageOf(b, 5).writeUInt16LE(500, 22)],
    ['more parts than it is long', /wrong length/, (b) => pageOf(b, 6).writeUInt16LE(400, 22)],
    ['a part of another type', /page 5 is not/, (b) => pageOf(b, 5).writeUInt8(0, 25)],
  ];
  test.each(cases)('%s', (_, why, damage) => {
    const bytes = small();
    damage(bytes, [pageOf(bytes, 1), pageOf(bytes, 2)]);
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({ ...unreadable, message: expect.stringMatching(why) }),
    );
  });

  test.each([0, 11, 511, 512, 1000, 3071])('cut off after %i bytes', (length) => {
    expect(() => read(small().subarray(0, length))).toThrow(
      expect.objectContaining({ ...unreadable, message: expect.stringMatching(/truncated/) }),
    );
  });

  test('any changes give packages or a fault, in time that its size bounds', () => {
    const whole = small();
    const change = fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }));
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

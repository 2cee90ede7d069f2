import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rpmHeader } from '../testing/rpm.ts';
import { parseRpmHeader } from './rpm-header.ts';

const name = { 1000: 'a', 1001: '1', 1002: '2' };
const files = { 1116: [0, 1], 1117: ['x', 'y'], 1118: ['/', '/etc/'] };

/** Where the index entry of a tag is: tag, type, offset, count. */
function entryOf(header: Buffer, tag: number): Buffer {
  for (let at = 8; ; at += 16) if (header.readUInt32BE(at) === tag) return header.subarray(at, at + 16);
}

describe('a header of an rpm package', () => {
  test('has its files by directory', () => {
    expect(parseRpmHeader(rpmHeader({ ...name, ...files }))).toMatchObject({
      name: 'a',
      epoch: undefined,
      files: ['/x', '/etc/y'],
      requires: [],
    });
  });

  const changed = (change: (header: Buffer) => unknown) => {
    const header = rpmHeader({ ...name, 1003: [7], ...files });
    change(header);
    return header;
  };
  test.each([
    ['cut off', changed(() => {}).subarray(0, -1)],
    ['followed by something', Buffer.concat([changed(() => {}), Buffer.alloc(1)])],
    ['of more entries than bytes', changed((header) => header.writeUInt32BE(0x0fffffff))],
    ['whose name lies outside', changed((header) => entryOf(header, 1000).writeInt32BE(100_000, 8))],
    ['whose epoch lies outside', changed((header) => entryOf(header, 1003).writeInt32BE(100_000, 8))],
    ['whose epoch lies in its index', changed((header) => entryOf(header, 1003).writeInt32BE(-16, 8))],
    ['whose epoch is text', changed((header) => entryOf(header, 1003).writeUInt32BE(6, 4))],
    ['with more directories than text', changed((header) => entryOf(header, 1118).writeUInt32BE(3, 12))],
    [
      'with a huge number of numbers',
      changed((header) => entryOf(header, 1116).writeUInt32BE(0xffffffff, 12)),
    ],
    ['with a huge number of names', changed((header) => entryOf(header, 1117).writeUInt32BE(0xffffffff, 12))],
    ['with a file in no directory', rpmHeader({ ...name, ...files, 1116: [0, 2] })],
    ['with fewer indexes than files', rpmHeader({ ...name, ...files, 1116: [0] })],
    ['without a name', rpmHeader({ 1001: '1', 1002: '2' })],
    ['without a version', rpmHeader({ 1000: 'a', 1002: '2' })],
    ['without a release', rpmHeader({ 1000: 'a', 1001: '1' })],
    ['of nothing', new Uint8Array()],
  ])('%s is damaged, not one with less in it', (_, header) => {
    expect(parseRpmHeader(header)).toBeUndefined();
  });

  test('many files of a directory with a long name are refused before they are made', () => {
    const count = 300_000;
    const [zeros, empty] = [Array<number>(count).fill(0), Array<string>(count).fill('')];
    const long = `/${'d'.repeat(1_000_000)}/`;
    expect(parseRpmHeader(rpmHeader({ ...name, 1116: zeros, 1117: empty, 1118: [long] }))).toBeUndefined();
  });

  test('any bytes are read or refused', () => {
    const whole = rpmHeader({ ...name, 1003: [1], ...files });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 6 }), (at, bytes) => {
        const damaged = Buffer.from(whole);
        damaged.set(bytes.subarray(0, damaged.length - at), at);
        expect(typeof (parseRpmHeader(damaged)?.name ?? '')).toBe('string');
      }),
      { numRuns: 500 },
    );
  });
});

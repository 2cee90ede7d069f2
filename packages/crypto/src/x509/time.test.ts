import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DerReader, tags } from '../der/reader.ts';
import { encodeDer } from '../der/writer.ts';
import { readPreciseTime, readTime } from './time.ts';

const reader = (tag: number, text: string) =>
  new DerReader(encodeDer(tag, new Uint8Array(Buffer.from(text, 'latin1'))));
const utc = (text: string) => readTime(reader(tags.utcTime, text))?.toISOString() ?? null;
const generalized = (text: string) => readTime(reader(tags.generalizedTime, text))?.toISOString() ?? null;
const precise = (text: string) => readPreciseTime(reader(tags.generalizedTime, text))?.toISOString() ?? null;

test('every second that exists is read as itself', () => {
  const seconds = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(seconds, (date) => {
      const iso = `${date.toISOString().slice(0, 19)}.000Z`;
      const digits = `${iso.slice(0, 19).replace(/[-T:]/g, '')}Z`;
      expect([generalized(digits), precise(digits)]).toEqual([iso, iso]);
      const year = date.getUTCFullYear();
      if (year >= 1950 && year < 2050) expect(utc(digits.slice(2))).toBe(iso);
    }),
  );
});

test('a fraction of a second is read where RFC 3161 allows one', () => {
  expect(precise('20260102030405.25Z')).toBe('2026-01-02T03:04:05.250Z');
  expect(precise('20260102030405.000000001Z')).toBe('2026-01-02T03:04:05.000Z');
  expect(generalized('20260102030405.25Z')).toBeNull();
});

test.each([
  ['the 30th of February', '20260230000000Z'],
  ['the 29th of February in no leap year', '20250229000000Z'],
  ['the 31st of June', '20260631000000Z'],
  ['month 0', '20260010000000Z'],
  ['month 13', '20261310000000Z'],
  ['day 0', '20260100000000Z'],
  ['hour 24', '20260101240000Z'],
  ['minute 60', '20260101006000Z'],
  ['second 60', '20260101000060Z'],
  ['no Z', '20260101000000+'],
  ['another zone', '20260101000000+0100'],
  ['no seconds', '202601010000Z'],
  ['a sign', '2026-101000000Z'],
  ['a space', '2026 101000000Z'],
  ['a letter', '2026010100000aZ'],
  ['digits beyond ASCII', '202601010000\xb20Z'],
  ['more after it', '20260101000000ZZ'],
  ['a fraction that ends in zero', '20260101000000.10Z'],
  ['a fraction of nothing', '20260101000000.Z'],
  ['a comma', '20260101000000,1Z'],
  ['nothing', ''],
])('a time with %s is none', (_, text) => {
  expect([generalized(text), precise(text), utc(text.slice(2))]).toEqual([null, null, null]);
});

import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { encodeDer, objectIdentifier, sequence, set, utf8String } from '../der/writer.ts';
import { parseName } from './name.ts';

const attribute = (oid: string, value: Uint8Array) => sequence(objectIdentifier(oid), value);
const text = (value: string) => new TextEncoder().encode(value);

test('attributes are read in order, with their text', () => {
  const name = sequence(
    set(attribute('2.5.4.6', encodeDer(0x13, text('US')))),
    set(attribute('2.5.4.10', utf8String('Ünited')), attribute('2.5.4.11', encodeDer(0x16, text('x')))),
    set(attribute('2.5.4.3', encodeDer(0x1e, Uint8Array.of(0, 0x41)))),
  );
  expect(parseName(name)).toEqual([
    [{ oid: '2.5.4.6', value: 'US' }],
    [
      { oid: '2.5.4.10', value: 'Ünited' },
      { oid: '2.5.4.11', value: 'x' },
    ],
    [{ oid: '2.5.4.3', value: null }],
  ]);
  expect(parseName(sequence())).toEqual([]);
});

test.each<[string, Uint8Array]>([
  [
    'a PrintableString that is not ASCII',
    sequence(set(attribute('2.5.4.6', encodeDer(0x13, Uint8Array.of(0xfc))))),
  ],
  ['a UTF8String that is none', sequence(set(attribute('2.5.4.6', encodeDer(0x0c, Uint8Array.of(0xff)))))],
  [
    '65 attributes',
    sequence(...Array.from({ length: 65 }, () => set(attribute('2.5.4.6', utf8String('x'))))),
  ],
  [
    'an attribute of three parts',
    sequence(set(sequence(objectIdentifier('2.5.4.6'), utf8String('x'), set()))),
  ],
  ['something that is no sequence', set()],
])('%s is refused', (_, der) => {
  expect(() => parseName(der)).toThrow(PratiqueError);
});

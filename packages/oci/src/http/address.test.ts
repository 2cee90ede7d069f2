import { expect, test } from 'vitest';
import { addressProblem, shownAddress } from './address.ts';

test.each([
  ['https://vault.example:8200', undefined],
  ['http://127.0.0.1:8200', undefined],
  ['http://[::1]:8200', undefined],
  ['http://localhost/path', undefined],
  ['http://vault.example', 'is plain HTTP to another machine'],
  ['http://127.0.0.1.evil.example', 'is plain HTTP to another machine'],
  ['https://user:secret@vault.example', 'holds credentials'],
  ['ftp://vault.example', 'is not an http or https URL'],
  ['vault.example', 'is not an http or https URL'],
])('secrets go to %s: %s', (address, problem) => {
  expect(addressProblem(address)).toBe(problem);
});

test('an address is shown without its password', () => {
  expect(shownAddress('https://user:secret@vault.example/x')).toBe('https://…@vault.example/x');
});

import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSections } from './aws/profile.ts';
import { parseAwsKey } from './aws/reference.ts';
import { parseAzureKey } from './azure/reference.ts';
import { parseGcpKey } from './gcp/reference.ts';
import { parsePivReference } from './piv/uri.ts';

const arn = 'arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef';
const gcp = 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k';

test.each<[string, (reference: string) => unknown, readonly string[]]>([
  ['awskms', parseAwsKey, [`awskms:///${arn}`, 'awskms://localhost:4566/alias/signing']],
  ['gcpkms', parseGcpKey, [gcp, `${gcp}/cryptoKeyVersions/2`]],
  [
    'azurekms',
    parseAzureKey,
    ['azurekms://vault.vault.azure.net/key', 'azurekms://v.vault.azure.net/key/0123'],
  ],
  ['piv', parsePivReference, ['piv:signature', 'piv:signature?serial=123']],
])('%s: a reference that is damaged anywhere is one or is refused', (_, parse, references) => {
  for (const reference of references) expect(() => parse(reference)).not.toThrow();
  const noise = fc.constantFrom(...'/:@?#%[]\\\0 \n', '..', '%2f', '//', 'é', 'A', '0', '');
  fc.assert(
    fc.property(fc.constantFrom(...references), fc.nat(), fc.nat(4), noise, (reference, where, cut, more) => {
      const at = where % reference.length;
      const damaged = reference.slice(0, at) + more + reference.slice(at + cut);
      try {
        // What becomes part of an address says nothing but what the reference says.
        expect(JSON.stringify(parse(damaged))).not.toMatch(/[\s@#%\\]|\/\.\.|\.\.\//);
      } catch (error) {
        if (!(error instanceof PratiqueError)) throw error;
        expect(error.code).toBe('KEY_REFERENCE_INVALID');
      }
    }),
    { numRuns: 1000 },
  );
});

test('a settings file of AWS is read whatever is in it, and in time that its length bounds', () => {
  const line = fc.constantFrom('[', ']', '[a]', '[profile a]', 'k = v', ' k = v', '=', '#', 'k=[', '\\');
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
      for (const [name, section] of parseSections(lines.join('\n')))
        for (const [key, value] of section) expect(`[${name}] ${key}=${value}`).not.toContain('\n');
    }),
    { numRuns: 500 },
  );
  expect(
    parseSections(`[a]\nk =${' '.repeat(1_000_000)}`)
      .get('a')
      ?.get('k'),
  ).toBe('');
});

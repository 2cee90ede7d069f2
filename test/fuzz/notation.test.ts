import { expect, test } from 'vitest';
import { fuzzEnvelopes } from './notation.ts';

test('whatever envelope of notation comes, it is refused, or says who signed it', async () => {
  const { accepted, refused, codes } = await fuzzEnvelopes(
    20_261_130,
    (tally) => tally.accepted + tally.refused >= 3000,
  );
  expect(refused).toBeGreaterThan(2000);
  // Damage to what is not signed, such as the name of the program.
  expect(accepted).toBeGreaterThan(10);
  for (const code of [
    'NOTATION_ENVELOPE_INVALID',
    'NOTATION_SIGNATURE_INVALID',
    'NOTATION_CHAIN_INVALID',
    'NOTATION_PAYLOAD_INVALID',
    'NOTATION_SUBJECT_MISMATCH',
    'NOTATION_TIMESTAMP_INVALID',
  ])
    expect(codes).toContain(code);
});

import { expect, test } from 'vitest';
import { fuzzContentTrust } from './content-trust.ts';

test('damaged trust data is believed or refused, and never for what nobody signed', async () => {
  const { believed, refused } = await fuzzContentTrust(20260601, ({ rounds }) => rounds === 400);
  expect(refused).toBeGreaterThan(100);
  expect(believed).toBeGreaterThan(10);
});

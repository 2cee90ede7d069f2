import { expect, test } from 'vitest';
import { fuzz, targets } from './servers/fuzz.ts';
import { Random } from './servers/random.ts';
import { fuzzServices } from './servers/services.ts';

/** The same requests every time; `npm run fuzz` sends others. */
test.each(Object.entries(targets))(
  'generated and damaged requests break no promise of: %s',
  async (_, start) => {
    const { accepted, refused } = await fuzz(start, 20_261_129, ({ requests }) => requests >= 400);
    expect(accepted).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
  },
);

test('whatever a service answers, what is signed verifies, or the service is named', async () => {
  const { signed, refused } = await fuzzServices(20_261_129, ({ rounds }) => rounds >= 100);
  expect(signed).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(50);
});

test('a promise that is broken is told with the request, and by the seed it is broken again', async () => {
  const broken = async () => {
    const target = await targets['witness']!();
    return {
      ...target,
      judge: (_: unknown, answer?: { status: number }) =>
        answer?.status === 404 ? 'no such page' : undefined,
    };
  };
  const told = (seed: number) => fuzz(broken, seed, () => false).catch((error: Error) => error.message);
  const message = await told(7);
  expect(message).toMatch(/^witness, seed 7, request \d+: no such page\n/);
  expect((await told(7))?.toString().split('\n')[0]).toBe((message as string).split('\n')[0]);
});

test('a seed repeats its choices', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1000));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../engine/types.ts';
import { finding } from '../testing/fakes.ts';
import { DecisionCache, type ImageVerdict, type VerdictKey } from './cache.ts';

const key: VerdictKey = {
  reference: 'a.b/c:1@sha256:1',
  requirements: '[]',
  policyDigest: 'p1',
  trustDigest: 't1',
};

function verdict(...deny: Finding[]): ImageVerdict {
  return { facts: {} as ImageVerdict['facts'], findings: { deny, warn: [] }, bytes: 10 };
}

const allow = verdict();
const refusal = verdict(finding('SIGNATURE_MISSING'));

test.each([
  ['digest', { ...key, reference: 'a.b/c:1@sha256:2' }],
  ['repository, which has signatures of its own', { ...key, reference: 'a.b/d:1@sha256:1' }],
  ['tag, which policies see', { ...key, reference: 'a.b/c:2@sha256:1' }],
  ['object, in which it is asked for more', { ...key, requirements: '[{}]' }],
  ['policy', { ...key, policyDigest: 'p2' }],
  ['trust', { ...key, trustDigest: 't2' }],
])('an allow is never served for another %s', async (_what, other) => {
  const cache = new DecisionCache();
  await cache.getOrCompute(key, async () => allow);
  expect(cache.get(key)).toBe(allow);
  expect(cache.get(other)).toBeUndefined();
  expect(await cache.getOrCompute(other, async () => refusal)).toBe(refusal);
});

test('whatever was kept before, a verdict is only ever served for exactly the key it was made for', async () => {
  const part = fc.constantFrom('a', 'b', 'c');
  const keys = fc.record({ reference: part, requirements: part, policyDigest: part, trustDigest: part });
  await fc.assert(
    fc.asyncProperty(fc.array(keys, { maxLength: 60 }), async (sequence) => {
      const cache = new DecisionCache({ maxEntries: 4 });
      const made = new Map<ImageVerdict, string>();
      for (const next of sequence) {
        const served = await cache.getOrCompute(next, async () => {
          const fresh = verdict();
          made.set(fresh, JSON.stringify(next));
          return fresh;
        });
        expect(made.get(served)).toBe(JSON.stringify(next));
      }
      expect(cache.stats.entries).toBeLessThanOrEqual(4);
    }),
  );
});

test('a refusal is forgotten sooner than an allow, and both are forgotten', async () => {
  let now = 0;
  const cache = new DecisionCache({ allowedTtlMs: 1000, deniedTtlMs: 100, clock: () => now });
  const denied = { ...key, reference: 'a.b/unsigned@sha256:3' };
  await cache.getOrCompute(key, async () => allow);
  await cache.getOrCompute(denied, async () => refusal);
  now = 99;
  expect([cache.get(key), cache.get(denied)]).toEqual([allow, refusal]);
  now = 100;
  expect([cache.get(key), cache.get(denied)]).toEqual([allow, undefined]);
  now = 1000;
  expect(cache.get(key)).toBeUndefined();
});

test('the least recently used verdict makes room', async () => {
  const cache = new DecisionCache({ maxEntries: 2 });
  const at = (reference: string) => ({ ...key, reference });
  await cache.getOrCompute(at('1'), async () => allow);
  await cache.getOrCompute(at('2'), async () => allow);
  cache.get(at('1'));
  await cache.getOrCompute(at('3'), async () => allow);
  expect([cache.get(at('1')), cache.get(at('2')), cache.get(at('3'))]).toEqual([allow, undefined, allow]);
});

test('a thousand Pods of one image ask once, and a fault reaches all of them and is not kept', async () => {
  const cache = new DecisionCache();
  let asked = 0;
  const ask = (outcome: () => ImageVerdict) => () =>
    cache.getOrCompute(key, async () => {
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
      return outcome();
    });
  const down = Array.from(
    { length: 1000 },
    ask(() => {
      throw new Error('down');
    }),
  );
  const settled = await Promise.allSettled(down);
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  expect(asked).toBe(1);
  const up = await Promise.all(
    Array.from(
      { length: 1000 },
      ask(() => allow),
    ),
  );
  expect(new Set(up)).toEqual(new Set([allow]));
  expect(asked).toBe(2);
  expect(cache.stats).toEqual({ entries: 1, bytes: 10, hits: 0, misses: 2, joined: 1998 });
});

test('a verdict in which a policy broke is not kept', async () => {
  const cache = new DecisionCache();
  const broken = verdict(finding('POLICY_EVALUATION_FAILED', { fault: true }));
  await cache.getOrCompute(key, async () => broken);
  expect(cache.get(key)).toBeUndefined();
});

test('large attestations are not kept until the memory is full', async () => {
  const cache = new DecisionCache({ maxBytes: 100 });
  const at = (reference: string) => ({ ...key, reference });
  const weighing = (bytes: number) => async () => ({ ...allow, bytes });
  for (let index = 0; index < 50; index++) {
    await cache.getOrCompute(at(String(index)), weighing(30));
    expect(cache.stats.bytes).toBeLessThanOrEqual(100);
  }
  expect(cache.stats.entries).toBe(3);
  await cache.getOrCompute(at('huge'), weighing(101));
  expect(cache.get(at('huge'))).toBeUndefined();
  expect(cache.get(at('49'))).toBeDefined();
  await cache.getOrCompute(at('big'), weighing(100));
  expect(cache.stats).toMatchObject({ entries: 1, bytes: 100 });
});

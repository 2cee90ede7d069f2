import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeGate, podOf, requestFor, reviewOf } from '../testing/gate.ts';
import { parseReview } from './parse.ts';
import { reviewRequest } from './review.ts';

const limits = { maxBytes: 100_000, maxDepth: 50, maxValues: 10_000 };
const encode = (text: string) => new TextEncoder().encode(text);

/** What a body comes to: `undefined` where it cannot be read. */
async function allowed(body: Uint8Array): Promise<boolean | undefined> {
  let request: ReturnType<typeof parseReview>;
  try {
    request = parseReview(body, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(PratiqueError);
    expect(['REVIEW_MALFORMED', 'REVIEW_TOO_LARGE']).toContain((error as PratiqueError).code);
    return undefined;
  }
  return (await reviewRequest(gate, request, {})).decision.allowed;
}

const gate = fakeGate();
const unsigned = encode(
  JSON.stringify(reviewOf(requestFor(podOf({ containers: [{ name: 'a', image: 'a.b/evil:1' }] })))),
);

test('whatever the body is, it is a request or a clear error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.uint8Array(), fc.string().map(encode), fc.json().map(encode)),
      async (body) => {
        expect(await allowed(body)).toBeUndefined();
      },
    ),
  );
});

test('whatever stands in the request, it is decided or a clear error, and never allowed by accident', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), async (spec, metadata, oldObject) => {
      const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec } as never;
      const review = reviewOf(requestFor(object, { oldObject } as never));
      expect(await allowed(encode(JSON.stringify(review)))).not.toBe(true);
    }),
  );
});

test('a refused review that is cut off anywhere is not allowed', async () => {
  for (let end = 0; end < unsigned.length; end++)
    expect(await allowed(unsigned.subarray(0, end))).toBeUndefined();
});

test('a refused review with any byte changed is not allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(unsigned.length - 1), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
      const changed = unsigned.slice();
      changed[at] = byte;
      expect(await allowed(changed)).not.toBe(true);
    }),
    { numRuns: 2000 },
  );
});

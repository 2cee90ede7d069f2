import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeGate } from '../testing/gate.ts';
import { parseManifests } from './parse.ts';
import { reviewManifests } from './review.ts';

const gate = fakeGate();
const review = (text: string, namespace?: string) =>
  reviewManifests([{ name: 'app.yaml', text }], gate, namespace === undefined ? {} : { namespace });

const several = `# the shop
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: web
spec:
  template:
    spec:
      initContainers:
        - name: setup
          image: a.b/unsigned:1
      containers:
        - name: shop
          image: a.b/signed:1
---
---
# nothing here
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: { generateName: one- }
    spec: { containers: [{ name: a, image: a.b/signed:1 }] }
  - apiVersion: batch/v1
    kind: CronJob
    metadata: { name: nightly }
    spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: a, image: a.b/other:2 }] } } } } }
`;

test('one object does not wait for the registry that another one waits for', async () => {
  const second = Promise.withResolvers<void>();
  const waiting: typeof gate = {
    ...gate,
    async reviewRequest(...args) {
      if (args[0].name === 'one') await second.promise;
      else second.resolve();
      return await gate.reviewRequest(...args);
    },
  };
  const pod = (name: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: a, image: a.b/signed:1 }] }\n`;
  const text = `${pod('one')}---\n${pod('two')}`;
  const reviews = await reviewManifests([{ name: 'app.yaml', text }], waiting);
  expect(reviews.map(({ name }) => name)).toEqual(['one', 'two']);
});

test('every object of every document and list is decided, in order, with the line it begins on', async () => {
  const reviews = await review(several, 'shop');
  expect(
    reviews.map(({ file, line, kind, namespace, name, decision }) => [
      file,
      line,
      kind,
      namespace,
      name,
      decision.allowed,
    ]),
  ).toEqual([
    ['app.yaml', 2, 'ConfigMap', 'shop', 'settings', true],
    ['app.yaml', 6, 'Deployment', 'web', 'shop', false],
    ['app.yaml', 27, 'Pod', 'shop', 'one-', true],
    ['app.yaml', 31, 'CronJob', 'shop', 'nightly', false],
  ]);
  expect(reviews[1]?.decision.denials).toMatchObject([
    { code: 'SIGNATURE_MISSING', container: 'initContainers[0] "setup"' },
  ]);
});

test('JSON is read too, and the items of a PodList need not say what they are', async () => {
  const list = {
    apiVersion: 'v1',
    kind: 'PodList',
    items: [{ spec: { containers: [{ name: 'a', image: 'a.b/x:1' }] } }],
  };
  expect(await review(JSON.stringify(list, null, 2))).toMatchObject([
    { kind: 'Pod', line: 5, decision: { allowed: false } },
  ]);
});

test('an image that comes in by an alias or a merge key is seen', async () => {
  const [aliased] = await review(`apiVersion: v1
kind: Pod
metadata: { name: a }
x-image: &image a.b/unsigned:1
spec: { containers: [{ name: a, image: *image }] }
`);
  expect(aliased?.decision.allowed).toBe(false);
  const [merged] = await review(`apiVersion: v1
kind: Pod
metadata: { name: a }
x: &base { name: a, image: a.b/unsigned:1 }
spec: { containers: [{ <<: *base }] }
`);
  expect(merged?.decision.denials).toMatchObject([{ code: 'SIGNATURE_MISSING' }]);
});

test.each([
  ['broken YAML', 'apiVersion: v1\nkind: Pod\n  spec: [', 'app.yaml:2:7'],
  ['a second document that is broken', 'apiVersion: v1\nkind: Pod\n---\n{', 'app.yaml:4:'],
  ['text', 'hello', 'app.yaml:1:1'],
  ['a list', '- a', 'app.yaml:1:1'],
  ['no kind', 'apiVersion: v1', 'app.yaml:1:1'],
  ['no apiVersion', 'metadata: {}\nkind: Pod', 'app.yaml:1:1'],
  ['an item that is no object', 'apiVersion: v1\nkind: List\nitems:\n  - 7', 'app.yaml:4:5'],
  ['a key said twice', 'apiVersion: v1\nkind: Pod\nkind: ConfigMap', 'app.yaml:3:1'],
  ['an alias to nothing', 'apiVersion: v1\nkind: Pod\nspec: *gone', 'app.yaml:'],
  ['an unknown tag', 'apiVersion: v1\nkind: Pod\nspec: !thing {}', 'app.yaml:3:7: Unresolved tag: !thing'],
  ['brackets that close nothing, to the end of the file', ']'.repeat(20_000_000), 'app.yaml:1:1'],
  ['deep nesting', `apiVersion: v1\nkind: Pod\nspec: ${'['.repeat(20_000)}`, 'app.yaml:'],
])('nothing is decided about a file that cannot be read: %s', async (_name, text, place) => {
  const error: unknown = await review(text).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'MANIFEST_INVALID', message: expect.stringContaining(place) });
});

test('a small file of aliases cannot become a huge one', async () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  );
  await expect(review(`apiVersion: v1\nkind: Pod\nl0: &l0 x\n${levels.join('\n')}\n`)).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
  });
});

test('an empty file holds nothing', async () => {
  expect(await review('')).toEqual([]);
  expect(await review('# only a comment\n---\n')).toEqual([]);
});

test('whatever a file holds, it is objects or an error that says where', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(...'{}[]:-&*!|>\'"#, \nab') })),
      (text) => {
        try {
          for (const { apiVersion, kind } of parseManifests({ name: 'f', text }))
            expect(apiVersion && kind).toBeTruthy();
        } catch (error) {
          expect(error).toBeInstanceOf(PratiqueError);
          expect((error as PratiqueError).message).toMatch(/^f:\d+:\d+: /);
        }
      },
    ),
  );
});

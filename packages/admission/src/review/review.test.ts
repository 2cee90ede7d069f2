import type { JsonObject } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { digestOfText, fakeGate, podOf, requestFor, trustFrom } from '../testing/gate.ts';
import { parseRequest } from './parse.ts';
import { pinPatch } from './patch.ts';
import { reviewRequest } from './review.ts';

const signed = 'a.b/signed:1';
const unsigned = 'a.b/unsigned:1';

const inTemplate = (spec: JsonObject): JsonObject => ({ spec: { template: { metadata: {}, spec } } });

/** Every kind of Kubernetes that carries Pods, with where its PodSpec stands. */
const kinds: readonly (readonly [
  kind: string,
  apiVersion: string,
  pointer: string,
  body: (spec: JsonObject) => JsonObject,
])[] = [
  ['Pod', 'v1', '/spec', (spec) => ({ spec })],
  ['ReplicationController', 'v1', '/spec/template/spec', inTemplate],
  ['PodTemplate', 'v1', '/template/spec', (spec) => ({ template: { spec } })],
  ['Deployment', 'apps/v1', '/spec/template/spec', inTemplate],
  ['ReplicaSet', 'apps/v1', '/spec/template/spec', inTemplate],
  ['StatefulSet', 'apps/v1', '/spec/template/spec', inTemplate],
  ['DaemonSet', 'apps/v1', '/spec/template/spec', inTemplate],
  ['Job', 'batch/v1', '/spec/template/spec', inTemplate],
  [
    'CronJob',
    'batch/v1',
    '/spec/jobTemplate/spec/template/spec',
    (spec) => ({ spec: { jobTemplate: inTemplate(spec) } }),
  ],
  ['Deployment', 'extensions/v1beta1', '/spec/template/spec', inTemplate],
  ['Rollout', 'argoproj.io/v1alpha1', '/spec/template/spec', inTemplate],
];

/** Every place a PodSpec names an image. */
const positions: readonly (readonly [place: string, pointer: string, spec: (image: string) => JsonObject])[] =
  [
    [
      'containers[1] "b"',
      '/containers/1/image',
      (image) => ({
        containers: [
          { name: 'a', image: signed },
          { name: 'b', image },
        ],
      }),
    ],
    [
      'initContainers[0] "setup"',
      '/initContainers/0/image',
      (image) => ({ containers: [{ name: 'a', image: signed }], initContainers: [{ name: 'setup', image }] }),
    ],
    [
      'ephemeralContainers[0] "debug"',
      '/ephemeralContainers/0/image',
      (image) => ({
        containers: [{ name: 'a', image: signed }],
        ephemeralContainers: [{ name: 'debug', image }],
      }),
    ],
    [
      'volumes[1] "model"',
      '/volumes/1/image/reference',
      (image) => ({
        containers: [{ name: 'a', image: signed }],
        volumes: [
          { name: 'tmp', emptyDir: {} },
          { name: 'model', image: { reference: image } },
        ],
      }),
    ],
  ];

const gate = fakeGate();
const review = (request: JsonObject) => reviewRequest(gate, parseRequest(request), { deadlineMs: 1000 });

for (const [kind, apiVersion, base, body] of kinds) {
  for (const [place, pointer, spec] of positions) {
    const object = (image: string): JsonObject => ({
      apiVersion,
      kind,
      metadata: { name: 'front' },
      ...body(spec(image)),
    });

    test(`${apiVersion} ${kind}: an unsigned image in ${place} is found, named and refused`, async () => {
      const { decision } = await review(requestFor(object(unsigned)));
      expect(decision).toMatchObject({
        allowed: false,
        subject: { kind, namespace: 'web', name: 'front' },
        denials: [{ code: 'SIGNATURE_MISSING', image: unsigned, container: place }],
      });
    });

    test(`${apiVersion} ${kind}: a signed image in ${place} is allowed, and its place is known for a patch`, async () => {
      const { decision, images } = await review(requestFor(object('a.b/x/signed:2')));
      expect(decision).toMatchObject({ allowed: true, denials: [] });
      expect(pinPatch(decision, images)).toContainEqual({
        op: 'replace',
        path: `${base}${pointer}`,
        value: `a.b/x/signed:2@${digestOfText('x/signed')}`,
      });
    });

    test(`${apiVersion} ${kind}: something that is no image in ${place} is refused instead of overlooked`, async () => {
      for (const wrong of [null, 7, '', {}, ['x']]) {
        const { decision } = await review(requestFor(object(wrong as never)));
        expect(decision).toMatchObject({
          allowed: false,
          denials: [{ code: 'OBJECT_INVALID', container: place }],
        });
      }
    });
  }
}

test('ephemeral containers added to a running Pod are looked at', async () => {
  const pod = podOf({
    containers: [{ name: 'a', image: signed }],
    ephemeralContainers: [{ name: 'debug', image: unsigned }],
  });
  const { decision } = await review(
    requestFor(pod, {
      operation: 'UPDATE',
      subResource: 'ephemeralcontainers',
      oldObject: podOf({ containers: [] }),
    }),
  );
  expect(decision.denials).toMatchObject([{ container: 'ephemeralContainers[0] "debug"' }]);
});

test.each([
  ['no containers', { initContainers: [{ name: 'a', image: signed }] }],
  ['misspelt containers', { container: [{ name: 'a', image: signed }] }],
  ['an empty list of containers', { containers: [] }],
  ['containers is not a list', { containers: { 0: { image: signed } } }],
  ['a container is not an object', { containers: [signed] }],
  ['initContainers is text', { containers: [{ image: signed }], initContainers: 'none' }],
  ['volumes is a number', { containers: [{ image: signed }], volumes: 1 }],
  ['a volume is not an object', { containers: [{ image: signed }], volumes: [null] }],
])('a Pod whose images cannot all be found is refused: %s', async (_name, spec) => {
  const { decision } = await review(requestFor(podOf(spec as JsonObject)));
  expect(decision).toMatchObject({ allowed: false, denials: [{ code: 'OBJECT_INVALID' }] });
});

test.each([
  ['no object', { object: null }],
  ['an object of another kind', { object: { apiVersion: 'v1', kind: 'ConfigMap' } }],
  [
    'an object of another group',
    { object: { apiVersion: 'apps/v1', kind: 'Pod', spec: { containers: [] } } },
  ],
  ['a Pod without a spec', { object: { apiVersion: 'v1', kind: 'Pod' } }],
  ['a Pod whose spec is a list', { object: { apiVersion: 'v1', kind: 'Pod', spec: [] } }],
])('a request for a Pod with %s is refused', async (_name, changes) => {
  const { decision } = await review(requestFor(podOf({ containers: [] }), changes as JsonObject));
  expect(decision).toMatchObject({ allowed: false, denials: [{ code: 'OBJECT_INVALID' }] });
});

test.each([
  ['deleting', { operation: 'DELETE', object: null }],
  ['kubectl exec', { operation: 'CONNECT', subResource: 'exec' }],
  ['the kubelet reporting a status', { operation: 'UPDATE', subResource: 'status' }],
])('%s an object with an unsigned image is never blocked', async (_name, changes) => {
  const pod = podOf({ containers: [{ name: 'a', image: unsigned }] });
  const { decision, skipped } = await review(requestFor(pod, changes as JsonObject));
  expect(decision).toMatchObject({ allowed: true, evidence: {} });
  expect(skipped).toBeTypeOf('string');
});

test('finalizers of an object that is going away can be removed, and only then', async () => {
  const pod = (metadata: JsonObject): JsonObject => ({
    ...podOf({ containers: [{ name: 'a', image: unsigned }] }),
    metadata,
  });
  const deleted = { name: 'front', deletionTimestamp: '2026-01-01T00:00:00Z' };
  const update = (object: JsonObject, oldObject: JsonObject | null) =>
    review(requestFor(object, { operation: 'UPDATE', oldObject }));
  expect((await update(pod(deleted), pod(deleted))).decision.allowed).toBe(true);
  // Anybody can write a deletionTimestamp into what they send.
  expect((await update(pod(deleted), pod({ name: 'front' }))).decision.allowed).toBe(false);
  expect((await update(pod(deleted), null)).decision.allowed).toBe(false);
  expect((await review(requestFor(pod(deleted)))).decision.allowed).toBe(false);
  expect((await review(requestFor(pod(deleted), { oldObject: pod(deleted) }))).decision.allowed).toBe(false);
});

test('a workload with an unsigned image can be scaled down, and not up or sideways', async () => {
  const deployment = (replicas: number, image: string): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { replicas, template: { spec: { containers: [{ name: 'a', image }] } } },
  });
  const scale = async (from: JsonObject, to: JsonObject) =>
    (await review(requestFor(to, { operation: 'UPDATE', oldObject: from }))).decision.allowed;
  expect(await scale(deployment(3, unsigned), deployment(0, unsigned))).toBe(true);
  expect(await scale(deployment(3, unsigned), deployment(3, unsigned))).toBe(false);
  expect(await scale(deployment(3, unsigned), deployment(4, unsigned))).toBe(false);
  expect(await scale(deployment(3, signed), deployment(1, unsigned))).toBe(false);
  const create = requestFor(deployment(0, unsigned), { oldObject: deployment(3, unsigned) });
  expect((await review(create)).decision.allowed).toBe(false);
});

test('a kind that carries no Pods is none of our business', async () => {
  const { decision } = await review(
    requestFor({ apiVersion: 'v1', kind: 'ConfigMap', data: { image: unsigned } }),
  );
  expect(decision).toMatchObject({ allowed: true, subject: { images: [] } });
});

test('Pods of a kind nobody heard of are found wherever they stand, several of them', async () => {
  const { decision, images } = await review(
    requestFor({
      apiVersion: 'example.com/v1',
      kind: 'Fleet',
      spec: {
        'a/b~c': { worker: { containers: [{ name: 'w', image: unsigned }] } },
        list: [{ pod: { initContainers: [{ name: 'i', image: 'a.b/other:2' }] } }],
      },
    }),
  );
  expect(images.map(({ pointer }) => pointer)).toEqual([
    '/spec/a~1b~0c/worker/containers/0/image',
    '/spec/list/0/pod/initContainers/0/image',
  ]);
  expect(decision.denials).toHaveLength(2);
});

test('a Pod inside of what looks like one is not hidden by it', async () => {
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Workflow',
    metadata: { name: 'w' },
    spec: {
      containers: [{ name: 'a', image: signed, next: { containers: [{ name: 'b', image: unsigned }] } }],
      later: { initContainers: [{ name: 'c', image: 'a.b/other:1' }] },
    },
  };
  const { images } = await reviewRequest(fakeGate(), parseRequest(requestFor(object)), {});
  expect(images.map(({ pointer }) => pointer).sort()).toEqual([
    '/spec/containers/0/image',
    '/spec/containers/0/next/containers/0/image',
    '/spec/later/initContainers/0/image',
  ]);
});

test('a Pod that is still to be named goes by what its name will begin with', async () => {
  const pod = {
    ...podOf({ containers: [{ name: 'a', image: signed }] }),
    metadata: { generateName: 'front-' },
  };
  const { decision } = await review(requestFor(pod, { name: '' }));
  expect(decision.subject.name).toBe('front-');
});

test('one image signed and one not: the denial names the one, the patch would pin both', async () => {
  const pod = podOf({
    containers: [
      { name: 'a', image: signed },
      { name: 'b', image: `a.b/unsigned@${digestOfText('x')}` },
    ],
  });
  const { decision, images } = await review(requestFor(pod));
  expect(decision.denials.map(({ container }) => container)).toEqual(['containers[1] "b"']);
  expect(pinPatch(decision, images)).toEqual([
    { op: 'replace', path: '/spec/containers/0/image', value: `${signed}@${digestOfText('signed')}` },
  ]);
});

test('with the trust configuration in warn mode even a malformed object is only warned about', async () => {
  const lenient = fakeGate({ trust: trustFrom('default: allow\nmode: warn') });
  const request = parseRequest(requestFor(podOf({ containers: 1 })));
  const { decision } = await reviewRequest(lenient, request, {});
  expect(decision).toMatchObject({ allowed: true, mode: 'warn', warnings: [{ code: 'OBJECT_INVALID' }] });
});

test('a container name cannot smuggle control characters into a message', async () => {
  const { decision } = await review(
    requestFor(podOf({ containers: [{ name: '\u001b[31mx\n', image: unsigned }] })),
  );
  expect(decision.denials[0]?.container).toBe('containers[0] "\\u{1b}[31mx\\u{a}"');
});

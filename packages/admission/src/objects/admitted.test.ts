import type { JsonObject } from '@pratique/crypto';
import { parseTrust, type Trust } from '@pratique/policy';
import { expect, test } from 'vitest';
import { reviewManifests } from '../manifests/review.ts';
import { parseRequest } from '../review/parse.ts';
import { reviewRequest } from '../review/review.ts';
import { fakeGate, podOf, requestFor } from '../testing/gate.ts';

/** Everything may run, and `forbidden` refuses images in the objects of `match`. */
function trustWith(match: string): Trust {
  const policy = (name: string, action: string, more: string) =>
    `{apiVersion: policy.sigstore.dev/v1beta1, kind: ClusterImagePolicy, metadata: {name: ${name}}, spec: {images: [{glob: "**"}], authorities: [{static: {action: ${action}}}]${more}}}`;
  const text = [policy('allowed', 'pass', ''), policy('forbidden', 'fail', `, match: [${match}]`)].join(
    '\n---\n',
  );
  const files = { resolve: (path: string) => path, read: () => new TextEncoder().encode(text) };
  return parseTrust(
    '{apiVersion: pratique.dev/v1, kind: Trust, clusterImagePolicies: [c.yaml]}',
    't.yaml',
    files,
  );
}

/** With the policies that come with Pratique. */
async function codes(match: string, request: JsonObject): Promise<readonly string[]> {
  const { trust, engine } = await gateOf(match);
  const gate = fakeGate({ trust, engine });
  const { decision } = await reviewRequest(gate, parseRequest(request), {});
  return decision.denials.map(({ code }) => code);
}

async function gateOf(match: string) {
  const { createRegoEngine } = await import('@pratique/policy');
  const trust = trustWith(match);
  return { trust, engine: createRegoEngine({ trust }) };
}

const spec = { containers: [{ name: 'a', image: `a.b/app@sha256:${'a'.repeat(64)}` }] };
const pod = (metadata: JsonObject): JsonObject => ({ ...podOf(spec), metadata });
const deployment = (labels: JsonObject, template: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'front', labels },
  spec: { template: { metadata: { labels: template }, spec } },
});
const frontPods = '{version: v1, resource: pods, selector: {matchLabels: {tier: front}}}';
const frontDeployments =
  '{group: apps, version: v1, resource: deployments, selector: {matchLabels: {tier: front}}}';

test('the labels of the object decide, and not those of a template in it', async () => {
  expect(await codes(frontPods, requestFor(pod({ labels: { tier: 'front' } })))).toEqual(['IMAGE_FORBIDDEN']);
  expect(await codes(frontPods, requestFor(pod({ labels: { tier: 'back' } })))).toEqual([]);
  expect(await codes(frontPods, requestFor(pod({})))).toEqual([]);
  expect(await codes(frontDeployments, requestFor(deployment({ tier: 'front' })))).toEqual([
    'IMAGE_FORBIDDEN',
  ]);
  expect(await codes(frontDeployments, requestFor(deployment({}, { tier: 'front' })))).toEqual([]);
});

test('on update it is the labels that the object would have', async () => {
  const changes = (before: string): JsonObject => ({
    operation: 'UPDATE',
    oldObject: pod({ labels: { tier: before } }),
  });
  const update = (before: string, after: string) =>
    codes(frontPods, requestFor(pod({ labels: { tier: after } }), changes(before)));
  expect(await update('back', 'front')).toEqual(['IMAGE_FORBIDDEN']);
  expect(await update('front', 'back')).toEqual([]);
});

test('the resource is the one the API server names, and guessed where it names none', async () => {
  const gateway = '{group: x.test, version: v1, resource: gateways}';
  const object = { apiVersion: 'x.test/v1', kind: 'Gateway', metadata: {}, spec };
  expect(await codes(gateway, requestFor(object))).toEqual(['IMAGE_FORBIDDEN']);
  const { resource: _, ...without } = requestFor(deployment({ tier: 'front' }));
  expect(await codes(frontDeployments, without)).toEqual(['IMAGE_FORBIDDEN']);
});

test.each([
  ['metadata that is a list', pod([] as never)],
  ['labels that are a list', pod({ labels: ['tier'] })],
  ['a label that is a number', pod({ labels: { tier: 1 } })],
  ['a label that is an object', pod({ labels: { tier: { front: true } } })],
])('labels that cannot be read are refused, not taken for none: %s', async (_what, object) => {
  expect(await codes(frontPods, requestFor(object))).toEqual(['OBJECT_INVALID']);
});

test('a label named like a member of every object is no label', async () => {
  const exists =
    '{version: v1, resource: pods, selector: {matchExpressions: [{key: constructor, operator: Exists}]}}';
  expect(await codes(exists, requestFor(pod({ labels: {} })))).toEqual([]);
  expect(await codes(exists, requestFor(pod({ labels: { constructor: '' } })))).toEqual(['IMAGE_FORBIDDEN']);
});

test('manifests are decided as their objects would be', async () => {
  const gate = fakeGate(await gateOf(frontDeployments));
  const text = [deployment({ tier: 'front' }), deployment({ tier: 'back' })].map((one) =>
    JSON.stringify(one),
  );
  const reviews = await reviewManifests([{ name: 'f', text: text.join('\n---\n') }], gate);
  expect(reviews.map(({ decision }) => decision.allowed)).toEqual([false, true]);
});

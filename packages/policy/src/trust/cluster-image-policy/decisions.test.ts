import { expect, test } from 'vitest';
import { createGate } from '../../gate/gate.ts';
import { cip, imported, keyOf, overall } from '../../testing/cluster-image-policies.ts';
import { digestOfText, fakeRegistry, signatureBy } from '../../testing/fakes.ts';
import type { AdmittedObject } from '../objects.ts';

/** A gate over images `r.io/acme/NAME:1`, signed by the keys of these names. */
function gateOver(signers: Record<string, readonly string[]>, ...documents: readonly string[]) {
  const registry = fakeRegistry({
    tags: Object.fromEntries(Object.keys(signers).map((name) => [`r.io/acme/${name}:1`, name])),
    signatures: Object.fromEntries(
      Object.entries(signers).map(([name, keys]) => [
        `r.io/acme/${name}@${digestOfText(name)}`,
        keys.map((key) => signatureBy(key)),
      ]),
    ),
  });
  const gate = createGate({ trust: imported(...documents), ...registry });
  return { gate, calls: registry.calls };
}

type Gate = ReturnType<typeof gateOver>['gate'];

function object(
  labels: Record<string, string> = {},
  { group = '', version = 'v1', resource = 'pods', ...content }: Record<string, unknown> = {},
): AdmittedObject {
  return {
    group: group as string,
    version: version as string,
    resource: resource as string,
    labels,
    content: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'front', labels }, ...content } as never,
  };
}

/** The codes of the denials for an image in an object. */
async function codes(gate: Gate, admitted: AdmittedObject | null, name = 'app'): Promise<readonly string[]> {
  const reference = `r.io/acme/${name}:1`;
  const decision =
    admitted === null
      ? await gate.checkImage(reference)
      : await gate.reviewRequest(
          { kind: 'Pod', namespace: 'web', name: 'front', input: {}, object: admitted },
          [{ reference, container: 'containers[0] "app"' }],
        );
  expect(decision.allowed).toBe(decision.denials.length === 0);
  return decision.denials.map(({ code }) => code);
}

const onlyPods = (selector = '') =>
  `match: [{ version: v1, resource: pods${selector === '' ? '' : `, selector: { ${selector} }`} }]`;
const anybody = cip({ name: 'anybody', authorities: '    - static: { action: pass }' });

test('a policy for objects with a label asks nothing of others, and a verdict kept for those says nothing of these', async () => {
  const { gate } = gateOver({ app: [] }, cip({ more: onlyPods('matchLabels: { tier: front }') }), anybody);
  expect(await codes(gate, object({ tier: 'back' }))).toEqual([]);
  expect(await codes(gate, object({ tier: 'front' }))).toEqual(['SIGNATURE_MISSING']);
  expect(await codes(gate, object({ tier: 'back' }))).toEqual([]);
  expect(await codes(gate, object({ tier: 'front' }))).toEqual(['SIGNATURE_MISSING']);
});

test('the verdict for an image by digest, kept for one object, is not served for another', async () => {
  const { gate, calls } = gateOver(
    { app: [] },
    cip({ more: onlyPods('matchLabels: { tier: front }') }),
    anybody,
  );
  const review = async (tier: string) => {
    const images = [{ reference: `r.io/acme/app@${digestOfText('app')}`, container: 'c' }];
    const request = { kind: 'Pod', namespace: 'web', name: null, input: {}, object: object({ tier }) };
    return (await gate.reviewRequest(request, images)).allowed;
  };
  expect([await review('back'), await review('back'), await review('front'), await review('back')]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(calls.filter((call) => call.startsWith('collect'))).toHaveLength(2);
});

test('an image in no object is asked for what it would be in any', async () => {
  const { gate } = gateOver({ app: [] }, cip({ more: onlyPods('matchLabels: { tier: front }') }), anybody);
  expect(await codes(gate, null)).toEqual(['SIGNATURE_MISSING']);
});

test('an image whose policies are all for other objects is not covered', async () => {
  const { gate } = gateOver({ app: ['team'] }, cip({ more: onlyPods() }));
  expect(await codes(gate, object())).toEqual([]);
  expect(await codes(gate, object({}, { group: 'apps', resource: 'deployments' }))).toEqual([
    'IMAGE_NOT_COVERED',
  ]);
});

test.each([
  ['matchLabels: { a: b }', { a: 'b', x: 'y' }, true],
  ['matchLabels: { a: b }', { a: 'c' }, false],
  ['matchLabels: { a: b }', {}, false],
  ['matchLabels: { a: b, c: d }', { a: 'b' }, false],
  ['matchExpressions: [{ key: a, operator: In, values: [b, c] }]', { a: 'c' }, true],
  ['matchExpressions: [{ key: a, operator: In, values: [b, c] }]', {}, false],
  ['matchExpressions: [{ key: a, operator: NotIn, values: [b] }]', { a: 'b' }, false],
  ['matchExpressions: [{ key: a, operator: NotIn, values: [b] }]', { a: 'c' }, true],
  ['matchExpressions: [{ key: a, operator: NotIn, values: [b] }]', {}, true],
  ['matchExpressions: [{ key: a, operator: Exists }]', { a: '' }, true],
  ['matchExpressions: [{ key: a, operator: Exists }]', {}, false],
  ['matchExpressions: [{ key: a, operator: DoesNotExist }]', { a: 'b' }, false],
  ['matchExpressions: [{ key: toString, operator: DoesNotExist }]', {}, true],
  ['matchLabels: { a: b }, matchExpressions: [{ key: c, operator: Exists }]', { a: 'b' }, false],
])('the selector %s and the labels %j: %s', async (selector, labels, selected) => {
  const { gate } = gateOver({ app: [] }, cip({ more: onlyPods(selector) }), anybody);
  expect(await codes(gate, object(labels as never))).toEqual(selected ? ['SIGNATURE_MISSING'] : []);
});

test.each([
  ['{ version: v1, resource: pods }', object(), true],
  ['{ version: "*", resource: pods }', object(), true],
  ['{ version: v2, resource: pods }', object(), false],
  ['{ group: apps, version: v1, resource: pods }', object(), false],
  [
    '{ group: apps, version: v1, resource: deployments }',
    object({}, { group: 'apps', resource: 'deployments' }),
    true,
  ],
  [
    '{ version: v1, resource: jobs }, { group: apps, version: v1, resource: deployments }',
    object({}, { group: 'apps', resource: 'deployments' }),
    true,
  ],
])('match [%s] selects: %#', async (match, admitted, selected) => {
  const { gate } = gateOver({ app: [] }, cip({ more: `match: [${match}]` }), anybody);
  expect(await codes(gate, admitted)).toEqual(selected ? ['SIGNATURE_MISSING'] : []);
});

const both = `    - name: team\n      ${keyOf('team')}\n    - name: security\n      ${keyOf('security')}`;
const twoOfTwo = overall(`
package sigstore

isCompliant {
  count(input.authorityMatches.team.signatures) > 0
  count(input.authorityMatches.security.signatures) > 0
}`);

test('a policy over all authorities asks for both of them', async () => {
  const { gate } = gateOver(
    { app: ['team', 'security'], half: ['team'], other: ['security'], none: [], forged: ['mallory'] },
    cip({ authorities: both, more: twoOfTwo }),
  );
  expect(await codes(gate, null)).toEqual([]);
  expect(await codes(gate, null, 'half')).toEqual(['CLUSTER_POLICY_REFUSED']);
  expect(await codes(gate, null, 'other')).toEqual(['CLUSTER_POLICY_REFUSED']);
});

test('a policy in CUE over all authorities sees them and the object', async () => {
  const cue = `import "list"

authorityMatches: [string]: signatures: [...] & list.MinItems(1)
authorityMatches: security: signatures: [_]
metadata: labels: tier: "front" | "back"`;
  const more = overall(cue, 'includeObjectMeta: true').replace('rego', 'cue');
  const { gate } = gateOver({ app: ['team', 'security'] }, cip({ authorities: both, more }));
  expect(await codes(gate, object({ tier: 'front' }))).toEqual([]);
  expect(await codes(gate, object({ tier: 'side' }))).toEqual(['CLUSTER_POLICY_REFUSED']);
});

test('a policy in CUE says why it refuses', async () => {
  const more = overall('authorityMatches: [string]: signatures: [_, _]').replace('rego', 'cue');
  const { gate } = gateOver({ app: ['team'] }, cip({ more }));
  const decision = await gate.checkImage('r.io/acme/app:1');
  expect(decision.denials).toMatchObject([
    {
      code: 'CLUSTER_POLICY_REFUSED',
      found: expect.stringContaining('authorityMatches.authority-0.signatures: incompatible lengths'),
    },
  ]);
});

test('a policy over all authorities is not asked where none of them counts', async () => {
  const { gate } = gateOver(
    { none: [], forged: ['mallory'] },
    cip({ authorities: both, more: overall('package sigstore\n\nisCompliant = true') }),
  );
  expect(await codes(gate, null, 'none')).toEqual(['SIGNATURE_MISSING']);
  expect(await codes(gate, null, 'forged')).toEqual(['SIGNER_UNTRUSTED']);
});

test('a static authority that passes is seen by the policy, and passes only with it', async () => {
  const authorities = `    - name: static\n      static: { action: pass }\n    - name: team\n      ${keyOf('team')}`;
  const rule = (body: string) => overall(`package sigstore\n\nisCompliant { ${body} }`);
  const documents = (body: string) => cip({ authorities, more: rule(body) });
  const signers = { app: [], signed: ['team'] };
  const { gate } = gateOver(signers, documents('input.authorityMatches == {"static": {"static": true}}'));
  expect(await codes(gate, null)).toEqual([]);
  expect(await codes(gate, null, 'signed')).toEqual(['CLUSTER_POLICY_REFUSED']);
  const strict = gateOver(signers, documents('input.authorityMatches.team'));
  expect(await codes(strict.gate, null)).toEqual(['CLUSTER_POLICY_REFUSED']);
  expect(await codes(strict.gate, null, 'signed')).toEqual([]);
});

test.each([
  ['isCompliant = true', true],
  ['isCompliant = false', false],
  ['isCompliant = "true"', false],
  ['isCompliant = 1', false],
  ['isCompliant = {}', false],
  ['isCompliant = []', false],
  ['x = true', false],
  ['isCompliant[r] { r := {"result": true} }', true],
  ['isCompliant[r] { r := {"result": false, "error": "no"} }', false],
  ['isCompliant = [{"result": true}]', true],
  ['isCompliant = [{"result": true, "warning": ""}]', true],
  ['isCompliant = [{"result": true, "warning": "old"}]', false],
  ['isCompliant = [{"result": false}, {"result": true}]', true],
  ['isCompliant = [{"result": true, "warning": "old"}, {"result": true}]', false],
  ['isCompliant = [{"result": true}, {"result": true, "warning": "old"}]', true],
  ['isCompliant = [{"result": "true"}]', false],
  ['isCompliant = [{"result": "false"}, {"result": true}]', false],
  ['isCompliant = [{"result": true, "warning": 1}]', false],
  ['isCompliant = [true]', false],
  ['isCompliant = {"a": {"result": true}}', false],
  ['isCompliant { input.spec }', false],
  ['isCompliant { not input.spec }', true],
  ['isCompliant { data.sigstore.own }\nown { input.authorityMatches }', true],
  ['isCompliant { data.sigstore.own }\nown { input.spec }', false],
  ['import data.sigstore.own\n\n# é 𝒳\nisCompliant { own; data.sigstore.own }\nown = true', true],
  ['isCompliant { x := "data.sigstore.own"; x == "data.sigstore.own" }', true],
])('%s is compliant: %s', async (rule, compliant) => {
  const { gate } = gateOver({ app: ['team'] }, cip({ more: overall(`package sigstore\n\n${rule}`) }));
  expect(await codes(gate, null)).toEqual(compliant ? [] : ['CLUSTER_POLICY_REFUSED']);
});

test('a policy that breaks is a fault, in a negation too', async () => {
  for (const rule of [
    'isCompliant { to_number("x") > 1 }',
    'isCompliant { not broken }\nbroken { to_number("x") > 1 }',
  ]) {
    const { gate } = gateOver({ app: ['team'] }, cip({ more: overall(`package sigstore\n\n${rule}`) }));
    expect(new Set(await codes(gate, null))).toEqual(new Set(['POLICY_EVALUATION_FAILED']));
  }
});

test('two policies do not become one', async () => {
  const rule = (answer: string) => overall(`package sigstore\n\nisCompliant = ${answer}`);
  const { gate } = gateOver(
    { app: ['team'] },
    cip({ name: 'a', more: rule('true') }),
    cip({ name: 'b', more: rule('false') }),
  );
  expect(await codes(gate, null)).toEqual(['CLUSTER_POLICY_REFUSED']);
});

test('a policy that sees the object decides about each one, whatever was kept about the image', async () => {
  const rule = overall(
    'package sigstore\n\nisCompliant { input.spec.hostNetwork == false; input.metadata.labels.tier == "front"; input.typemeta == {"apiVersion": "v1", "kind": "Pod"} }',
    'includeSpec: true\nincludeObjectMeta: true\nincludeTypeMeta: true',
  );
  const { gate, calls } = gateOver({ app: ['team'] }, cip({ more: rule }));
  const good = object({ tier: 'front' }, { spec: { hostNetwork: false } });
  const bad = object({ tier: 'front' }, { spec: { hostNetwork: true } });
  for (const [admitted, expected] of [
    [good, []],
    [bad, ['CLUSTER_POLICY_REFUSED']],
    [good, []],
    [object({ tier: 'back' }, { spec: { hostNetwork: false } }), ['CLUSTER_POLICY_REFUSED']],
    [null, ['CLUSTER_POLICY_REFUSED']],
  ] as const)
    expect(await codes(gate, admitted)).toEqual(expected);
  expect(calls.filter((call) => call.startsWith('collect')).length).toBeLessThan(4);
});

test('a policy sees nothing of the object that it does not include', async () => {
  const rule = overall(
    'package sigstore\n\nisCompliant { object.keys(input) == {"authorityMatches", "spec"} }',
    'includeSpec: true',
  );
  const { gate } = gateOver({ app: ['team'] }, cip({ more: rule }));
  expect(await codes(gate, object({}, { spec: {} }))).toEqual([]);
});

test('a policy in warn mode warns', async () => {
  const more = `mode: warn\n${overall('package sigstore\n\nisCompliant[r] { r := {"result": false, "error": "not today"} }')}`;
  const { gate } = gateOver({ app: ['team'] }, cip({ more }));
  const { allowed, warnings } = await gate.checkImage('r.io/acme/app:1');
  expect(allowed).toBe(true);
  expect(warnings).toMatchObject([{ code: 'CLUSTER_POLICY_REFUSED', found: 'not today' }]);
});

/** ClusterImagePolicies: what Sigstore policy-controller's own code refuses, denies and allows, and what we do. */
import { deepEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reviewManifests } from '../../packages/admission/src/index.ts';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { PratiqueError } from '../../packages/errors/src/index.ts';
import { createRegistryClient } from '../../packages/oci/src/index.ts';
import { createGate, type Gate, parseTrust } from '../../packages/policy/src/index.ts';
import type { Context, Scenario } from '../support/context.ts';
import { SIGN_FLAGS, sign } from '../support/signing.ts';
import { buildGoProgram } from '../tools/go.ts';

type Outcome = 'refused' | 'denied' | 'allowed';

interface Case {
  readonly name: string;
  /** Documents of policies, with nothing but their `spec`; or whole ones. */
  readonly policies: string;
  readonly image: string;
  readonly object: object | null;
  /** Where ours differs, what it says, and why. */
  readonly ours?: readonly [Outcome, why: string];
}

/** What policy-controller says of each case. */
function theirs(program: string, cases: readonly Case[]): readonly { outcome: Outcome; said: string }[] {
  const input = cases
    .map(({ policies, image, object }) => JSON.stringify({ policies, image, object }))
    .join('\n');
  const { status, stdout, stderr } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  const answers = stdout.trim().split('\n');
  if (status !== 0 || answers.length !== cases.length) throw new Error(`the oracle failed: ${stderr}`);
  return answers.map((line) => {
    const { refused, denied, allowed } = JSON.parse(line) as Record<string, string>;
    if (refused !== undefined) return { outcome: 'refused', said: refused };
    return { outcome: allowed ? 'allowed' : 'denied', said: denied ?? '' };
  });
}

/** What we say, by the road that `pratique admit` takes. */
async function ours({
  policies,
  image,
  object,
}: Case): Promise<{ outcome: Outcome; said: string; found?: string | null | undefined }> {
  const client = createRegistryClient();
  let gate: Gate;
  try {
    const trust = parseTrust(
      '{apiVersion: pratique.dev/v1, kind: Trust, clusterImagePolicies: [cip.yaml]}',
      'trust.yaml',
      { resolve: (path) => path, read: () => new TextEncoder().encode(policies) },
    );
    gate = createGate({
      trust,
      openRepository: (reference) => client.repository(reference),
      // The registries are on this machine, as the images of policy-controller's own calls are.
      localRegistries: 'ask',
    });
  } catch (error) {
    client.close();
    if (error instanceof PratiqueError && error.code === 'TRUST_INVALID')
      return { outcome: 'refused', said: error.message };
    throw error;
  }
  const decisions =
    object === null
      ? [await gate.checkImage(image)]
      : (await reviewManifests([{ name: 'object', text: JSON.stringify(object) }], gate)).map(
          ({ decision }) => decision,
        );
  client.close();
  const said = decisions.flatMap(({ denials }) => denials.map(({ code, message }) => `${code} ${message}`));
  const outcome = decisions.every(({ allowed }) => allowed) ? 'allowed' : 'denied';
  return { outcome, said: said.join('; '), found: decisions[0]?.denials[0]?.found };
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const program = join(context.scratch(), 'oracle');
  await buildGoProgram(
    join(cacheDirectory(), 'tools'),
    fileURLToPath(new URL('policy-controller', import.meta.url)),
    program,
  );
  const [team, security, ci] = await Promise.all(
    ['team', 'security', 'ci'].map(() => context.keyPair('pratique')),
  );
  // Policy-controller reads nothing but Cosign's tags of a key.
  const image = async (...signers: (typeof team)[]) => {
    const made = await context.image(context.ours);
    for (const key of signers) await sign(context, 'pratique', 'legacy', key!, made.pinned);
    return made.pinned;
  };
  const one = await image(team);
  const two = await image(team, security);
  const none = await image();
  const prefixed = await image();
  await sign(context, 'cosign', 'legacy', team!, prefixed, ['--attachment-tag-prefix', 'a-']);
  const elsewhere = await image();
  const signatures = `${context.ours.host}/${context.unique('signatures')}`;
  const env = { COSIGN_REPOSITORY: signatures };
  await sign(context, 'pratique', 'legacy', team!, elsewhere, [], { env });
  const attested = await image();
  const predicate = join(context.scratch(), 'predicate.json');
  writeFileSync(predicate, '{"level": 3, "builder": {"id": "https://ci.example"}}');
  const what = ['--predicate', predicate, '--type', 'https://example.com/p', '--new-bundle-format=false'];
  await context.ok('cosign', ['attest', '--key', ci!.privateKey, ...SIGN_FLAGS, ...what, attested]);

  const key = (pair: typeof team) => ({ data: readFileSync(pair!.publicKey, 'utf8') });
  const by = { team: { name: 'team', key: key(team) }, security: { name: 'security', key: key(security) } };
  const built = (policy: object | undefined) => ({
    name: 'ci',
    key: key(ci),
    attestations: [{ name: 'built', predicateType: 'https://example.com/p', policy }],
  });
  const pass = { name: 'static', static: { action: 'pass' } };
  const cip = (spec: object, name = 'release', version = 'v1beta1') =>
    JSON.stringify({
      apiVersion: `policy.sigstore.dev/${version}`,
      kind: 'ClusterImagePolicy',
      metadata: { name },
      spec: { images: [{ glob: `${context.ours.host}/**` }], authorities: [by.team], ...spec },
    });
  const rego = (rules: string, more: object = {}) => ({
    type: 'rego',
    data: `package sigstore\n\n${rules}\n`,
    ...more,
  });
  const object = (metadata: object = {}, spec: object = {}, pinned = one, kind: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'front', namespace: 'web', ...metadata },
    spec: { containers: [{ name: 'app', image: pinned }], ...spec },
    ...kind,
  });
  const deployment = (labels: object, template: object = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'front', labels },
    spec: {
      template: { metadata: { labels: template }, spec: { containers: [{ name: 'a', image: none }] } },
    },
  });

  const all: Case[] = [];
  const add = (
    name: string,
    policies: string,
    pinned: string,
    admitted: object | null = null,
    differs?: Case['ours'],
  ) =>
    all.push({
      name,
      policies,
      image: pinned,
      object: admitted,
      ...(differs === undefined ? {} : { ours: differs }),
    });

  // Which policies hold. Another one lets everything through, so that "denied" means that this one was asked.
  const anybody = cip({ authorities: [pass] }, 'anybody');
  const selecting = (...match: object[]) => `${cip({ match })}\n---\n${anybody}`;
  const pods = { version: 'v1', resource: 'pods' };
  const labelled = (labels: object) => object({ labels }, {}, none);
  const expressions = (...matchExpressions: object[]) =>
    selecting({ ...pods, selector: { matchExpressions } });
  for (const [selector, labels] of [
    [{ matchLabels: { a: 'b' } }, { a: 'b', x: 'y' }],
    [{ matchLabels: { a: 'b' } }, { a: 'c' }],
    [{ matchLabels: { a: 'b' } }, {}],
    [{ matchLabels: { a: 'b', c: 'd' } }, { a: 'b' }],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] }, { a: 'c' }],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] }, {}],
    [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] }, { a: 'b' }],
    [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] }, {}],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, { a: '' }],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, {}],
    [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, { a: 'b' }],
    [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, {}],
    [{ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] }, { a: 'b' }],
    [{}, {}],
  ] as const)
    add(
      `${JSON.stringify(selector)} and labels ${JSON.stringify(labels)}`,
      selecting({ ...pods, selector }),
      none,
      labelled(labels),
    );
  for (const match of [
    pods,
    { ...pods, version: '*' },
    { ...pods, version: 'v2' },
    { ...pods, group: 'apps' },
    { group: 'apps', version: 'v1', resource: 'deployments' },
  ]) {
    add(`match ${JSON.stringify(match)} and a Pod`, selecting(match), none, labelled({}));
    add(`match ${JSON.stringify(match)} and a Deployment`, selecting(match), none, deployment({}));
  }
  const front = { matchLabels: { tier: 'front' } };
  const deployments = selecting({ group: 'apps', version: 'v1', resource: 'deployments', selector: front });
  add('labels of a Deployment', deployments, none, deployment({ tier: 'front' }));
  add('labels of its template', deployments, none, deployment({}, { tier: 'front' }));
  add('one of two', selecting({ ...pods, version: 'v9' }, pods), none, labelled({}));
  add('nothing matches', cip({ match: [{ ...pods, version: 'v9' }] }), one, object());
  const never = ['refused', 'there it never matches, so that the policy is never in force'] as const;
  add('match without a version', selecting({ resource: 'pods' }), none, labelled({}), never);
  add('match without a resource', selecting({ version: 'v1' }), none, labelled({}), never);
  add('a selector without a resource', selecting({ selector: front }), none, labelled({}));
  const late = ['refused', 'there every object is denied once it comes'] as const;
  add(
    'an operator that is none',
    expressions({ key: 'a', operator: 'Gt', values: ['1'] }),
    none,
    labelled({}),
    late,
  );
  add('In nothing', expressions({ key: 'a', operator: 'In' }), none, labelled({}), late);

  // A policy over all authorities.
  const both = (policy: object) => cip({ authorities: [by.team, by.security], policy });
  const twoOfTwo = rego('isCompliant { input.authorityMatches.team; input.authorityMatches.security }');
  add('two of two', both(twoOfTwo), two);
  add('one of two', both(twoOfTwo), one);
  add('none of two', both(rego('isCompliant = true')), none);
  add('v1alpha1', cip({ policy: rego('isCompliant = false') }, 'release', 'v1alpha1'), one);
  for (const rules of [
    'isCompliant = true',
    'isCompliant = false',
    'isCompliant = "true"',
    'isCompliant = {}',
    'isCompliant = []',
    'x = true',
    'isCompliant[r] { r := {"result": true} }',
    'isCompliant[r] { r := {"result": false, "error": "no"} }',
    'isCompliant = [{"result": true, "warning": ""}]',
    'isCompliant = [{"result": true, "warning": "old"}]',
    'isCompliant = [{"result": false}, {"result": true}]',
    'isCompliant = [{"result": true, "warning": "old"}, {"result": true}]',
    'isCompliant = [{"result": true}, {"result": true, "warning": "old"}]',
    'isCompliant = [{"result": "true"}]',
    'isCompliant = [{"result": "false"}, {"result": true}]',
    'isCompliant = [{"result": true, "warning": 1}]',
    'isCompliant = [true]',
    'isCompliant = {"a": {"result": true}}',
    'isCompliant { input.spec }',
    'isCompliant { object.keys(input) == {"authorityMatches"} }',
    'isCompliant { count(input.authorityMatches.team.signatures) == 1 }',
    'isCompliant { input.authorityMatches.team.signatures[_].subject }',
    'isCompliant { input.authorityMatches.team.attestations }',
    'isCompliant { to_number("x") > 1 }',
  ])
    add(rules, cip({ policy: rego(rules) }), one);
  add(
    'static alone',
    cip({
      authorities: [pass],
      policy: rego('isCompliant { input.authorityMatches == {"static": {"static": true}} }'),
    }),
    none,
  );
  add(
    'static and a key',
    cip({ authorities: [pass, by.team], policy: rego('isCompliant { count(input.authorityMatches) == 2 }') }),
    one,
  );
  add(
    'static and another key',
    cip({
      authorities: [pass, by.security],
      policy: rego('isCompliant { input.authorityMatches.security }'),
    }),
    one,
  );
  const builtBy = rego(
    'isCompliant { input.authorityMatches.ci.attestations.built[_].predicateType == "https://example.com/p" }',
  );
  add('an attestation', cip({ authorities: [built(undefined)], policy: builtBy }), attested);
  add('an attestation that is not there', cip({ authorities: [built(undefined)], policy: builtBy }), one);
  const predicateSays = (id: string) => rego(`isCompliant { input.predicate.builder.id == "${id}" }`);
  add(
    'its own policy complies',
    cip({ authorities: [built(predicateSays('https://ci.example'))], policy: builtBy }),
    attested,
  );
  add(
    'its own policy does not',
    cip({ authorities: [built(predicateSays('https://evil.example'))], policy: rego('isCompliant = true') }),
    attested,
  );
  const parts = { includeSpec: true, includeObjectMeta: true, includeTypeMeta: true };
  const sees = (rule: string, more: object = parts) => cip({ policy: rego(`isCompliant { ${rule} }`, more) });
  const hostNetwork = 'input.spec.hostNetwork == false';
  add('spec', sees(hostNetwork), one, object({}, { hostNetwork: false }));
  add('another spec', sees(hostNetwork), one, object({}, { hostNetwork: true }));
  add('spec that is not included', sees(hostNetwork, {}), one, object({}, { hostNetwork: false }));
  add('spec and no object', sees('not input.spec'), one);
  add('metadata', sees('input.metadata.labels.tier == "front"'), one, object({ labels: { tier: 'front' } }));
  add('typemeta', sees('input.typemeta == {"apiVersion": "v1", "kind": "Pod"}'), one, object());
  const user = 'input.config[_].rootfs.type == "layers"';
  add('config', sees(user, { fetchConfigFile: true }), one);
  add('config that is not fetched', sees(user, {}), one);

  const shown = rego('isCompliant[r] { r := {"result": false, "error": json.marshal(input)} }', parts);
  const seen: Case[] = [
    [both(shown), two, object({ labels: { a: 'b' } }, { hostNetwork: true }, two)] as const,
    [cip({ authorities: [built(undefined), pass], policy: shown }), attested, null] as const,
    [
      cip({
        policy: rego('isCompliant[r] { r := {"result": false, "error": json.marshal(input)} }', {
          fetchConfigFile: true,
        }),
      }),
      one,
      null,
    ] as const,
  ].map(([policies, pinned, admitted], index) => ({
    name: `what a policy sees: ${['signatures and the object', 'attestations', 'the configuration'][index]}`,
    policies,
    image: pinned,
    object: admitted,
  }));

  // Where signatures are.
  const from = (source: object, policies = {}) =>
    cip({ authorities: [{ ...by.team, source: [source] }], ...policies });
  const version = await context.image(context.ours);
  await sign(context, 'pratique', 'legacy', team!, version.pinned);
  const taggedAndPinned = `${version.tagged}@${version.digest}`;
  const withGlob = (glob: string) => cip({ images: [{ glob: `${context.ours.host}/${glob}` }] });
  for (const [glob, ...images] of [
    ['**:v1', version.tagged, version.pinned, taggedAndPinned],
    ['**:v*', version.tagged],
    ['**:v2*', version.tagged],
    ['**:late*', version.tagged],
    ['*:v1', version.tagged],
    [`**@${version.digest}`, version.tagged, version.pinned, taggedAndPinned],
    [`**@${version.digest.slice(0, 12)}*`, version.pinned, taggedAndPinned],
    ['**@sha256:0000*', version.pinned],
    ['**:v?', version.tagged],
  ] as const)
    for (const written of images) add(`the glob ${glob} of ${written}`, withGlob(glob), written);
  add('under a prefix', from({ tagPrefix: 'a-' }), prefixed);
  add('under another prefix', from({ tagPrefix: 'b-' }), prefixed);
  add('under no prefix', cip({}), prefixed);
  add('beside instead of under a prefix', from({ tagPrefix: 'a-' }), one);
  add('elsewhere', from({ oci: signatures }), elsewhere);
  add('elsewhere, and the signatures are beside', from({ oci: signatures }), one);
  add('elsewhere under a prefix', from({ oci: signatures, tagPrefix: 'a-' }), elsewhere);

  // What is not valid.
  for (const [name, spec] of [
    ['a policy of another type', { policy: { type: 'wasm', data: 'x' } }],
    ['a policy without text', { policy: { type: 'rego' } }],
    [
      'a policy with two texts',
      { policy: rego('isCompliant = true', { configMapRef: { name: 'a', key: 'b' } }) },
    ],
    [
      'a policy over HTTP',
      { policy: { type: 'rego', remote: { url: 'http://x.test/p', sha256sum: 'ab'.repeat(32) } } },
    ],
    ['a policy of any content', { policy: { type: 'rego', remote: { url: 'https://x.test/p' } } }],
    [
      'an attestation that asks for the object',
      { authorities: [built(rego('isCompliant = true', { includeSpec: true }))] },
    ],
    ['static with a source', { authorities: [{ ...pass, source: [{ oci: 'r.io/a' }] }] }],
    [
      'static with attestations',
      { authorities: [{ ...pass, attestations: [{ name: 'a', predicateType: 'https://a.test' }] }] },
    ],
    ['static with a log', { authorities: [{ ...pass, ctlog: { url: 'https://x.test' } }] }],
    ['static and a key at once', { authorities: [{ ...by.team, ...pass }] }],
    ['nobody', { authorities: [{ name: 'a' }] }],
    ['no images', { images: [] }],
    ['a mode that is none', { mode: 'audit' }],
    ['a misspelt member', { matches: [] }],
    ['a misspelt member of a match', { match: [{ ...pods, selectors: {} }] }],
  ] as const)
    add(name, cip(spec), one);
  for (const x of ['true', 'false']) {
    const rules = `import data.sigstore.x\n\nisCompliant { x; data.sigstore.x; data.sigstore.f(1) }\nx = ${x}\nf(y) { y == 1 }`;
    add(`its own rules by their full name: ${x}`, cip({ policy: rego(rules) }), one);
  }
  add(
    'all of its own rules',
    cip({ policy: rego('isCompliant { data["sigstore"].x }\nx = true') }),
    one,
    null,
    ['refused', 'its package has another name here'],
  );
  const cue = (data: string, more: object = {}) => cip({ policy: { type: 'cue', data, ...more } });
  for (const data of [
    'authorityMatches: team: signatures: [...]',
    'authorityMatches: team: signatures: []',
    'import "list"\nauthorityMatches: team: signatures: list.MinItems(1)',
    'import "list"\nauthorityMatches: team: signatures: list.MinItems(2)',
    'authorityMatches: security!: _',
    'close({authorityMatches: _})',
    'close({spec: _})',
    '#M: {signatures: [...{id: string}]}\nauthorityMatches: [string]: #M',
    '#M: {signatures: [...{subject: string}]}\nauthorityMatches: [string]: #M',
  ])
    add(`CUE: ${data}`, cue(data), one);
  const unprivileged = cue('spec: hostNetwork: false | *false\nmetadata: name: =~"^f"', parts);
  add('CUE and another spec', unprivileged, one, object({}, { hostNetwork: true }));
  add('CUE and the spec', unprivileged, one, object({}, { hostNetwork: false }));
  add(
    'CUE and the configuration',
    cue('config: [string]: rootfs: type: "tree"', { fetchConfigFile: true }),
    one,
  );
  const cueSays = (id: string) => ({ type: 'cue', data: `predicate: {builder: id: "${id}", level: >=3}` });
  add('CUE of an attestation', cip({ authorities: [built(cueSays('https://ci.example'))] }), attested);
  add(
    'CUE of an attestation that it denies',
    cip({ authorities: [built(cueSays('https://evil.example'))] }),
    attested,
  );
  add('CUE that contradicts itself', cue('a: 1 & 2'), one, null, [
    'refused',
    'there every image is denied once it comes',
  ]);
  add('CUE that is not understood', cue('authorityMatches: self'), one, null, [
    'refused',
    'it is not evaluated here',
  ]);
  add('Rego that is none', cip({ policy: { type: 'rego', data: 'x' } }), one, null, [
    'refused',
    'there every image is denied once it comes',
  ]);

  const inputs = theirs(program, seen);
  const shapes = seen.map(
    (given, index): Scenario => ({
      name: given.name,
      run: async () => {
        const { said, found } = await ours(given);
        const text = /with errors: (\{.*\}): *$/s.exec(inputs[index]!.said)?.[1];
        deepEqual(JSON.parse(found ?? said), JSON.parse(text ?? inputs[index]!.said));
      },
    }),
  );
  const answers = theirs(program, all);
  const decided = all.map((given, index) => ({
    name: given.name,
    run: async () => {
      const { outcome, said } = answers[index]!;
      const found = await ours(given);
      if (given.ours === undefined)
        deepEqual(found.outcome, outcome, `theirs: ${outcome} ${said}\nours: ${found.outcome} ${found.said}`);
      else
        deepEqual(
          [found.outcome, outcome === given.ours[0]],
          [given.ours[0], false],
          `theirs: ${said}\nours: ${found.said}`,
        );
    },
  }));
  return [...decided, ...shapes];
}

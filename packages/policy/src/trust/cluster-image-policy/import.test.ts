import {
  createSelfSigned,
  encodeBase64,
  formatPem,
  formatPublicKey,
  generateSigningKey,
  parsePem,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { createEngine } from '../../engine/choose.ts';
import { createRegoEngine } from '../../engine/rego.ts';
import { buildFacts } from '../../facts/build.ts';
import { parseImage } from '../../gate/lookup.ts';
import { attribute } from '../../gate/stations.ts';
import { called } from '../../testing/called.ts';
import { cip, imported, indent, keyOf, overall } from '../../testing/cluster-image-policies.ts';
import { digestOfText, keyNamed, publicPem, signatureBy } from '../../testing/fakes.ts';
import { calledAs, requirementsFor } from '../match.ts';
import type { Trust } from '../types.ts';

const base64 = (text: string) => encodeBase64(new TextEncoder().encode(text));
const key = keyOf;

function problemOf(make: () => unknown): PratiqueError {
  try {
    make();
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('accepted');
}

/** The codes of what the policies say about an image with these attestations and signatures. */
function codes(
  trust: Trust,
  found: Partial<Parameters<typeof attribute>[1]> = {},
  name = 'acme/app',
): readonly string[] {
  const facts = buildFacts(trust, {
    reference: { registry: 'r.io', repository: name },
    manifest: {
      descriptor: { mediaType: 'm', digest: digestOfText('app'), size: 1 },
      bytes: new Uint8Array(),
      manifest: { kind: 'index', mediaType: 'm', manifests: [], annotations: {} },
    },
    config: { config: null, platforms: [] },
    verification: attribute(trust.authorities.values(), {
      signatures: [],
      attestations: [],
      rejected: [],
      ...found,
    }),
    requirements: requirementsFor(trust, called(`r.io/${name}`), null),
    now: new Date('2026-06-01T00:00:00Z'),
  });
  const findings = createRegoEngine({ trust }).evaluate('image', { image: facts });
  if (findings instanceof Promise) throw new Error('the embedded engine answers at once');
  return findings.deny.map(({ code }) => code);
}

const attestation = (by: string, predicateType: string, predicate: unknown) => ({
  ...signatureBy(by),
  predicateType,
  predicate,
});

test('an image is asked for a signature by one of the authorities of every policy that matches', () => {
  const trust = imported(
    cip({ authorities: `    - ${key('team')}\n    - name: other\n      ${key('other')}` }),
    cip({ name: 'security', authorities: `    - ${key('security')}` }),
  );
  expect([...trust.authorities.keys()]).toEqual([
    'release/authority-0',
    'release/other',
    'security/authority-0',
  ]);
  expect(codes(trust, { signatures: [signatureBy('other'), signatureBy('security')] })).toEqual([]);
  expect(codes(trust, { signatures: [signatureBy('team'), signatureBy('other')] })).toEqual([
    'SIGNER_UNTRUSTED',
  ]);
  expect(codes(trust)).toContain('SIGNATURE_MISSING');
});

test('an image that no policy matches is refused, as by policy-controller', () => {
  expect(codes(imported(cip({})), { signatures: [signatureBy('team')] }, 'else/app')).toEqual([
    'IMAGE_NOT_COVERED',
  ]);
});

test('a policy in warn mode warns', () => {
  expect(imported(cip({ more: 'mode: warn' })).images[0]).toMatchObject({ mode: 'warn', entry: 'release' });
});

test.each([
  ['ghcr.io/acme/app*', 'ghcr.io/acme/app', true],
  ['ghcr.io/acme/app:*', 'ghcr.io/acme/app', true],
  ['ghcr.io/acme/app@**', 'ghcr.io/acme/app', true],
  ['*', 'index.docker.io/library/alpine', true],
  ['*', 'ghcr.io/alpine', false],
  ['*/*', 'index.docker.io/acme/app', true],
  ['*/*', 'ghcr.io/acme', false],
])('the glob %s against %s: %s', (glob, name, matches) => {
  const trust = imported(cip({ images: `[{ glob: "${glob}" }]` }));
  expect(trust.images[0]!.match[0]!.matches(name, `${name}:latest`)).toBe(matches);
});

const someDigest = `sha256:${'ab'.repeat(32)}`;

test.each([
  ['ghcr.io/acme/app:v1*', 'ghcr.io/acme/app:v1.2', true],
  ['ghcr.io/acme/app:v1*', 'ghcr.io/acme/app:v2', false],
  ['ghcr.io/acme/app:v1*', 'ghcr.io/acme/app', false],
  ['ghcr.io/acme/app:latest', 'ghcr.io/acme/app', true],
  // The tag beside a digest is what somebody says, and is not looked at.
  ['ghcr.io/acme/app:v1*', `ghcr.io/acme/app:v1.2@${someDigest}`, false],
  ['ghcr.io/acme/app:v1*', `ghcr.io/acme/app@${someDigest}`, false],
  ['ghcr.io/acme/app@sha256:abab*', `ghcr.io/acme/app:v1@${someDigest}`, true],
  ['ghcr.io/acme/app@sha256:cd*', `ghcr.io/acme/app@${someDigest}`, false],
  ['ghcr.io/**:v1', 'ghcr.io/acme/team/app:v1', true],
  ['ghcr.io/*:v1', 'ghcr.io/acme/app:v1', false],
  ['index.docker.io/library/busybox:1.*', 'busybox:1.36', true],
  // No defaults are filled in for the pattern.
  ['busybox:1.*', 'busybox:1.36', false],
  ['localhost:5000/app:v?', 'localhost:5000/app:v1', null],
])('the glob %s with a version against the image %s: %s', (glob, image, matches) => {
  const policy = () =>
    imported(cip({ images: `[{ glob: "${glob}" }]`, authorities: '    - static: { action: pass }' }));
  if (matches === null) {
    expect(problemOf(policy)).toMatchObject({ code: 'TRUST_INVALID' });
    return;
  }
  const requirements = requirementsFor(policy(), calledAs(parseImage(image)), null);
  expect(requirements.map(({ entry }) => entry)).toEqual([matches ? 'release' : 'default']);
});

const slsa = 'https://slsa.dev/provenance/v1';
const attested = (policy = '') =>
  `    - ${key('ci')}\n      attestations:\n        - name: built\n          predicateType: slsaprovenance1\n${policy}`;
const regoPolicy = (body: string) =>
  `          policy:\n            type: rego\n            data: |\n${indent(body, 14)}`;

test('an authority with attestations counts by them, not by a signature', () => {
  const trust = imported(cip({ authorities: attested() }));
  expect(codes(trust, { signatures: [signatureBy('ci')] })).toEqual(['ATTESTATION_MISSING']);
  expect(codes(trust, { attestations: [attestation('ci', slsa, {})] })).toEqual([]);
  expect(codes(trust, { attestations: [attestation('ci', 'https://spdx.dev/Document', {})] })).toEqual([
    'ATTESTATION_MISSING',
  ]);
  expect(codes(trust, { attestations: [attestation('team', slsa, {})] })).toEqual(['ATTESTATION_MISSING']);
});

test('a Rego v0 policy of an attestation decides about the statement', () => {
  const trust = imported(
    cip({
      authorities: attested(
        regoPolicy(
          'package sigstore\n\ndefault isCompliant = false\n\nisCompliant {\n  input.predicateType == "https://slsa.dev/provenance/v1"\n  input.predicate.builder.id == "https://ci.example"\n  input.subject[_].digest.sha256\n}',
        ),
      ),
    }),
  );
  const by = (id: string) => ({ attestations: [attestation('ci', slsa, { builder: { id } })] });
  expect(codes(trust, by('https://ci.example'))).toEqual([]);
  expect(codes(trust, by('https://evil.example'))).toEqual(['ATTESTATION_REFUSED']);
});

test('a CUE policy of an attestation decides about the statement', () => {
  const cue = (text: string) =>
    imported(cip({ authorities: attested(regoPolicy(text).replace('rego', 'cue')) }));
  const trust = cue(
    `predicateType: "${slsa}"\npredicate: builder: id!: =~"^https://ci"\nsubject: [...{digest: sha256: _}]`,
  );
  const by = (id: unknown) => ({ attestations: [attestation('ci', slsa, { builder: { id } })] });
  expect(codes(trust, by('https://ci.example'))).toEqual([]);
  expect(codes(trust, by('https://evil.example'))).toEqual(['ATTESTATION_REFUSED']);
  expect(codes(trust, by(['https://ci.example']))).toEqual(['ATTESTATION_REFUSED']);
});

test('a CUE policy that has no answer for a statement is a fault', () => {
  const cue = regoPolicy('import "time"\n\npredicate: at: time.Time').replace('rego', 'cue');
  const trust = imported(cip({ authorities: attested(cue) }));
  const at = (time: string) => codes(trust, { attestations: [attestation('ci', slsa, { at: time })] });
  expect(at('2024-05-06T07:08:09Z')).toEqual([]);
  expect(at('today')).toEqual(['ATTESTATION_REFUSED']);
  expect(new Set(at('2024-05-06T07:08:09,5Z'))).toEqual(new Set(['POLICY_EVALUATION_FAILED']));
});

test('two policies of attestations do not become one', () => {
  const only = (word: string) =>
    attested(regoPolicy(`package sigstore\n\nisCompliant { input.predicate == "${word}" }`));
  const trust = imported(
    cip({ name: 'a', authorities: only('one') }),
    cip({ name: 'b', authorities: only('two') }),
  );
  expect(codes(trust, { attestations: [attestation('ci', slsa, 'one')] })).toEqual(['ATTESTATION_REFUSED']);
  expect(
    codes(trust, { attestations: [attestation('ci', slsa, 'one'), attestation('ci', slsa, 'two')] }),
  ).toEqual([]);
});

test('a policy of an attestation that breaks is a fault, not an answer', () => {
  const breaks = regoPolicy('package sigstore\n\nisCompliant { to_number(input.predicate.n) > 1 }');
  const trust = imported(cip({ authorities: attested(breaks) }));
  const found = codes(trust, { attestations: [attestation('ci', slsa, { n: 'x' })] });
  expect(new Set(found)).toEqual(new Set(['POLICY_EVALUATION_FAILED']));
});

test('policies of attestations are refused by an engine that would not evaluate them', async () => {
  const trust = imported(
    cip({ authorities: attested(regoPolicy('package sigstore\n\nisCompliant = true')) }),
  );
  await expect(createEngine({ kind: 'opa', url: 'https://opa.test' }, trust, [])).rejects.toMatchObject({
    code: 'ENGINE_INVALID',
  });
});

test('a static authority lets through or refuses', () => {
  const pass = '    - static: { action: pass }';
  const fail = '    - static: { action: fail, message: not here }';
  expect(codes(imported(cip({ authorities: pass })))).toEqual([]);
  expect(codes(imported(cip({ authorities: fail })), { signatures: [signatureBy('team')] })).toEqual([
    'IMAGE_FORBIDDEN',
  ]);
  const or = imported(cip({ authorities: `${fail}\n    - ${key('team')}` }));
  expect(codes(or, { signatures: [signatureBy('team')] })).toEqual([]);
  expect(codes(or)).toEqual(['SIGNATURE_MISSING']);
});

const authority = parsePem(createSelfSigned({ names: ['ca'] }).caPem, 'ca')[0].bytes;
const chain = base64(formatPem('CERTIFICATE', authority));
const log = generateSigningKey().publicKey;
const trustRoot = (name: string, spec: string) =>
  `apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: { name: ${name} }\nspec:\n${indent(spec, 2)}\n`;
const ownRoot = trustRoot(
  'own',
  `sigstoreKeys:
  certificateAuthorities: [{ uri: "https://fulcio.test", subject: { organization: o, commonName: c }, certChain: ${chain} }]
  tLogs: [{ baseURL: "https://rekor.test", hashAlgorithm: sha-256, publicKey: ${base64(formatPublicKey(log))} }]`,
);
const keyless = (more = '', identity = '{ issuer: "https://i.test", subjectRegExp: ".*@acme.test" }') =>
  `    - keyless: { url: "https://fulcio.test", identities: [${identity}]${more} }`;

test('an identity is vouched for by its TrustRoot', () => {
  const trust = imported(cip({ authorities: keyless(', trustRootRef: own') }), ownRoot);
  const [{ vouching, identities }] = [...trust.authorities.values()] as never as [
    Parameters<typeof attribute>[0] extends Iterable<infer A> ? A : never,
  ];
  expect(identities[0]!.subject).toMatchObject({ kind: 'pattern', value: '.*@acme.test' });
  expect(vouching.authorities[0]).toMatchObject({ uri: 'https://fulcio.test' });
  expect(vouching.logs).toMatchObject([{ baseUrl: 'https://rekor.test' }]);
  expect(vouching.thresholds).toEqual({ certificateLogs: 1, timestamps: 0 });
});

test('ctlog, insecureIgnoreSCT and rfc3161timestamp say what else must prove it', () => {
  const vouchingOf = (authorities: string) =>
    [...imported(cip({ authorities }), ownRoot).authorities.values()][0]!.vouching;
  expect(
    vouchingOf(`${keyless(', trustRootRef: own, insecureIgnoreSCT: true')}\n      ctlog: {}`),
  ).toMatchObject({
    logs: [],
    thresholds: { certificateLogs: 0 },
  });
  expect(vouchingOf(`    - ${key('team')}`).logs).toEqual([]);
  expect(vouchingOf(`    - ${key('team')}\n      ctlog: { trustRootRef: own }`).logs).toHaveLength(1);
  expect(
    vouchingOf(`${keyless(', trustRootRef: own')}\n      rfc3161timestamp: { trustRootRef: own }`).thresholds,
  ).toMatchObject({ timestamps: 1 });
});

const otherRoot = createSelfSigned({ names: ['other.test'] });
const caCert = (pem = otherRoot.caPem) => `, ca-cert: { data: ${JSON.stringify(pem)} }`;

test('ca-cert stands in place of the authorities of the root, and of nothing else in it', () => {
  const vouchingOf = (authorities: string, ...more: string[]) =>
    [...imported(cip({ authorities }), ownRoot, ...more).authorities.values()][0]!.vouching;
  const own = vouchingOf(keyless(`, trustRootRef: own${caCert()}`));
  const [{ bytes }] = parsePem(otherRoot.caPem, 'ca');
  expect(own.authorities.flatMap(({ anchors }) => anchors.map(({ der }) => der))).toEqual([bytes]);
  expect(own.logs).toMatchObject([{ baseUrl: 'https://rekor.test' }]);
  expect(own.thresholds.certificateLogs).toBe(1);
  const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: ca }\nstringData: { ca.pem: ${JSON.stringify(otherRoot.caPem)} }\n`;
  const byName = keyless(', trustRootRef: own, ca-cert: { secretRef: { name: ca } }');
  expect(vouchingOf(byName, secret).authorities).toEqual(own.authorities);
  // With a log that is named and no Sigstore: only the certificate is believed.
  const alone = `${keyless(`${caCert()}, insecureIgnoreSCT: true`)}\n      ctlog: { trustRootRef: own }`;
  expect(vouchingOf(alone)).toMatchObject({ certificateLogs: [], logs: [{ baseUrl: 'https://rekor.test' }] });
  const digest = (authorities: string) => imported(cip({ authorities }), ownRoot).digest;
  expect(digest(keyless(`, trustRootRef: own${caCert()}`))).not.toBe(digest(keyless(', trustRootRef: own')));
});

test('the digest of the trust changes with what proves a signature', () => {
  const digests = ['', '\n      ctlog: {}', '\n      rfc3161timestamp: { trustRootRef: own }'].map(
    (more) => imported(cip({ authorities: `${keyless(', trustRootRef: own')}${more}` }), ownRoot).digest,
  );
  expect(new Set(digests).size).toBe(3);
});

test('keys and policies may be in Secrets and ConfigMaps beside, and everything in a list', () => {
  const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: keys }\ndata: { cosign.pub: ${base64(publicPem('team'))} }\n`;
  const trust = imported(cip({ authorities: '    - key: { secretRef: { name: keys } }' }), secret);
  expect([...trust.authorities.values()][0]!.keys[0]!.fingerprint).toBe(
    keyNamed('team').publicKey.fingerprint,
  );
  const list = `apiVersion: v1\nkind: List\nitems:\n  -\n${indent(cip({}), 4)}\n`;
  expect(imported(list).images).toHaveLength(1);
});

const remote = (url: string) => `remote: { url: "${url}", sha256sum: ${'ab'.repeat(32)} }`;
const selecting = (selector: string) =>
  cip({ more: `match: [{ version: v1, resource: pods, selector: { ${selector} } }]` });
const from = (source: string) => `    - ${key('team')}\n      source: [${source}]`;

test.each([
  ['a misspelt key', cip({ more: 'moode: warn' }), 'moode is not a known key'],
  ['no authority', cip({ authorities: '    []' }), 'at least one'],
  [
    'a static authority that asks for an attestation',
    cip({
      authorities: '    - static: { action: pass }\n      attestations: [{ name: a, predicateType: custom }]',
    }),
    'static alone',
  ],
  [
    'a static authority with a source',
    cip({ authorities: '    - static: { action: pass }\n      source: [{ oci: r.io/a }]' }),
    'static alone',
  ],
  ['an authority that is nobody', cip({ authorities: '    - name: x' }), 'one of key, keyless and static'],
  [
    'an identity without issuer',
    cip({ authorities: keyless('', '{ subject: a }') }),
    'issuer or issuerRegExp',
  ],
  [
    'an identity without a subject',
    cip({ authorities: keyless('', '{ issuer: a }') }),
    'subject or subjectRegExp',
  ],
  ['an identity nobody vouches for', cip({ authorities: keyless() }), 'nothing says which Sigstore'],
  [
    'a TrustRoot that is not there',
    cip({ authorities: keyless(', trustRootRef: gone') }),
    'no TrustRoot gone',
  ],
  ['a key from a service', cip({ authorities: '    - key: { kms: "awskms://x" }' }), 'not looked up here'],
  [
    'a Secret that is not there',
    cip({ authorities: '    - key: { secretRef: { name: x } }' }),
    'no Secret x',
  ],
  ['a key that is none', cip({ authorities: '    - key: { data: x }' }), 'a public key, PEM'],
  [
    'another hash',
    cip({ authorities: `    - ${key('team').replace('key:\n', 'key:\n        hashAlgorithm: sha512\n')}` }),
    'SHA-256',
  ],
  [
    'a ca-cert and nothing that says when',
    `${cip({ authorities: `${keyless(caCert())}\n      ctlog: {}` })}`,
    'nothing would say when',
  ],
  [
    'a ca-cert that is no authority',
    cip({ authorities: keyless(caCert(otherRoot.certificatePem)) }),
    'certificates of an authority',
  ],
  [
    'a ca-cert with the certificate of a server beside the root',
    cip({
      authorities: keyless(`, trustRootRef: own${caCert(otherRoot.caPem + otherRoot.certificatePem)}`),
    }) +
      '---\n' +
      ownRoot,
    'not one of an authority',
  ],
  ['a ca-cert that is a key', cip({ authorities: keyless(caCert(publicPem('team'))) }), 'something else'],
  [
    'a ca-cert that is none',
    cip({ authorities: keyless(', ca-cert: { data: x }') }),
    'certificates of an authority',
  ],
  [
    'a ca-cert from a service',
    cip({ authorities: keyless(', ca-cert: { kms: "awskms://x" }') }),
    'key management service',
  ],
  [
    'a ca-cert in a Secret that is not there',
    cip({ authorities: keyless(', ca-cert: { secretRef: { name: x } }') }),
    'no Secret x',
  ],
  ['a source with a tag', cip({ authorities: from('{ oci: "r.io/sigs:1" }') }), 'a source is a repository'],
  ['a source that is none', cip({ authorities: from('{ oci: "r.io/SIGS" }') }), 'a repository'],
  [
    'a tag prefix that no tag begins with',
    cip({ authorities: from('{ tagPrefix: a/b }') }),
    'the beginning of a tag',
  ],
  [
    'a tag prefix that makes a tag too long',
    cip({ authorities: from(`{ tagPrefix: ${'x'.repeat(54)} }`) }),
    'the beginning of a tag',
  ],
  [
    'a pull secret that is a path',
    cip({ authorities: from('{ oci: r.io/s, signaturePullSecrets: [{ name: ../x }] }') }),
    'a name as Kubernetes has them',
  ],
  [
    'a pull secret in another namespace',
    cip({ authorities: from('{ signaturePullSecrets: [{ name: x, namespace: y }] }') }),
    'not a known key',
  ],
  [
    'pull secrets that are here and elsewhere',
    cip({ authorities: from('{ signaturePullSecrets: [{ name: a }, { name: b }] }') }) +
      '---\napiVersion: v1\nkind: Secret\nmetadata: { name: b }\nstringData: { .dockercfg: "{}" }\n',
    'all of a, b, or none',
  ],
  [
    'a Secret without credentials',
    cip({ authorities: from('{ signaturePullSecrets: [{ name: a }] }') }) +
      '---\napiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { cosign.pub: x }\n',
    'Secrets with credentials',
  ],
  ['a name that Kubernetes would not take', cip({ name: 'a/b' }), 'a name as Kubernetes has them'],
  ['objects of no version', cip({ more: 'match: [{ resource: pods }]' }), 'version is missing'],
  ['objects of no resource', cip({ more: 'match: [{ version: v1 }]' }), 'resource is missing'],
  ['a kind for a resource', cip({ more: 'match: [{ version: v1, resource: Pod }]' }), 'in the plural'],
  ['a misspelt selector', selecting('matchLabel: { a: b }'), 'not a known key'],
  ['labels that are no text', selecting('matchLabels: { a: 1 }'), 'quote numbers'],
  ['a label that cannot be', selecting('matchLabels: { "a b": c }'), 'the key of a label'],
  [
    'an unknown operator',
    selecting('matchExpressions: [{ key: a, operator: Gt, values: [b] }]'),
    'In, NotIn',
  ],
  ['In nothing', selecting('matchExpressions: [{ key: a, operator: In }]'), 'values with In'],
  [
    'Exists with values',
    selecting('matchExpressions: [{ key: a, operator: Exists, values: [b] }]'),
    'none with',
  ],
  ['a policy that is no Rego', cip({ more: 'policy: { type: rego, data: x }' }), 'not Rego v0'],
  ['a policy without text', cip({ more: 'policy: { type: rego }' }), 'one of data, configMapRef and remote'],
  [
    'a policy with two texts',
    cip({ more: 'policy: { type: rego, data: x, configMapRef: { name: y } }' }),
    'one of data, configMapRef and remote',
  ],
  ['a CUE policy over all that is none', cip({ more: 'policy: { type: cue, data: "x: {" }' }), 'release:1:5'],
  [
    'a CUE policy that contradicts itself',
    cip({ more: 'policy: { type: cue, data: "x: 1 & 2" }' }),
    'contradicts itself',
  ],
  [
    'a policy over all of another package',
    cip({ more: overall('package other\n\nisCompliant = true') }),
    'package sigstore',
  ],
  [
    'a policy over all that reads others',
    cip({ more: overall('package sigstore\n\nisCompliant { data[x] }') }),
    'nothing but input',
  ],
  ...[
    'x := data',
    'data.sigstore',
    'data["sigstore"].x',
    'some i; data[i].x',
    'walk(data, x)',
    'data.pratique.image',
    'data.site.x',
  ].map((use): [string, string, string] => [
    `a policy with ${use}`,
    cip({ more: overall(`package sigstore\n\nisCompliant { ${use} }`) }),
    'nothing but input',
  ]),
  [
    'an attestation that asks for the object',
    cip({ authorities: attested(`${regoPolicy('package sigstore')}\n            includeSpec: true`) }),
    'not a known key',
  ],
  [
    'two attestations of one name',
    cip({ authorities: attested('        - name: built\n          predicateType: custom') }),
    'one name',
  ],
  [
    'two authorities of one name',
    cip({
      authorities: `    - name: a\n      ${key('team')}\n    - name: a\n      static: { action: pass }`,
    }),
    'one name',
  ],
  [
    'a CUE policy with what is not understood',
    cip({ authorities: attested('          policy: { type: cue, data: "x: self" }') }),
    'cue_unsupported_error',
  ],
  [
    'a policy from elsewhere',
    cip({ authorities: attested(`          policy: { type: rego, ${remote('https://x.test/p.rego')} }`) }),
    'not fetched',
  ],
  [
    'a policy from elsewhere over HTTP',
    cip({ more: `policy: { type: rego, ${remote('http://x.test/p.rego')} }` }),
    'a URL of https',
  ],
  [
    'a policy from elsewhere of any content',
    cip({ more: 'policy: { type: rego, remote: { url: "https://x.test/p.rego" } }' }),
    'sha256sum is missing',
  ],
  [
    'a policy of another package',
    cip({ authorities: attested(regoPolicy('package other\n\nisCompliant = true')) }),
    'package sigstore',
  ],
  [
    'a policy that reads others',
    cip({ authorities: attested(regoPolicy('package sigstore\n\nisCompliant { data[x] }')) }),
    'nothing but input',
  ],
  [
    'a policy that is none',
    cip({ authorities: attested(regoPolicy('package sigstore\n\nisCompliant {')) }),
    'not Rego v0',
  ],
  [
    'another pattern in a glob',
    cip({ images: '[{ glob: "r.io/app:[0-9]" }]' }),
    'a character no reference has',
  ],
  ['the same policy twice', `${cip({})}---\n${cip({})}`, 'there twice'],
  ['another kind', 'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\n', 'not read here'],
  [
    'a TrustRoot from TUF',
    `${cip({ authorities: keyless(', trustRootRef: tuf') })}---\n${trustRoot('tuf', 'remote: { root: x, mirror: "https://m" }')}`,
    'TUF repository',
  ],
])('a policy with %s is refused with its place', (_name, document, text) => {
  const problem = problemOf(() => imported(document));
  expect(problem.code).toBe('TRUST_INVALID');
  expect(problem.message).toMatch(/^cip\.yaml:\d+:\d+: /);
  expect(`${problem.message} ${problem.expected}`).toContain(text);
});

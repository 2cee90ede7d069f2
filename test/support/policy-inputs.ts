/** Random inputs and parameters of the policies that come with Pratique, dense in the values those policies look at. */
import fc from 'fast-check';

const name = fc.constantFrom('alice', 'bob', 'release');
const annotations = fc.dictionary(
  fc.constantFrom('env', 'tier', 'build'),
  fc.constantFrom('dev', 'prod', '42'),
  {
    maxKeys: 2,
  },
);
const digest = fc.constantFrom('a', 'b').map((letter) => `sha256:${letter.repeat(64)}`);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const list = <T>(value: fc.Arbitrary<T>, maxLength = 2) => fc.array(value, { maxLength });
const names = fc.uniqueArray(name, { maxLength: 3 });

const signer = fc.oneof(
  fc.record({ kind: fc.constant('key'), name, fingerprint: fc.constantFrom('sha256:11', 'sha256:22') }),
  fc.record({
    kind: fc.constant('identity'),
    subject: fc.constantFrom('a@example.com', 'b@example.com'),
    issuer: fc.constant('https://issuer.example'),
    extensions: fc.constant({}),
  }),
);

const signature = fc.record({
  format: fc.constantFrom('sigstore-bundle', 'cosign-tag'),
  signer,
  authorities: names,
  annotations,
  signedAt: fc.constant(null),
  log: fc.constant(null),
  checks: fc.constant([]),
});

const rejection = fc.record({
  format: fc.constant('cosign-tag'),
  code: fc.constantFrom('SIGNER_UNTRUSTED', 'SIGNATURE_INVALID', 'DIGEST_MISMATCH'),
  message: fc.constantFrom('nobody known signed it', 'it signs another image'),
  expected: optional(fc.constant('this')),
  found: optional(fc.constant('that')),
});

const requirement = fc.record({
  entry: fc.constantFrom('images[0]', 'default'),
  match: fc.constant('**'),
  mode: fc.constantFrom('enforce', 'warn'),
  atLeast: fc.integer({ min: 1, max: 3 }),
  of: names,
  annotations,
});

const authority = fc.record({
  satisfied: fc.boolean(),
  by: fc.constant([]),
  wanted: list(fc.constantFrom('sha256:11', 'sha256:22', 'sha256:33'), 3),
});

const facts = fc.record({
  schemaVersion: fc.constant(1),
  registry: fc.constantFrom('index.docker.io', 'ghcr.io', '127.0.0.1:5000'),
  repository: fc.constantFrom('library/alpine', 'acme/shop', 'acme/shop/api'),
  tag: optional(fc.constantFrom('latest', 'v1')),
  digest,
  signatures: list(signature, 3),
  attestations: list(
    fc.record({ predicateType: fc.constant('https://slsa.dev/provenance/v1'), authorities: names }),
  ),
  authorities: fc.record({ alice: authority, bob: authority, release: authority }),
  requirements: list(requirement),
  rejected: list(rejection),
});

const image = fc.record({
  reference: fc.constantFrom('alpine', 'ghcr.io/acme/shop:v1'),
  registry: fc.constant('ghcr.io'),
  repository: fc.constant('acme/shop'),
  tag: fc.constantFrom('latest', 'v1'),
  digest: optional(digest),
  pinned: fc.boolean(),
  exempt: fc.boolean(),
  facts: optional(facts),
});

export const policyInput = fc.record({
  image: facts,
  request: fc.record({ namespace: fc.constantFrom('default', 'prod-eu', 'dev') }),
  images: list(image, 3),
});

const globs = fc.constantFrom('**', 'ghcr.io/acme/*', '*/library/**', 'ghcr.io/**');

export const policyParameters = fc.record({
  environment: fc.record({
    annotation: fc.constantFrom('env', 'tier'),
    expected: optional(fc.constantFrom('dev', 'prod')),
    namespaces: fc.dictionary(fc.constantFrom('prod-*', 'default', '*'), fc.constantFrom('dev', 'prod'), {
      maxKeys: 2,
    }),
  }),
  digests: fc.dictionary(globs, list(digest), { maxKeys: 2 }),
  bases: list(digest),
  registries: list(globs),
  requireDigest: fc.boolean(),
  forbiddenTags: fc.constantFrom([], ['latest'], ['latest', 'v1']),
});

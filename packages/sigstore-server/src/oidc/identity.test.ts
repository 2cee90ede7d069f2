import { expect, test } from 'vitest';
import { identityOf } from './identity.ts';
import { type IssuerOptions, parseIssuers } from './issuers.ts';

const url = 'https://issuer.test';

function identify(options: Omit<IssuerOptions, 'url'>, claims: Record<string, unknown>) {
  const [issuer] = parseIssuers([{ url, ...options }]);
  return identityOf(claims, url, issuer!);
}

const github = {
  sub: 'repo:octo/app:ref:refs/heads/main',
  event_name: 'push',
  sha: 'c0ffee',
  workflow: 'release',
  repository: 'octo/app',
  ref: 'refs/heads/main',
  job_workflow_ref: 'octo/ci/.github/workflows/build.yml@refs/tags/v1',
  job_workflow_sha: 'beef',
  runner_environment: 'github-hosted',
  repository_id: '1',
  repository_owner: 'octo',
  repository_owner_id: '2',
  workflow_ref: 'octo/app/.github/workflows/release.yml@refs/heads/main',
  workflow_sha: 'f00d',
  run_id: '7',
  run_attempt: '1',
  repository_visibility: 'public',
};

test('a GitHub workflow has every extension, the environment only where it has one', () => {
  const identity = identify({ type: 'github-workflow' }, github);
  expect(identity).toMatchObject({
    name: {
      type: 'uri',
      value: 'https://github.com/octo/ci/.github/workflows/build.yml@refs/tags/v1',
    },
    challenge: github.sub,
  });
  expect(identity.extensions.map(([number]) => number)).toEqual([
    2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24,
  ]);
  const all = Object.fromEntries(
    identify({ type: 'github-workflow' }, { ...github, environment: 'prod' }).extensions,
  );
  expect(all).toMatchObject({
    18: 'https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main',
    21: 'https://github.com/octo/app/actions/runs/7/attempts/1',
    23: 'prod',
    24: github.sub,
  });
});

const gitlab = {
  sub: 'project_path:g/p:ref_type:branch:ref:main',
  ci_config_ref_uri: 'issuer.test/g/p//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: 'beef',
  runner_environment: 'self-hosted',
  project_path: 'g/p',
  sha: 'c0ffee',
  ref: 'main',
  ref_type: 'branch',
  project_id: '1',
  namespace_path: 'g',
  namespace_id: '2',
  pipeline_source: 'push',
  job_id: '9',
  project_visibility: 'private',
};

test('a GitLab pipeline is named by its configuration, and its project stands on that GitLab', () => {
  const identity = identify({ type: 'gitlab-pipeline' }, gitlab);
  expect(identity.name.value).toBe('https://issuer.test/g/p//.gitlab-ci.yml@refs/heads/main');
  expect(Object.fromEntries(identity.extensions)).toMatchObject({
    12: 'https://issuer.test/g/p',
    14: 'refs/heads/main',
    21: 'https://issuer.test/g/p/-/jobs/9',
  });
  const tag = identify({ type: 'gitlab-pipeline' }, { ...gitlab, ref_type: 'tag', ref: 'v1' });
  expect(Object.fromEntries(tag.extensions)[14]).toBe('refs/tags/v1');
});

test('a Buildkite job, a SPIFFE ID, a user name and an address by another issuer have their names', () => {
  const buildkite = {
    sub: 'organization:o:pipeline:p',
    organization_slug: 'o',
    pipeline_slug: 'p',
    build_number: 12,
    job_id: 'j',
    runner_environment: 'self-hosted',
    build_commit: 'c0ffee',
    build_source: 'webhook',
  };
  const { name, extensions } = identify({ type: 'buildkite-job' }, buildkite);
  expect([name.value, Object.fromEntries(extensions)[21]]).toEqual([
    'https://buildkite.com/o/p',
    'https://buildkite.com/o/p/builds/12#j',
  ]);
  const spiffe = identify({ type: 'spiffe', trustDomain: 'prod.test' }, { sub: 'spiffe://prod.test/ns/a' });
  expect(spiffe.name).toEqual({ type: 'uri', value: 'spiffe://prod.test/ns/a' });
  const user = identify({ type: 'username', subjectDomain: 'people.test' }, { sub: 'alice' });
  expect(user.name).toEqual({ type: 'username', value: 'alice!people.test' });
  const dex = identify(
    { type: 'email', issuerClaim: '$.federated_claims.connector_id' },
    {
      sub: 'x',
      email: 'a@b.test',
      email_verified: true,
      federated_claims: { connector_id: 'https://accounts.test' },
    },
  );
  expect(dex.issuer).toBe('https://accounts.test');
});

test('any CI by templates: defaults, claims with dots in their names, what is optional', () => {
  const templates = {
    'default-template-values': { base: 'https://ci.test', ref: '' },
    'subject-alternative-name-template': '{{ .base }}/{{ index . "ci.test/project" }}',
    'extension-templates': {
      'source-repository-ref': 'ref',
      'build-trigger': '{{ if eq (index . "ci.test/rerun") "true" }}rerun{{ else }}push{{ end }}',
    },
  };
  const claims = { sub: 's', 'ci.test/project': 'p', 'ci.test/rerun': true };
  expect(identify({ type: 'ci-provider', templates }, claims)).toMatchObject({
    name: { value: 'https://ci.test/p' },
    extensions: [
      [20, 'rerun'],
      [24, 's'],
    ],
  });
  expect(() => identify({ type: 'ci-provider', templates }, { sub: 's' })).toThrow('missing or empty');
});

const spiffe: Omit<IssuerOptions, 'url'> = { type: 'spiffe', trustDomain: 'prod.test' };
const email: Omit<IssuerOptions, 'url'> = { type: 'email' };
const user: Omit<IssuerOptions, 'url'> = { type: 'username', subjectDomain: 'people.test' };

test.each<[string, Omit<IssuerOptions, 'url'>, Record<string, unknown>]>([
  ['an empty repository', { type: 'github-workflow' }, { ...github, repository: '' }],
  ['a repository of spaces', { type: 'github-workflow' }, { ...github, repository: '  ' }],
  ['a repository that is null', { type: 'github-workflow' }, { ...github, repository: null }],
  ['a repository that is a list', { type: 'github-workflow' }, { ...github, repository: ['octo/app'] }],
  ['a claim of 3 KB', { type: 'github-workflow' }, { ...github, workflow: 'x'.repeat(3000) }],
  ['a claim with a line break', { type: 'github-workflow' }, { ...github, workflow: 'a\nb' }],
  ['a name with a space', { type: 'github-workflow' }, { ...github, job_workflow_ref: 'a b' }],
  ['another trust domain', spiffe, { sub: 'spiffe://dev.test/ns/a' }],
  ['a trust domain that begins alike', spiffe, { sub: 'spiffe://prod.test.eve.test/ns/a' }],
  ['a trust domain below', spiffe, { sub: 'spiffe://a.prod.test/ns/a' }],
  ['a trust domain itself', spiffe, { sub: 'spiffe://prod.test' }],
  ['a SPIFFE ID with dots', spiffe, { sub: 'spiffe://prod.test/../admin' }],
  ['a SPIFFE ID with a query', spiffe, { sub: 'spiffe://prod.test/a?b' }],
  ['a user with a domain of its own', user, { sub: 'alice!eve.test' }],
  ['a user that is an address', user, { sub: 'alice@eve.test' }],
  ['an address that nobody verified', email, { sub: 'x', email: 'a@b.test' }],
  [
    'an issuer claim that is not there',
    { type: 'email', issuerClaim: '$.a.b' },
    { sub: 'x', email: 'a@b.test', email_verified: true, a: {} },
  ],
  [
    'an issuer claim on a prototype',
    { type: 'email', issuerClaim: '$.constructor.name' },
    { sub: 'x', email: 'a@b.test', email_verified: true },
  ],
])('%s is no identity', (_, options, claims) => {
  expect(() => identify(options, claims)).toThrow(expect.objectContaining({ status: 401 }));
});

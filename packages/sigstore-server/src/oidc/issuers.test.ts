import { expect, test } from 'vitest';
import { parseIssuers } from './issuers.ts';

test('an issuer is its exact https URL', () => {
  const issuer = { url: 'https://token.actions.githubusercontent.com', type: 'github-workflow' };
  const [parsed] = parseIssuers([issuer]);
  expect(parsed).toMatchObject({ ...issuer, audience: 'sigstore' });
  expect([issuer.url, `${issuer.url}/`, `${issuer.url}.eve.test`].map((iss) => parsed!.matches(iss))).toEqual(
    [true, false, false],
  );
});

test.each<[string, unknown]>([
  ['no list', {}],
  ['a pattern (CVE-2026-22772)', [{ url: 'https://*.example.test', type: 'email' }]],
  ['plain http to another machine', [{ url: 'http://ci.example.test', type: 'email' }]],
  ['a host that only looks like loopback', [{ url: 'http://127.0.0.1.example.test', type: 'email' }]],
  ['a user in the URL', [{ url: 'https://a@example.test', type: 'email' }]],
  ['an unknown type', [{ url: 'https://ci.test', type: 'spiffe2' }]],
  ['a URI issuer for every URI', [{ url: 'https://ci.test', type: 'uri' }]],
  [
    'a prefix that ends in the host',
    [{ url: 'https://ci.test', type: 'uri', subjectPrefix: 'https://ci.test' }],
  ],
  ['a SPIFFE issuer without a trust domain', [{ url: 'https://ci.test', type: 'spiffe' }]],
  ['a trust domain for e-mail', [{ url: 'https://ci.test', type: 'email', trustDomain: 'x.test' }]],
  ['CI by templates without templates', [{ url: 'https://ci.test', type: 'ci-provider' }]],
  ['a template that does not end', [ci({ san: '{{ .a' })]],
  ['a template with a function', [ci({ san: '{{ printf "x" }}' })]],
  ['a template for an extension there is not', [ci({ extension: 'issuer' })]],
  ['a URL and a pattern', [{ url: 'https://ci.test', urlPattern: 'https://ci.test/*', type: 'email' }]],
  ['a pattern that is the whole host', [{ urlPattern: 'https://*/x', type: 'kubernetes' }]],
  ['a pattern for a top-level domain', [{ urlPattern: 'https://ci.*', type: 'kubernetes' }]],
  ['a pattern for what is registered', [{ urlPattern: 'https://*.test', type: 'kubernetes' }]],
  ['a pattern over plain http', [{ urlPattern: 'http://ci.example.test/*', type: 'kubernetes' }]],
  ['an issuer claim that is no path', [{ url: 'https://ci.test', type: 'email', issuerClaim: 'iss' }]],
  ['a member nobody knows', [{ url: 'https://ci.test', type: 'email', audiance: 'x' }]],
  [
    'one issuer twice',
    [
      { url: 'https://ci.test', type: 'email' },
      { url: 'https://ci.test', type: 'email' },
    ],
  ],
])('%s is refused', (_, value) => {
  expect(() => parseIssuers(value)).toThrow(
    expect.objectContaining({ code: 'SIGSTORE_SERVER_OPTION_INVALID' }),
  );
});

function ci({ san = '{{ .a }}', extension = 'build-trigger' }) {
  return {
    url: 'https://ci.test',
    type: 'ci-provider',
    templates: { 'subject-alternative-name-template': san, 'extension-templates': { [extension]: 'a' } },
  };
}

// GHSA-59jp-pj84-45mr (CVE-2026-22772): a meta-issuer that was not anchored, so that any host could be asked for keys.
test.each([
  'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC/x',
  'https://oidc.eks.eve.test/x.amazonaws.com/id/ABC',
  'https://oidc.eks.eve.test?.amazonaws.com/id/ABC',
  'https://oidc.eks.a.eve.test.amazonaws.com/id/ABC',
  'https://eve.test/https://oidc.eks.eu-west-1.amazonaws.com/id/ABC',
  'https://oidc.eks.eu-west-1.amazonaws.com/id/',
  'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC\n',
  'http://oidc.eks.eu-west-1.amazonaws.com/id/ABC',
  'https://oidc.eks.eu-west-1xamazonaws.com/id/ABC',
  'https://oidc.eks.*.amazonaws.com/id/*',
])('GHSA-59jp-pj84-45mr: %s is not an issuer of the pattern', (iss) => {
  const [issuer] = parseIssuers([
    { urlPattern: 'https://oidc.eks.*.amazonaws.com/id/*', type: 'kubernetes' },
  ]);
  expect(issuer!.matches('https://oidc.eks.eu-west-1.amazonaws.com/id/ABC_1')).toBe(true);
  expect(issuer!.matches(iss)).toBe(false);
});

test('Fulcio’s own configuration is a configuration', () => {
  const issuers = parseIssuers({
    define: ['ci'],
    'oidc-issuers': {
      'https://ci.test': {
        'issuer-url': 'https://ci.test',
        'client-id': 'other',
        type: 'ci-provider',
        'ci-provider': 'ci',
        contact: 'x',
      },
      'https://dex.test/auth': { 'client-id': 'sigstore', type: 'email', 'issuer-claim': '$.federated.id' },
      'https://people.test': { 'client-id': 'sigstore', type: 'username', 'subject-domain': 'people.test' },
      'https://spire.test': { 'client-id': 'sigstore', type: 'spiffe', 'spiffe-trust-domain': 'prod.test' },
    },
    'meta-issuers': { 'https://*.clusters.test/*': { 'client-id': 'sigstore', type: 'kubernetes' } },
    'ci-issuer-metadata': { ci: ci({}).templates },
  });
  expect(issuers.map(({ url, type, audience }) => [url, type, audience])).toEqual([
    ['https://ci.test', 'ci-provider', 'other'],
    ['https://dex.test/auth', 'email', 'sigstore'],
    ['https://people.test', 'username', 'sigstore'],
    ['https://spire.test', 'spiffe', 'sigstore'],
    ['https://*.clusters.test/*', 'kubernetes', 'sigstore'],
  ]);
  expect(() =>
    parseIssuers({ 'oidc-issuers': { 'https://x.test': { type: 'chainguard-identity' } } }),
  ).toThrow(expect.objectContaining({ code: 'SIGSTORE_SERVER_OPTION_INVALID' }));
});

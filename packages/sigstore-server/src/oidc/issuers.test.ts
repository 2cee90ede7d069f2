import { expect, test } from 'vitest';
import { parseIssuers } from './issuers.ts';

test('an issuer is its exact https URL', () => {
  const issuer = { url: 'https://token.actions.githubusercontent.com', type: 'github-workflow' };
  expect(parseIssuers([issuer])).toEqual([issuer]);
});

test.each<[string, unknown]>([
  ['no list', {}],
  ['a pattern', [{ url: 'https://*.example.test', type: 'email' }]],
  ['plain http to another machine', [{ url: 'http://ci.example.test', type: 'email' }]],
  ['a host that only looks like loopback', [{ url: 'http://127.0.0.1.example.test', type: 'email' }]],
  ['a user in the URL', [{ url: 'https://a@example.test', type: 'email' }]],
  ['an unknown type', [{ url: 'https://ci.test', type: 'spiffe2' }]],
  ['a URI issuer for every URI', [{ url: 'https://ci.test', type: 'uri' }]],
  [
    'a prefix that ends in the host',
    [{ url: 'https://ci.test', type: 'uri', subjectPrefix: 'https://ci.test' }],
  ],
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

import { formatPublicKey, generateSigningKey } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { called } from '../testing/called.ts';
import { authorities, publicPem, trustFrom } from '../testing/fakes.ts';
import { exemptionFor, requirementsFor } from './match.ts';
import type { Trust } from './types.ts';

const full = `${authorities('team', 'security', 'release')}
images:
  - match: ["localhost:*/guestbook-*", "ghcr.io/acme/**"]
    exclude: ghcr.io/acme/sandbox/**
    require: { any: [team, release] }
  - match: ghcr.io/acme/payments
    require: { all: [team, security] }
    mode: warn
    annotations: { env: prod }
  - match: ghcr.io/acme/payments
    require: { atLeast: 2, of: [team, security, release] }
exempt:
  - match: registry.k8s.io/**
    reason: part of the cluster
parameters:
  environment: dev
`;

function problemOf(make: () => Trust): PratiqueError {
  try {
    make();
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('accepted');
}

test('every entry that matches asks for its own, so that an entry added can only ask for more', () => {
  const requirements = requirementsFor(trustFrom(full), called('ghcr.io/acme/payments'), null);
  expect(
    requirements.map(({ entry, mode, atLeast, of, annotations }) => [entry, mode, atLeast, of, annotations]),
  ).toEqual([
    ['images[0]', 'enforce', 1, ['team', 'release'], {}],
    ['images[1]', 'warn', 2, ['team', 'security'], { env: 'prod' }],
    ['images[2]', 'enforce', 2, ['team', 'security', 'release'], {}],
  ]);
});

test('an image no entry speaks of needs a signature nobody can make', () => {
  const trust = trustFrom(full);
  for (const name of ['ghcr.io/acme/sandbox/x', 'ghcr.io/other/app', 'index.docker.io/library/alpine']) {
    expect(requirementsFor(trust, called(name), null)).toMatchObject([
      { entry: 'default', mode: 'enforce', atLeast: 1, of: [] },
    ]);
  }
  expect(requirementsFor(trustFrom('default: warn'), called('a.b/c'), null)).toMatchObject([
    { mode: 'warn', atLeast: 1, of: [] },
  ]);
  expect(requirementsFor(trustFrom('default: allow'), called('a.b/c'), null)).toEqual([]);
  expect(requirementsFor(trustFrom('{}'.slice(2)), called('a.b/c'), null)).toMatchObject([
    { entry: 'default', mode: 'enforce' },
  ]);
});

test('only what an exemption names is exempt', () => {
  const trust = trustFrom(full);
  expect(exemptionFor(trust, called('registry.k8s.io/pause'))?.reason).toBe('part of the cluster');
  expect(exemptionFor(trust, called('registry.k8s.io.evil.example/pause'))).toBeUndefined();
});

test.each([
  [
    'a misspelt key must not weaken a requirement',
    'images:\n  - match: a.b/c\n    requires: { any: [team] }',
    '4:5',
    'requires is not a known key',
  ],
  [
    'a misspelt parameter must not switch a policy off',
    'parameters:\n  enviroment: dev',
    '4:3',
    'enviroment is not a known key',
  ],
  ['a missing requirement', 'images:\n  - match: a.b/c', '4:5', 'require is missing'],
  [
    'an unknown authority',
    'images:\n  - match: a.b/c\n    require: { any: [nobody] }',
    '5:14',
    'no authority nobody',
  ],
  ['no authority at all', 'images:\n  - match: a.b/c\n    require: { any: [] }', '5:21', 'at least one'],
  [
    'both any and all',
    'images:\n  - match: a.b/c\n    require: { any: [a], all: [b] }',
    '5:14',
    'images.0.require',
  ],
  [
    'atLeast: 0 would ask for nothing',
    'images:\n  - match: a.b/c\n    require: { atLeast: 0, of: [a] }',
    '5:',
    'atLeast',
  ],
  [
    'a pattern that matches nothing',
    'images:\n  - match: "*"\n    require: { any: [team] }',
    '4:12',
    'write ** for every image',
  ],
  [
    'a pattern with a tag',
    'images:\n  - match: a.b/c:latest\n    require: { any: [team] }',
    '4:12',
    'without tag or digest',
  ],
  [
    'an annotation JavaScript would lose',
    'images:\n  - match: a.b/c\n    require: { any: [team] }\n    annotations: { __proto__: x }',
    '6:18',
    '__proto__',
  ],
  [
    'an annotation that is not text',
    'images:\n  - match: a.b/c\n    require: { any: [team] }\n    annotations: { release: 1 }',
    '6:',
    'quote numbers',
  ],
  ['another version', 'apiVersion: pratique.dev/v9', '3:1', 'unique'],
  ['a key that is none', 'authorities:\n  team: { key: nonsense }', '4:16', 'public key'],
  [
    'an authority without a key',
    'authorities:\n  team: {}',
    '4:9',
    'key, keys, keyFile, keyFiles, identities, notation or contentTrust',
  ],
  [
    'a missing key file',
    'authorities:\n  team: { keyFile: team.pub }',
    '4:20',
    'cannot read /etc/team.pub (ENOENT)',
  ],
  ['an exemption without a reason', 'exempt:\n  - match: a.b/**', '4:5', 'reason is missing'],
  ['an unknown mode', 'mode: off', '3:7', 'enforce or warn'],
  ['broken YAML', 'images: [', '3:10', 'end with a ]'],
  ['a number JSON does not have', 'data: { a: .nan }', '1:1', 'JSON'],
])('refused with its place: %s', (_name, lines, place, message) => {
  const error = problemOf(() => trustFrom(lines));
  expect(['TRUST_INVALID', 'TRUST_UNREADABLE']).toContain(error.code);
  expect(error.message).toContain(`trust.yaml:${place}`);
  expect(error.message).toContain(message);
});

test('a quorum whose members share a key is refused: one signature would count twice', () => {
  const shared = `authorities:
  a: { keyFile: one.pub }
  b: { keyFiles: [two.pub, one.pub] }
images:
  - match: a.b/c
    require: { REQUIRE }
`;
  const files = { 'one.pub': publicPem('one'), 'two.pub': publicPem('two') };
  const withRule = (rule: string) => () => trustFrom(shared.replace('REQUIRE', rule), files);
  expect(problemOf(withRule('all: [a, b]')).message).toContain('share a key');
  expect(problemOf(withRule('atLeast: 2, of: [a, b]')).message).toContain('share a key');
  expect(withRule('any: [a, b]')().authorities.get('b')?.keys).toHaveLength(2);
});

test('the same authority twice cannot make up a quorum', () => {
  const lines = `${authorities('team')}images:\n  - match: a.b/c\n    require: { atLeast: 2, of: [team, team] }`;
  expect(problemOf(() => trustFrom(lines)).message).toContain('named twice');
});

test('a trusted root without a log would ask for no log, and is refused', () => {
  const root = JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [],
  });
  const error = problemOf(() => trustFrom('log: { trustedRoot: root.json }', { 'root.json': root }));
  expect(error.message).toContain('names no transparency log');
  expect(problemOf(() => trustFrom('log: { trustedRoot: root.json }', { 'root.json': '{' })).code).toBe(
    'TRUST_INVALID',
  );
});

test('the digest changes with anything that decides, and with nothing else', () => {
  const digest = (text: string) => trustFrom(text).digest;
  const base = digest(full);
  expect(digest(`# a comment\n${full}`)).toBe(base);
  expect(digest(full.replace('[team, release]', '[team,    release]'))).toBe(base);
  for (const [from, to] of [
    ['any: [team, release]', 'any: [team]'],
    ['ghcr.io/acme/**', 'ghcr.io/acme/*'],
    ['sandbox/**', 'sandbox/*'],
    ['mode: warn', 'mode: enforce'],
    ['env: prod', 'env: dev'],
    ['atLeast: 2', 'atLeast: 3'],
    ['registry.k8s.io/**', 'registry.k8s.io/*'],
    ['environment: dev', 'environment: prod'],
  ] as const) {
    expect(full).toContain(from);
    expect(digest(full.replace(from, to))).not.toBe(base);
  }
  const other = formatPublicKey(generateSigningKey().publicKey);
  const withKey = (pem: string) => trustFrom('authorities: { team: { keyFile: k } }', { k: pem }).digest;
  expect(withKey(publicPem('team'))).not.toBe(withKey(other));
});

test('a small file of aliases cannot become a huge one', () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `  l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  );
  const error = problemOf(() => trustFrom(`data:\n  l0: &l0 [x]\n${levels.join('\n')}\n`));
  expect(error.code).toBe('TRUST_INVALID');
});

test('whatever a file holds, it is either trust or an error that says where', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(...'{}[]:-&*!|>\'"#, \nab') })),
      (text) => {
        try {
          trustFrom(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'PratiqueError' });
          expect((error as PratiqueError).message).toMatch(/trust\.yaml/);
        }
      },
    ),
  );
});

test.each([
  [
    'keys',
    'authorities:\n  team: { keyfile: a.pub }',
    'key, keys, keyFile, keyFiles, identities, notation, contentTrust, attestations',
  ],
  ['keys of a list', 'images:\n  - macht: a.b/c', 'match: …'],
  ['keys of one of several forms', 'engine: { kind: opa, ulr: x }', 'url'],
])('a misspelt key is answered with the %s there are', (_, yaml, expected) => {
  expect(() => trustFrom(yaml)).toThrow(
    expect.objectContaining({ code: 'TRUST_INVALID', expected: expect.stringContaining(expected) }),
  );
});

import {
  createSelfSigned,
  encodeBase64,
  formatVerifierKey,
  generateSigningKey,
  parsePem,
} from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { parseTrust } from './parse.ts';
import type { Trust } from './types.ts';

const { publicKey } = generateSigningKey();
const validFor = { start: '2026-01-01T00:00:00Z' };
const rootWith = (authority: string) =>
  JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      {
        baseUrl: 'https://log.example.test',
        publicKey: { rawBytes: encodeBase64(publicKey.spki), validFor },
        logId: { keyId: publicKey.hint },
      },
    ],
    certificateAuthorities: [
      {
        uri: 'https://fulcio.example.test',
        certChain: { certificates: [{ rawBytes: authority }] },
        validFor,
      },
    ],
  });
const makeRoot = () =>
  rootWith(encodeBase64(parsePem(createSelfSigned({ names: ['localhost'] }).caPem, 'ca')[0].bytes));
const root = makeRoot();

function trustFrom(yaml: string, file = root): Trust {
  return parseTrust(`apiVersion: pratique.dev/v1\nkind: Trust\n${yaml}`, 'trust.yaml', {
    resolve: (path) => `/${path}`,
    read: () => new TextEncoder().encode(file),
  });
}
const log = 'log: { trustedRoot: root.json }\n';
const withIdentity = (identity: string, more = log) =>
  trustFrom(`${more}authorities:\n  ci:\n    identities:\n      - ${identity}\n`);
const problemOf = (make: () => unknown): PratiqueError => {
  try {
    make();
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('accepted');
};

test('witnesses are asked for by a policy file, which is part of the digest', () => {
  const witness = (name: string) =>
    `witness w ${formatVerifierKey({ name, key: generateSigningKey('ed25519').publicKey, role: 'witness' })}\nquorum w\n`;
  const identity = '{ issuer: "https://i.test", subject: a }';
  const lines = `log: { trustedRoot: root.json, witnessPolicy: witnesses }\nauthorities:\n  ci:\n    identities:\n      - ${identity}\n`;
  const read = (policy: string) =>
    parseTrust(`apiVersion: pratique.dev/v1\nkind: Trust\n${lines}`, 'trust.yaml', {
      resolve: (path) => `/${path}`,
      read: (path) => new TextEncoder().encode(path === 'witnesses' ? policy : root),
    });
  const [one, other] = [witness('one'), witness('other')];
  expect(read(one).authorities.get('ci')!.vouching.witnesses?.description).toBe('w');
  const digests = [read(one), read(other), withIdentity(identity)].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(3);
  expect(read(`# a comment\n${one}`).digest).toBe(digests[0]);
  expect(problemOf(() => read('quorum w')).message).toMatch(
    /^trust.yaml:3:\d+: witnesses: .* line 1: w is not defined/,
  );
});

test('an authority of an identity is read, with what GitHub says of it', () => {
  const trust = withIdentity(
    '{ issuer: "https://token.actions.githubusercontent.com", subjectRegExp: "https://github.com/acme/.*", extensions: { githubWorkflowRef: refs/heads/main } }',
  );
  const [identity] = trust.authorities.get('ci')!.identities;
  expect(identity).toMatchObject({
    issuer: { kind: 'exact' },
    subject: { kind: 'pattern', value: 'https://github.com/acme/.*' },
    extensions: { githubWorkflowRef: { value: 'refs/heads/main' } },
  });
  expect(trust.log?.authorities).toHaveLength(1);
});

test.each([
  ['no issuer', '{ subject: a@b.c }', 'issuer'],
  ['no subject', '{ issuer: x }', 'subject'],
  [
    'an issuer exactly and by pattern',
    '{ issuer: x, issuerRegExp: x, subject: y }',
    'either issuer or issuerRegExp',
  ],
  ['an empty subject', '{ issuer: x, subject: "" }', 'a non-empty string'],
  [
    'an extension nobody writes',
    '{ issuer: x, subject: y, extensions: { repository: z } }',
    'a Fulcio extension',
  ],
  ['a misspelt key', '{ issuer: x, subject: y, subjectRegexp: z }', 'subjectRegexp is not a known key'],
  ['a pattern that is none', '{ issuer: x, subjectRegExp: "(" }', 'RE2'],
])('an identity with %s is refused with its place', (_name, identity, text) => {
  const problem = problemOf(() => withIdentity(identity));
  expect(problem.code).toBe('TRUST_INVALID');
  expect(`${problem.message} ${problem.expected}`).toContain(text);
  expect(problem.message).toMatch(/^trust\.yaml:\d+:\d+: /);
});

test('an identity without a trusted root is refused: nobody would vouch for it', () => {
  expect(problemOf(() => withIdentity('{ issuer: x, subject: y }', '')).message).toContain('nobody vouches');
});

const quorum = (first: string, second: string) =>
  trustFrom(
    `${log}authorities:\n  a: { identities: [${first}] }\n  b: { identities: [${second}] }\nimages:\n  - match: r.io/x\n    require: { all: [a, b] }\n`,
  );

test.each([
  ['the same', '{ issuer: x, subject: y }', '{ issuer: x, subject: y }'],
  [
    'one in the other’s pattern',
    '{ issuer: x, subject: dev@y.test }',
    '{ issuer: x, subjectRegExp: ".*@y.test" }',
  ],
  ['two patterns', '{ issuer: x, subjectRegExp: "a.*" }', '{ issuer: x, subjectRegExp: ".*b" }'],
])('two authorities of a quorum may not be one identity: %s', (_name, first, second) => {
  expect(problemOf(() => quorum(first, second)).message).toContain('may be the same identity');
});

test('two authorities of a quorum with identities that cannot be one are accepted', () => {
  expect(quorum('{ issuer: x, subject: a }', '{ issuer: x, subject: b }').images).toHaveLength(1);
  expect(quorum('{ issuer: x, subject: a }', '{ issuer: z, subjectRegExp: ".*" }').images).toHaveLength(1);
});

test('the digest of the trust changes with an identity and with the root that vouches for it', () => {
  const one = '{ issuer: x, subject: y }';
  const file = (identity: string) => `${log}authorities:\n  ci:\n    identities:\n      - ${identity}\n`;
  const digests = [
    trustFrom(file(one)).digest,
    trustFrom(file('{ issuer: x, subjectRegExp: y }')).digest,
    trustFrom(file('{ issuer: x, subject: y, extensions: { githubWorkflowRef: z } }')).digest,
    trustFrom(file(one), makeRoot()).digest,
  ];
  expect(new Set(digests).size).toBe(4);
  expect(trustFrom(file(one)).digest).toBe(digests[0]);
});

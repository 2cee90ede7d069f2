import { expect, test } from 'vitest';
import { trustFrom } from '../testing/fakes.ts';

const parameters = (yaml: string) => trustFrom(`parameters:\n  ${yaml}`).parameters;

test('all are off by default', () => {
  expect(trustFrom('default: allow').parameters).toMatchObject({
    require: [],
    vulnerabilities: null,
    packages: { deny: [], allow: [], unknown: 'deny' },
    exceptions: [],
  });
});

test('what was not said is filled in', () => {
  expect(parameters('vulnerabilities: { fixOlderThanDays: { critical: 0 } }').vulnerabilities).toEqual({
    fixOlderThanDays: { critical: 0 },
    refuseExploited: false,
    scanOlderThanDays: null,
    databaseOlderThanDays: null,
    unknown: 'deny',
  });
  expect(parameters('packages: { deny: [{ name: a, version: ">=1.0 , <2-1" }] }').packages.deny).toEqual([
    {
      type: null,
      name: 'a',
      version: [
        { operator: '>=', version: '1.0' },
        { operator: '<', version: '2-1' },
      ],
      purl: null,
      license: null,
      supplier: null,
      reason: null,
    },
  ]);
  const exception = '{ vulnerability: CVE-1, reason: r, owner: o, expires: "2026-12-31" }';
  expect(parameters(`exceptions: [${exception}]`).exceptions).toMatchObject([
    { entry: 'exceptions[0]', match: ['**'], package: null },
  ]);
});

test.each([
  ['evidence of no known sort', 'require: [sboms]', 'one of sbom, provenance, scan, checks'],
  ['a severity that is none', 'vulnerabilities: { fixOlderThanDays: { severe: 1 } }', 'severe'],
  ['something else than to deny or to warn', 'vulnerabilities: { unknown: allow }', 'one of deny, warn'],
  ['the same of packages', 'packages: { unknown: allow }', 'one of deny, warn'],
  ['days that are none', 'vulnerabilities: { fixOlderThanDays: { high: -1 } }', '>=0'],
  ['a rule that selects everything', 'packages: { deny: [{ reason: because }] }', 'one of type, name'],
  ['a misspelt criterion', 'packages: { deny: [{ name: a, licence: MIT }] }', 'licence is not a known key'],
  ['a range that is none', 'packages: { deny: [{ name: a, version: ">= 1 2" }] }', 'a range such as'],
  ['an empty range', 'packages: { deny: [{ name: a, version: "" }] }', 'a range such as'],
  ['a version that YAML takes for a number', 'packages: { deny: [{ name: a, version: 1.10 }] }', 'string'],
  [
    'an exception without an owner',
    'exceptions: [{ vulnerability: C, reason: r, expires: "2026-12-31" }]',
    'owner',
  ],
  [
    'an exception without a reason',
    'exceptions: [{ vulnerability: C, owner: o, expires: "2026-12-31" }]',
    'reason',
  ],
  ['an exception for ever', 'exceptions: [{ vulnerability: C, owner: o, reason: r }]', 'expires'],
  [
    'a date that is none',
    'exceptions: [{ package: p, owner: o, reason: r, expires: "2026-02-31x" }]',
    'a date',
  ],
  [
    'an exception from everything',
    'exceptions: [{ owner: o, reason: r, expires: "2026-12-31" }]',
    'vulnerability, package',
  ],
])('%s is refused', (_, yaml, says) => {
  expect(() => parameters(yaml)).toThrow(expect.objectContaining({ code: 'TRUST_INVALID' }));
  try {
    parameters(yaml);
  } catch (error) {
    const { message, expected } = error as { message: string; expected?: string };
    expect(`${message} ${expected}`).toContain(says);
  }
});

test('what an exception or a rule says is part of the trust digest', () => {
  const digest = (expires: string) =>
    trustFrom(
      `parameters: { exceptions: [{ vulnerability: C, owner: o, reason: r, expires: "${expires}" }] }`,
    ).digest;
  expect(digest('2026-12-31')).not.toBe(digest('2027-12-31'));
});

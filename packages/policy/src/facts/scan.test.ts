import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readScan } from './scan.ts';

const now = new Date('2026-06-01T12:00:00Z');

const around = (result: unknown) => ({
  scanner: { uri: 'pkg:x', db: { lastUpdate: '2026-05-30T12:00:00Z' }, result },
  metadata: { scanFinishedOn: '2026-05-31T11:00:00Z' },
});

const reports = {
  pratique: {
    schemaVersion: 1,
    tool: { name: 'pratique', version: '1' },
    findings: [
      {
        vulnerability: 'CVE-2026-1',
        aliases: ['GHSA-1'],
        published: '2026-05-01T00:00:00Z',
        package: { name: 'openssl', version: '1', purl: 'pkg:deb/debian/openssl@1', type: 'deb' },
        fixedVersion: '2',
        severity: { severity: 'critical', rule: 'vendor' },
        exploited: { added: '2026-05-02', ransomware: false },
      },
    ],
    database: { sources: ['osv:npm/GHSA'] },
    uncovered: [{ type: 'rpm', packages: 2 }],
    withoutFix: 0,
  },
  trivy: {
    SchemaVersion: 2,
    Results: [
      { Target: 'no vulnerabilities here' },
      {
        Vulnerabilities: [
          {
            VulnerabilityID: 'CVE-2026-1',
            PkgName: 'openssl',
            InstalledVersion: '1',
            PkgIdentifier: { PURL: 'pkg:deb/debian/openssl@1' },
            FixedVersion: '2',
            Severity: 'CRITICAL',
            PublishedDate: '2026-05-01T00:00:00Z',
          },
        ],
      },
    ],
  },
  grype: {
    matches: [
      {
        vulnerability: { id: 'CVE-2026-1', severity: 'Critical', fix: { versions: ['2'], state: 'fixed' } },
        relatedVulnerabilities: [{ id: 'GHSA-1' }],
        artifact: { name: 'openssl', version: '1', purl: 'pkg:deb/debian/openssl@1' },
      },
    ],
  },
  inToto: [
    {
      id: 'CVE-2026-1',
      severity: [
        { method: 'nvd', score: '5.0' },
        { method: 'ghsa', score: 9.8 },
      ],
    },
  ],
};

const finding = {
  vulnerability: 'CVE-2026-1',
  aliases: [],
  severity: 'critical',
  package: { name: 'openssl', version: '1', purl: 'pkg:deb/debian/openssl@1' },
  fix: 'available',
  fixedVersion: '2',
  published: '2026-05-01T00:00:00Z',
  ageDays: 31,
  exploited: null,
  exceptions: [],
};

test.each<[keyof typeof reports, object]>([
  ['pratique', { ...finding, aliases: ['GHSA-1'], exploited: true }],
  ['trivy', finding],
  ['grype', { ...finding, aliases: ['GHSA-1'], published: null, ageDays: null }],
  [
    'inToto',
    { ...finding, package: null, fix: 'unknown', fixedVersion: null, published: null, ageDays: null },
  ],
])('the report of %s', (name, expected) => {
  expect(readScan(around(reports[name]), [], now)).toEqual({
    scan: {
      scanner: 'pkg:x',
      finishedAt: '2026-05-31T11:00:00Z',
      ageDays: 1,
      databaseAgeDays: 2,
      uncovered: name === 'pratique' ? 2 : null,
      leftOut: name === 'pratique' ? 0 : null,
      problem: null,
    },
    findings: [expected],
  });
});

const grypeMatch = (vulnerability: object, related: object = {}) => ({
  matches: [
    {
      vulnerability: { id: 'CVE-2026-1', ...vulnerability },
      relatedVulnerabilities: [{ id: 'GHSA-1', ...related }],
      artifact: { name: 'a', version: '1' },
    },
  ],
});
const { exploited: _, ...quiet } = reports.pratique.findings[0]!;
const knowing = (sources: string[]) => ({ ...reports.pratique, findings: [quiet], database: { sources } });
const from = (...providers: string[]) => ({
  descriptor: { db: { providers: Object.fromEntries(providers.map((name) => [name, {}])) } },
});

test.each<[string, unknown, boolean | null]>([
  ['Trivy’s', reports.trivy, null],
  ['in-toto’s', reports.inToto, null],
  ['ours, of a database without KEV', knowing(['osv:npm/GHSA']), null],
  ['ours, of one with KEV', knowing(['kev', 'osv:npm/GHSA']), false],
  ['Grype’s that does not say what its database is of', grypeMatch({}), null],
  ['Grype’s, of a database without KEV', { ...grypeMatch({}), ...from('nvd') }, null],
  ['Grype’s, of one with KEV', { ...grypeMatch({}), ...from('nvd', 'kev') }, false],
  ['Grype’s that names it', grypeMatch({ knownExploited: [{}] }), true],
  ['Grype’s that names it for the CVE of a GHSA', grypeMatch({}, { knownExploited: [{}] }), true],
])('whether a finding is exploited, in a report of %s', (_, result, expected) => {
  expect(readScan(around(result), [], now).findings![0]!.exploited).toBe(expected);
});

test.each<[string, object, string, string | null]>([
  ['a version', { versions: ['2'], state: 'fixed' }, 'available', '2'],
  ['not yet', { versions: [], state: 'not-fixed' }, 'none', null],
  ['never', { versions: [], state: 'wont-fix' }, 'none', null],
  ['it does not know', { versions: [], state: 'unknown' }, 'unknown', null],
  ['fixed, without a version', { versions: [], state: 'fixed' }, 'unknown', null],
  ['nothing', {}, 'unknown', null],
])('where Grype says of a fix: %s', (_, fix, expected, fixedVersion) => {
  const { findings } = readScan(around(grypeMatch({ fix })), [], now);
  expect(findings![0]).toMatchObject({ fix: expected, fixedVersion });
});

test('where our report does not know whether there is a fix', () => {
  const { fixedVersion: _, ...open } = reports.pratique.findings[0]!;
  const fixOf = (finding: object) =>
    readScan(around({ ...reports.pratique, findings: [finding] }), [], now).findings![0]!.fix;
  expect([fixOf(open), fixOf({ ...open, fixUnknown: true })]).toEqual(['none', 'unknown']);
});

test('what our report leaves out without a fix', () => {
  const { scan } = readScan(around({ ...reports.pratique, withoutFix: 3 }), [], now);
  expect(scan.leftOut).toBe(3);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['an object of no known sort', { vulnerabilities: [] }],
  ['Trivy’s of another version', { ...reports.trivy, SchemaVersion: 3 }],
  ['ours with a finding that is none', { ...reports.pratique, findings: [{}] }],
  ['Grype’s with a match that is none', { matches: [{}] }],
])('%s is no report: its findings are unknown, and not none', (_, result) => {
  const { scan, findings } = readScan(around(result), [], now);
  expect(findings).toBeNull();
  expect(scan.problem).toMatch(/./);
});

test('a predicate of another shape has neither findings nor dates', () => {
  expect(readScan('text', [], now)).toMatchObject({
    scan: { scanner: '', finishedAt: null, ageDays: null, databaseAgeDays: null },
    findings: null,
  });
  expect(readScan({ metadata: { scanFinishedOn: 'yesterday' } }, [], now).scan.ageDays).toBeNull();
});

test('which exceptions are about a finding', () => {
  const exception = (entry: string, vulnerability: string | null, name: string | null) => ({
    entry,
    match: ['**'],
    vulnerability,
    package: name,
    reason: 'r',
    owner: 'o',
    expires: '2026-01-01',
  });
  const { findings } = readScan(
    around(reports.pratique),
    [
      exception('by-id', 'CVE-2026-1', null),
      exception('by-alias', 'GHSA-1', 'open*'),
      exception('other-package', 'CVE-2026-1', 'zlib'),
      exception('other-id', 'CVE-2026-2', null),
      exception('package-alone', null, 'openssl'),
    ],
    now,
  );
  expect(findings![0]!.exceptions).toEqual(['by-id', 'by-alias']);
});

test('whatever the predicate is, there is an answer', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const given of [value, around(value)]) {
        const { scan, findings } = readScan(given, [], now);
        expect((findings === null) !== (scan.problem === null)).toBe(true);
      }
    }),
  );
});

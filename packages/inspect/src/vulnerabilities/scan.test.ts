import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import type { SecretFinding } from '../secrets/find-secrets.ts';
import { databaseOf, installed, osv } from '../testing/database.ts';
import { parseVex } from '../vex/parse-vex.ts';
import { parseIgnoreFile } from './ignore.ts';
import { toCosignVuln } from './outputs/cosign-vuln.ts';
import { toCyclonedx } from './outputs/cyclonedx.ts';
import { toMarkdown } from './outputs/markdown.ts';
import { toSarif } from './outputs/sarif.ts';
import { reaches, type ScanOptions, type ScanReport, scan } from './scan.ts';

const built = new Date('2026-01-01T00:00:00Z');
const now = new Date('2026-01-02T00:00:00Z');
const events = [{ introduced: '0' }, { fixed: '2.0' }];
const records = [
  osv('GHSA-a', 'npm', 'one', events, {
    aliases: ['CVE-2024-1000'],
    database_specific: { severity: 'HIGH' },
  }),
  osv('GHSA-b', 'npm', 'two', [{ introduced: '0' }], { database_specific: { severity: 'LOW' } }),
];
const packages = [
  installed('npm', 'one', '1.0'),
  installed('npm', 'two', '1.0'),
  installed('npm', 'three', '1.0'),
];

async function report(
  options: Partial<ScanOptions> = {},
  secrets?: readonly SecretFinding[],
): Promise<ScanReport> {
  using db = await databaseOf(records, built);
  const digest = `sha256:${'0'.repeat(64)}`;
  const subject = { kind: 'image' as const, name: 'app:1', digest, packages, secrets };
  return scan(subject, db.database, {
    ignore: [],
    vex: [],
    onlyFixed: false,
    now,
    version: '0.0.0',
    ...options,
  });
}

const names = (one: ScanReport): string[] => one.findings.map(({ vulnerability }) => vulnerability);
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('a report says what was found, with which database, of what age', async () => {
  expect(await report()).toMatchObject({
    counts: { high: 1, low: 1, critical: 0 },
    packages: 3,
    database: {
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      ageSeconds: 86_400,
      sources: ['osv:npm/GHSA'],
    },
    findings: [{ vulnerability: 'CVE-2024-1000' }, { vulnerability: 'GHSA-b' }],
  });
});

test('a release that is not supported any more is told, with the day', async () => {
  using db = await databaseOf(records, built);
  const subject = { kind: 'rootfs' as const, name: 'r', digest: null, packages };
  const options = { ignore: [], vex: [], onlyFixed: false, now, version: '0.0.0' };
  const distro = { id: 'debian', versionId: '10' };
  expect(scan({ ...subject, distro }, db.database, options).endOfLife).toBe('2022-09-10');
  expect(scan(subject, db.database, options).endOfLife).toBeNull();
});

test('only what an upgrade removes: the rest is counted, not forgotten', async () => {
  const fixed = await report({ onlyFixed: true });
  expect(names(fixed)).toEqual(['CVE-2024-1000']);
  expect(fixed.withoutFix).toBe(1);
});

test('the threshold counts what is as bad or worse, and not what is suppressed', async () => {
  const all = await report();
  expect(reaches(all, 'critical')).toBe(false);
  expect(reaches(all, 'high')).toBe(true);
  expect(reaches(all, 'unknown')).toBe(true);
  const ignore = parseIgnoreFile('ignore: [{id: CVE-2024-1000, reason: r, expires: 2026-01-02}]');
  expect(reaches(await report({ ignore }), 'high')).toBe(false);
});

describe('ignore file', () => {
  test('an alias names the finding too; the reason and the day stay with it', async () => {
    const ignore = parseIgnoreFile(
      'ignore: [{id: GHSA-a, package: one, reason: not reachable, expires: 2026-01-02}]',
    );
    const one = await report({ ignore });
    expect(names(one)).toEqual(['GHSA-b']);
    expect(one.suppressed).toMatchObject([
      {
        vulnerability: 'CVE-2024-1000',
        suppressed: { by: 'ignore', reason: 'not reachable', expires: '2026-01-02' },
      },
    ]);
  });

  test.each([
    ['that expired yesterday', '{id: GHSA-a, reason: r, expires: 2026-01-01}', 'expired'],
    ['for another package', '{id: GHSA-a, package: two, reason: r, expires: 2026-01-02}', 'unused'],
  ])('a rule %s hides nothing, and is told', async (_, rule, why) => {
    const one = await report({ ignore: parseIgnoreFile(`ignore: [${rule}]`) });
    expect(names(one)).toHaveLength(2);
    expect(one.staleRules).toMatchObject([{ id: 'GHSA-a', why }]);
  });

  test.each([
    'ignore: [{id: GHSA-a, reason: r}]',
    'ignore: [{id: GHSA-a, expires: 2026-01-02}]',
    'ignore: [{id: GHSA-a, reason: " ", expires: 2026-01-02}]',
    'ignore: [{id: GHSA-a, reason: r, expires: soon}]',
    'ignore: [{id: GHSA-a, reason: r, expires: 2026-01-02, pkg: one}]',
    'ignores: []',
    'ignore: [',
    '- CVE-2024-1000',
  ])('%s is refused: no reason, no day, a misspelt key', (text) => {
    expect(() => parseIgnoreFile(text)).toThrow(/ignore file is not valid/);
  });
});

describe('VEX', () => {
  const openVex = (statement: object) =>
    parseVex(json({ '@context': 'https://openvex.dev/ns/v0.2.0', statements: [statement] }));
  const about = {
    vulnerability: { name: 'CVE-2024-1000' },
    products: [{ '@id': 'pkg:npm/one@1.0' }],
    status: 'not_affected',
    justification: 'vulnerable_code_not_in_execute_path',
  };

  test('OpenVEX: what is not affected is suppressed, with the justification', async () => {
    const one = await report({ vex: openVex(about) });
    expect(names(one)).toEqual(['GHSA-b']);
    expect(one.suppressed[0]!.suppressed).toEqual({
      by: 'vex',
      status: 'not_affected',
      reason: 'vulnerable_code_not_in_execute_path',
    });
  });

  test('a package inside a product, and any version of it', async () => {
    const products = [{ '@id': 'pkg:oci/app', subcomponents: [{ '@id': 'pkg:npm/one' }] }];
    expect(names(await report({ vex: openVex({ ...about, products }) }))).toEqual(['GHSA-b']);
  });

  test.each([
    ['another version', { products: [{ '@id': 'pkg:npm/one@1.1' }] }],
    ['another package', { products: [{ '@id': 'pkg:npm/two@1.0' }] }],
    ['another namespace', { products: [{ '@id': 'pkg:npm/%40scope/one@1.0' }] }],
    ['a qualifier the package does not have', { products: [{ '@id': 'pkg:npm/one@1.0?arch=arm64' }] }],
    ['only the product that contains it', { products: [{ '@id': 'pkg:oci/app' }] }],
    ['no product', { products: [] }],
    ['another vulnerability', { vulnerability: 'CVE-2024-1001' }],
    ['that it is affected', { status: 'affected' }],
    ['that it is being looked into', { status: 'under_investigation' }],
  ])('a statement about %s hides nothing', async (_, change) => {
    expect(names(await report({ vex: openVex({ ...about, ...change }) }))).toHaveLength(2);
  });

  test('the last statement counts', async () => {
    const vex = [...openVex(about), ...openVex({ ...about, status: 'affected' })];
    expect(names(await report({ vex }))).toHaveLength(2);
  });

  test('CSAF: a component of a product, by the flag of that product', async () => {
    const product = { product_id: 'one', product_identification_helper: { purl: 'pkg:npm/one@1.0' } };
    const document = {
      document: { csaf_version: '2.0', category: 'csaf_vex' },
      product_tree: {
        branches: [{ branches: [{ product }] }],
        relationships: [{ product_reference: 'one', full_product_name: { product_id: 'app:one' } }],
      },
      vulnerabilities: [
        {
          cve: 'CVE-2024-1000',
          product_status: { known_not_affected: ['app:one'] },
          flags: [{ label: 'component_not_present', product_ids: ['app:one'] }],
        },
      ],
    };
    const one = await report({ vex: parseVex(json(document)) });
    expect(one.suppressed[0]!.suppressed.reason).toBe('component_not_present');
    const affected = structuredClone(document) as { vulnerabilities: { product_status: object }[] };
    affected.vulnerabilities[0]!.product_status = { known_affected: ['app:one'] };
    expect(names(await report({ vex: parseVex(json(affected)) }))).toHaveLength(2);
  });

  test.each([{}, [], { '@context': 'https://example.com', statements: [] }, 'x'])('%j is no VEX', (value) => {
    expect(() => parseVex(json(value))).toThrow(/VEX document cannot be read/);
  });
});

function reportSchema() {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  formats.default(ajv);
  return ajv.compile(
    JSON.parse(
      readFileSync(new URL('../../../../docs/reference/scan-report.schema.json', import.meta.url), 'utf8'),
    ),
  );
}

describe('outputs', () => {
  const ignore = parseIgnoreFile('ignore: [{id: GHSA-b, reason: "a | b <script>", expires: 2026-01-02}]');

  test('the report follows its JSON Schema', async () => {
    const validate = reportSchema();
    for (const one of [await report(), await report({ ignore, onlyFixed: true })]) {
      validate(JSON.parse(JSON.stringify(one)));
      expect(validate.errors).toBeNull();
    }
    expect(validate({ ...JSON.parse(JSON.stringify(await report())), findings: [{}] })).toBe(false);
  });

  test('SARIF: suppressed results carry their justification, rules a score to sort by', async () => {
    expect(toSarif(await report({ ignore }))).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              rules: [{ id: 'CVE-2024-1000', properties: { 'security-severity': '8.0' } }, { id: 'GHSA-b' }],
            },
          },
          results: [
            { ruleId: 'CVE-2024-1000', ruleIndex: 0, level: 'error' },
            { ruleId: 'GHSA-b', ruleIndex: 1, suppressions: [{ justification: 'a | b <script>' }] },
          ],
        },
      ],
    });
  });

  test('CycloneDX: every vulnerability refers to a component of the document', async () => {
    const bom = toCyclonedx(await report({ ignore })) as {
      components: { 'bom-ref': string }[];
      vulnerabilities: { id: string; affects: { ref: string }[]; analysis?: object }[];
    };
    const refs = bom.components.map((one) => one['bom-ref']);
    for (const { affects } of bom.vulnerabilities) for (const { ref } of affects) expect(refs).toContain(ref);
    expect(bom.vulnerabilities).toMatchObject([
      { id: 'CVE-2024-1000' },
      { id: 'GHSA-b', analysis: { detail: 'a | b <script>', response: ['will_not_fix'] } },
    ]);
  });

  test('the cosign predicate names the database, and holds the report', async () => {
    const one = await report();
    expect(toCosignVuln(one)).toMatchObject({
      scanner: { db: { version: one.database.digest, lastUpdate: built.toISOString() }, result: one },
      metadata: { scanStartedOn: now.toISOString() },
    });
  });

  test('markdown: text from outside cannot break out of its cell', async () => {
    const text = toMarkdown(await report({ ignore }));
    expect(text).toContain(
      '| [CVE-2024-1000](https://osv.dev/vulnerability/GHSA-a) | high (ghsa) | one | 1.0 | 2.0 |  |',
    );
    expect(text).toContain('| GHSA-b | two | ignore until 2026-01-02 | a &#124; b &#60;script&#62; |');
  });
});

describe('secrets', () => {
  const secret: SecretFinding = {
    rule: 'private-key',
    title: 'private key',
    severity: 'critical',
    path: 'root/.ssh/a|b key',
    line: 3,
    layer: `sha256:${'1'.repeat(64)}`,
    removed: true,
  };
  const ignoring = (rest: string) =>
    parseIgnoreFile(`ignore: [{id: private-key, ${rest} reason: of a test, expires: 2026-12-31}]`);

  test('count for the threshold, and are null where nothing was searched', async () => {
    const without = await report();
    expect([without.secrets, reaches(without, 'critical')]).toEqual([null, false]);
    const none = await report({}, []);
    expect([none.secrets, reaches(none, 'critical')]).toEqual([[], false]);
    const found = await report({}, [secret]);
    expect([found.secrets, found.counts.critical, reaches(found, 'critical')]).toEqual([[secret], 0, true]);
  });

  test.each([
    ['their kind', '', true],
    ['their kind and file', "path: '/root/.ssh/a|b key',", true],
    ['another file', 'path: root/other,', false],
    ['a package of some name', 'package: one,', false],
  ])('are lived with by %s', async (_, rest, ignored) => {
    const { secrets, suppressedSecrets, staleRules } = await report({ ignore: ignoring(rest) }, [secret]);
    expect(secrets).toEqual(ignored ? [] : [secret]);
    expect(suppressedSecrets.map(({ path, suppressed }) => [path, suppressed.reason])).toEqual(
      ignored ? [[secret.path, 'of a test']] : [],
    );
    expect(staleRules).toHaveLength(ignored ? 0 : 1);
  });

  test('a rule for a file is none for a vulnerability', async () => {
    const rule = parseIgnoreFile('ignore: [{id: GHSA-b, path: x, reason: y, expires: 2026-12-31}]');
    expect(names(await report({ ignore: rule }))).toContain('GHSA-b');
  });

  test('stand in every form of the report, as they are known', async () => {
    const suppressed = { ...secret, path: 'app/x', removed: false, line: null };
    const all = await report({ ignore: ignoring('path: app/x,') }, [secret, suppressed]);
    const validate = reportSchema();
    validate(JSON.parse(JSON.stringify(all)));
    expect(validate.errors).toBeNull();
    const markdown = toMarkdown(all);
    expect(markdown).toContain(
      '| private key | critical | root/.ssh/a&#124;b key (removed by a later layer) | 3 |',
    );
    expect(markdown).toContain('| private key | app/x | ignore until 2026-12-31 | of a test |');
    const [run] = (
      toSarif(all) as {
        runs: readonly {
          results: readonly { ruleId: string; ruleIndex: number }[];
          tool: { driver: { rules: readonly { id: string }[] } };
        }[];
      }
    ).runs;
    const results = run!.results.filter(({ ruleId }) => ruleId === 'private-key');
    expect(results).toMatchObject([
      {
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'root/.ssh/a%7Cb%20key' },
              region: { startLine: 3 },
            },
          },
        ],
      },
      { suppressions: [{ kind: 'external', justification: 'of a test' }] },
    ]);
    for (const { ruleId, ruleIndex } of run!.results)
      expect(run!.tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
  });
});

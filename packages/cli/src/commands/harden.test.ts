import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, machinePlatform, openLayout, pushImage } from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-harden-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A base image with one program, and things nobody needs. */
beforeAll(async () => {
  const layer = await buildLayer([
    { type: 'file', path: 'usr/bin/app', mode: 0o755, content: elfBytes({ needed: [] }) },
    { type: 'file', path: 'usr/share/man/man1/x.1', content: Buffer.from('manual') },
    { type: 'file', path: 'var/cache/x', content: Buffer.from('<script>') },
  ]);
  const image = buildImage({
    layers: [layer],
    platform: machinePlatform(),
    run: { entrypoint: ['/usr/bin/app'] },
  });
  await pushImage(image, await openLayout(join(folder, 'base'), { create: true }), { tag: '1' });
});

async function pratique(...args: readonly string[]) {
  const terminal = testTerminal({
    cwd: folder,
    env: { COSIGN_PASSWORD: '', XDG_CACHE_HOME: join(folder, 'cache') },
  });
  const code = await run(args, terminal, new AbortController().signal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

/** Settings, and the files they name. */
function settings(text: string, files: Readonly<Record<string, string>> = {}): string {
  writeFileSync(join(folder, 'harden.yaml'), text);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return 'harden.yaml';
}

const structure = (more: string) => `schemaVersion: 2.0.0\n${more}`;
const advisory = JSON.stringify({
  id: 'GHSA-x',
  affected: [{ package: { ecosystem: 'npm', name: 'x' }, versions: ['1.0.0'] }],
});
const into = (target: string) => ['-t', `oci:${target}:1`, '--scan=false', '--sign=false'];

test('a base goes in, a signed image comes out, with everything attested; twice the same is the same', async () => {
  await pratique('generate-key-pair');
  const args = ['harden', 'oci:base:1', '--scan=false', '--key', 'cosign.key', '--report', 'report.json'];
  const first = await pratique(...args, '-t', 'oci:secure:1');
  expect(first).toMatchObject({ code: 0 });
  const second = await pratique(...args, '-t', 'oci:secure:2');
  const digest = (text: string) => /sha256:[0-9a-f]{64}\n$/.exec(text)?.[0];
  expect(digest(second.out)).toBe(digest(first.out));
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  expect(report.removals.map(({ path }: { path: string }) => path)).toEqual(
    expect.arrayContaining(['usr/share/man/man1/x.1', 'var/cache/x']),
  );
  const verified = await pratique('verify', '--key', 'cosign.pub', '--local-image', 'secure');
  expect(verified.err + verified.out).toContain('sha256:');
  const layout = await openLayout(join(folder, 'secure'));
  const subject = await layout.resolve('1');
  const referrers = await layout.referrers(subject.digest);
  const types = referrers.map(({ annotations }) => annotations?.['dev.sigstore.bundle.predicateType']);
  expect([...new Set(types)].sort()).toEqual([
    'https://cyclonedx.org/bom',
    'https://in-toto.io/attestation/test-result/v0.1',
    'https://pratique.dev/attestations/harden/v1',
    'https://pratique.dev/attestations/removals/v1',
    'https://sigstore.dev/cosign/sign/v1',
    'https://slsa.dev/provenance/v1',
    'https://spdx.dev/Document',
  ]);
}, 120_000);

test('the report is what its schema says, with everything in it that can be', async () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../../../docs/reference/harden-report.schema.json', import.meta.url), 'utf8'),
  );
  const isReport = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);
  const file = settings('tests: { files: [a.yaml] }\npolicy: { files: [a.rego] }', {
    'a.yaml': structure('fileExistenceTests: [{ name: the program, path: /usr/bin/app }]'),
    'a.rego': 'package pratique.image.told\nwarn contains "told" if true',
  });
  const { out } = await pratique('harden', 'oci:base:1', '-f', file, ...into('reported'), '-o', 'json');
  const report = JSON.parse(out);
  isReport(report);
  expect(isReport.errors ?? []).toEqual([]);
  expect(report.policy.warnings).toMatchObject([{ policy: 'pratique.image.told', message: 'told' }]);
  expect(report.tests.structureTests).toMatchObject([{ file: 'a.yaml', status: 'passed' }]);
  expect(isReport({ ...report, surprise: 1 })).toBe(false);
});

test('the policy in docs/harden.md refuses what passed no test, and only that', async () => {
  const page = readFileSync(new URL('../../../../docs/harden.md', import.meta.url), 'utf8');
  const [, rego] = /^```rego\n([\s\S]*?)^```/m.exec(page)!;
  const files = {
    'a.yaml': structure('fileExistenceTests: [{ name: the program, path: /usr/bin/app }]'),
    'a.rego': rego!,
  };
  const untested = settings('policy: { files: [a.rego] }', files);
  const refused = await pratique('harden', 'oci:base:1', '-f', untested, ...into('untested'));
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('NOT_TESTED') });
  const tested = settings('tests: { files: [a.yaml] }\npolicy: { files: [a.rego] }', files);
  expect(await pratique('harden', 'oci:base:1', '-f', tested, ...into('tested'))).toMatchObject({ code: 0 });
});

test('a dry run says what would go and why, and leaves nothing behind', async () => {
  const { code, out } = await pratique(
    'harden',
    'oci:base:1',
    '--dry-run',
    '--scan=false',
    '--report',
    'r.html',
  );
  expect(code).toBe(0);
  expect(out).toContain('documentation');
  expect(out).toContain('/usr/share/man/man1/x.1');
  const html = readFileSync(join(folder, 'r.html'), 'utf8');
  expect(html).not.toContain('<script>');
});

test('who misses the database, a signer or the registry learns before anything is built, and what can be left out', async () => {
  const target = ['-t', '127.0.0.1:9/x:1'];
  settings('', { 'osv.json': advisory });
  expect(await pratique('db', 'import', '--db', 'old.db', 'osv.json')).toMatchObject({ code: 0 });
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['ADVISORY_DATABASE_MISSING', [...target, '--sign=false'], '--scan=false'],
    [
      'ADVISORY_DATABASE_STALE',
      [...target, '--sign=false', '--db', 'old.db', '--max-db-age', '1ns'],
      '--scan=false',
    ],
    ['FILE_UNREADABLE', [...target, '--scan=false', '--key', 'none.key'], '--sign=false'],
    ['OCI_UNREACHABLE', [...target, '--scan=false', '--sign=false'], '127.0.0.1:9'],
  ];
  for (const [code, args, says] of cases) {
    const { err } = await pratique('harden', 'oci:base:1', ...args);
    expect(err).toContain(code);
    expect(err).toContain(says);
    expect(err).not.toContain('reading the base');
  }
});

test('nothing is left among temporary files, neither where it ends well nor where it fails', async () => {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = temporary;
  try {
    await pratique('harden', 'oci:base:1', ...into('clean'));
    const file = settings('run: { entrypoint: [/usr/bin/gone] }');
    await pratique('harden', 'oci:base:1', '-f', file, ...into('clean'));
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  expect(readdirSync(temporary)).toEqual([]);
});

test('a base that says nowhere what it runs is not stripped to nothing, and what keep names in vain is told', async () => {
  const status = 'Package: motd\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n';
  const files = {
    'etc/motd': 'x',
    'var/lib/dpkg/status': status,
    'var/lib/dpkg/info/motd.list': '/.\n/etc\n/etc/motd\n',
  };
  const entries = Object.entries(files).map(
    ([path, text]) => ({ type: 'file', path, content: Buffer.from(text) }) as const,
  );
  const image = buildImage({ layers: [await buildLayer(entries)], platform: machinePlatform() });
  await pushImage(image, await openLayout(join(folder, 'silent'), { create: true }), { tag: '1' });
  const refused = await pratique('harden', 'oci:silent:1', '--dry-run', '--scan=false');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('HARDEN_ROOT_UNRESOLVED');
  expect(refused.err).toContain('run.entrypoint');
  const file = settings('strip: { keep: [/etc/motd, /etc/gone, "/srv/**"] }');
  const { code, out } = await pratique('harden', 'oci:silent:1', '-f', file, '--dry-run', '--scan=false');
  expect(code).toBe(0);
  expect(out).toContain('strip.keep names /etc/gone, which is not in the image');
  expect(out).toContain('strip.keep names /srv/**');
  expect(out).not.toContain('/etc/motd');
});

test('what fails has pushed nothing', async () => {
  writeFileSync(join(folder, 'bad.yaml'), 'run: { entrypoint: [/usr/bin/gone] }');
  const result = await pratique(
    'harden',
    'oci:base:1',
    '-f',
    'bad.yaml',
    '-t',
    'oci:nothing:1',
    '--scan=false',
    '--sign=false',
  );
  expect(result.code).toBe(2);
  expect(result.err).toContain('HARDEN_ROOT_UNRESOLVED');
  await expect(openLayout(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'OCI_LAYOUT_INVALID' });
});

/** What stops a hardening before anything is written: settings and files, the code, and what is said. */
const refusals: readonly (readonly [
  name: string,
  yaml: string,
  files: Readonly<Record<string, string>>,
  code: string,
  says: readonly string[],
])[] = [
  [
    'a test that fails',
    'tests: { files: [a.yaml] }',
    { 'a.yaml': structure('fileExistenceTests: [{ name: a manual, path: /usr/share/man/man1/x.1 }]') },
    'HARDEN_TEST_FAILED',
    ['1 of 1', 'a.yaml: a manual', '/usr/share/man/man1/x.1 is not there', 'strip.keep'],
  ],
  [
    'a configuration that is not the expected one',
    'tests: { files: [a.yaml] }',
    { 'a.yaml': structure('metadataTest: { user: root }') },
    'HARDEN_TEST_FAILED',
    ['user: expected', '65532:65532'],
  ],
  [
    'a policy of the user about the packages',
    'policy: { files: [a.rego], data: { banned: pratique } }',
    {
      'a.rego': `package pratique.image.tooling
deny contains {"code": "BANNED", "msg": "made with what is banned", "remedy": "use another tool"} if {
\tsome tool in input.image.sbom.document.metadata.tools.components
\ttool.name == data.site.banned
}`,
    },
    'HARDEN_POLICY_DENIED',
    ['BANNED (pratique.image.tooling): made with what is banned', 'use another tool'],
  ],
  [
    'a policy of the user about provenance and checks',
    'policy: { files: [a.rego] }',
    {
      'a.rego': `package pratique.image.made
import data.pratique.lib
deny contains sprintf("%s: %s", [base, tests]) if {
\tbase := lib.attestations(input.image, "https://slsa.dev/provenance/v1")[0].predicate.buildDefinition.externalParameters.base
\ttests := lib.attestations(input.image, "https://in-toto.io/attestation/test-result/v0.1")[0].predicate.result
}`,
    },
    'HARDEN_POLICY_DENIED',
    ['POLICY_DENIED (pratique.image.made)', 'WARNED'],
  ],
  [
    'a policy that comes with Pratique',
    'policy: { parameters: { registries: ["registry.example/**"] } }',
    {},
    'HARDEN_POLICY_DENIED',
    ['REGISTRY_NOT_ALLOWED (pratique.image.registry)'],
  ],
  [
    'a policy that breaks',
    'policy: { files: [a.rego] }',
    { 'a.rego': 'package pratique.image.broken\ndeny contains "x" if to_number(input.image.digest) > 1' },
    'HARDEN_POLICY_DENIED',
    ['POLICY_EVALUATION_FAILED (pratique.image.broken)'],
  ],
  [
    'a policy that is none',
    'policy: { files: [a.rego] }',
    { 'a.rego': 'package pratique.image.none\ndeny contains if' },
    'POLICY_INVALID',
    ['a.rego:2'],
  ],
  ['a parameter no policy has', 'policy: { parameters: { bsaes: [] } }', {}, 'TRUST_INVALID', ['bsaes']],
  ['a test file that is not there', 'tests: { files: [gone.yaml] }', {}, 'FILE_UNREADABLE', ['gone.yaml']],
];

test.each(refusals)(
  '%s stops it, with the reason, before anything is written',
  async (_name, yaml, files, code, says) => {
    const result = await pratique('harden', 'oci:base:1', '-f', settings(yaml, files), ...into('refused'));
    expect(result.code).not.toBe(0);
    expect(result.err).toContain(code);
    for (const text of says) expect(result.err).toContain(text);
    expect(result.out).not.toContain('oci:refused:1@');
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  },
);

test('a command that nobody here can run is not taken for one that passed, unless that is said', async () => {
  const layer = await buildLayer([
    { type: 'file', path: 'usr/bin/app', mode: 0o755, content: elfBytes({ needed: [] }) },
  ]);
  const image = buildImage({
    layers: [layer],
    platform: { os: 'linux', architecture: 'riscv64' },
    run: { entrypoint: ['/usr/bin/app'] },
  });
  await pushImage(image, await openLayout(join(folder, 'foreign'), { create: true }), { tag: '1' });
  const file = { 'a.yaml': structure('commandTests: [{ name: it runs, command: /usr/bin/app }]') };
  const harden = async (yaml: string, ...more: readonly string[]) =>
    await pratique(
      'harden',
      'oci:foreign:1',
      '-f',
      settings(yaml, file),
      '--platform',
      'linux/riscv64',
      ...more,
    );
  const refused = await harden('tests: { files: [a.yaml] }', ...into('never'));
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('HARDEN_TEST_NOT_RUN');
  expect(refused.err).toContain('a.yaml: it runs');
  expect(existsSync(join(folder, 'never'))).toBe(false);
  const allowed = await harden(
    'tests: { files: [a.yaml], allowNotRun: true }',
    ...into('allowed'),
    '-o',
    'json',
  );
  expect(allowed.code).toBe(0);
  const { structureTests } = JSON.parse(allowed.out).tests;
  expect(structureTests.map(({ status }: { status: string }) => status)).toEqual(['not-run']);
});

test('whoever cannot sign has pushed nothing', async () => {
  const result = await pratique(
    'harden',
    'oci:base:1',
    '--scan=false',
    '-t',
    'oci:unsigned:1',
    '--key',
    'gone.key',
  );
  expect(result.code).not.toBe(0);
  expect(existsSync(join(folder, 'unsigned'))).toBe(false);
});

test.each([
  ['no target', ['harden', 'oci:base:1', '--scan=false'], 3, 'nothing says where the image goes'],
  ['no database', ['harden', 'oci:base:1', '--dry-run'], 1, 'ADVISORY_DATABASE'],
  [
    'an archive to write to',
    ['harden', 'oci:base:1', '-t', 'oci-archive:x.tar', '--scan=false', '--sign=false'],
    3,
    'in steps',
  ],
  [
    'settings that are none',
    ['harden', 'oci:base:1', '-f', 'cosign.pub', '--dry-run', '--scan=false'],
    3,
    'HARDEN_SETTINGS_INVALID',
  ],
])('%s is said clearly', async (_name, args, code, text) => {
  const result = await pratique(...args);
  expect(result.err).toContain(text);
  expect(result.code).toBe(code);
});

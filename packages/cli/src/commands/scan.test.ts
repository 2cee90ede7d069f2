import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, createRegistryClient, machinePlatform, pushImage } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let cwd: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const sbom = (...purls: string[]) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  components: purls.map((purl) => ({ type: 'library', name: 'x', purl })),
});
const advisory = (id: string, severity: string, fixed?: string) => ({
  id,
  modified: '2024-01-01T00:00:00Z',
  database_specific: { severity },
  affected: [
    {
      package: { ecosystem: 'npm', name: 'lodash' },
      ranges: [
        { type: 'SEMVER', events: [{ introduced: '0' }, ...(fixed === undefined ? [] : [{ fixed }])] },
      ],
    },
  ],
});

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-scan-'));
  const files: Record<string, unknown> = {
    'GHSA-1.json': advisory('GHSA-1', 'HIGH', '4.17.21'),
    'GHSA-2.json': advisory('GHSA-2', 'LOW'),
    'sbom.json': sbom('pkg:npm/lodash@4.17.20'),
    'clean.json': sbom('pkg:npm/left-pad@1.0.0'),
    'mixed.json': sbom('pkg:npm/left-pad@1.0.0', 'pkg:deb/debian/dash@0.5-1?distro=debian-12'),
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(cwd, name), JSON.stringify(content));
  await pratique('db', 'import', 'GHSA-1.json', 'GHSA-2.json');
});

afterAll(() => rmSync(cwd, { recursive: true }));

test('a scan prints what was found, and finds by default without failing', async () => {
  const { code, stdout } = await pratique('scan', 'sbom.json');
  expect(code).toBe(0);
  expect(stdout).toMatch(/high +GHSA-1 +lodash +4\.17\.20 +4\.17\.21/);
  expect(stdout).toContain('sbom.json: 1 high, 1 low, in 1 packages');
});

test('secrets in files are found and count for the threshold, unless they are not wanted', async () => {
  const modules = join(cwd, 'leaky/node_modules/left-pad');
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(modules, 'package.json'), '{"name": "left-pad", "version": "1.0.0"}');
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(join(cwd, 'leaky/.env'), `A=1\nKEY=${key}`);
  const found = await pratique('scan', 'rootfs:leaky', '--fail-on', 'high');
  expect(found.code).toBe(2);
  expect(found.stdout).toMatch(/high +private key +\.env:2\n/);
  expect(found.stdout).toContain('rootfs:leaky: no known vulnerabilities, 1 secret, in 1 packages');
  const without = await pratique('scan', 'rootfs:leaky', '--fail-on', 'high', '--no-secrets');
  expect([without.code, without.stdout]).toEqual([
    0,
    'rootfs:leaky: no known vulnerabilities, in 1 packages\n',
  ]);
});

test('over the threshold is exit code 2, under it 0', async () => {
  expect(await pratique('scan', 'sbom.json', '--fail-on', 'high')).toMatchObject({ code: 2 });
  expect(await pratique('scan', 'sbom.json', '--fail-on', 'critical')).toMatchObject({ code: 0 });
});

test('nothing found in packages the database covers is clean', async () => {
  const { code, stdout } = await pratique('scan', 'clean.json', '--fail-on', 'unknown');
  expect(code).toBe(0);
  expect(stdout).toContain('no known vulnerabilities, in 1 packages');
});

test('packages the database says nothing about are never clean by silence', async () => {
  const strict = await pratique('scan', 'mixed.json');
  expect(strict).toMatchObject({
    code: 1,
    stderr: 'error: 1 deb packages of debian:12 are not covered by the database\n',
  });
  expect(await pratique('scan', 'mixed.json', '--allow-uncovered')).toMatchObject({ code: 0 });
});

test('an image is scanned where it is or by its bill of materials, and one in which no package is found is not called clean', async () => {
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  try {
    const file = (path: string, content: unknown) => ({
      type: 'file' as const,
      path,
      content: new TextEncoder().encode(JSON.stringify(content)),
    });
    const client = createRegistryClient({ environment: {} });
    const push = async (name: string, path: string) => {
      const layer = await buildLayer([file(path, { name: 'lodash', version: '4.17.20' })]);
      const image = buildImage({ layers: [layer], platform: machinePlatform() });
      await pushImage(image, client.repository(`${registry.address}/${name}`), { tag: '1' });
      return { digest: image.descriptor.digest, layer: layer.diffId };
    };
    const { digest, layer } = await push('app', 'app/node_modules/lodash/package.json');
    await push('empty', 'data.json');
    client.close();
    const found = await pratique('scan', `${registry.address}/app:1`, '-o', 'json', '--fail-on', 'high');
    expect(found.code).toBe(2);
    expect(JSON.parse(found.stdout)).toMatchObject({
      subject: { kind: 'image', digest },
      findings: [{ vulnerability: 'GHSA-1', package: { location: { layer } } }, { vulnerability: 'GHSA-2' }],
    });
    for (const format of ['cyclonedx-json', 'spdx-json']) {
      const { stdout } = await pratique('sbom', `${registry.address}/app:1`, '-o', format);
      writeFileSync(join(cwd, 'own.json'), stdout);
      const again = await pratique('scan', 'own.json', '-o', 'json');
      expect(JSON.parse(again.stdout)).toMatchObject({
        subject: { kind: 'sbom' },
        findings: [{ vulnerability: 'GHSA-1', package: { name: 'lodash' } }, { vulnerability: 'GHSA-2' }],
      });
    }
    const empty = await pratique('scan', `${registry.address}/empty:1`);
    expect(empty).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: no packages were found'),
    });
    const unreachable = await pratique('scan', `${registry.address}/none:1`);
    expect(unreachable).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('OCI_NOT_FOUND'),
    });
  } finally {
    await registry.close();
  }
});

test('no database and an old one are faults, not "nothing found"', async () => {
  const missing = await pratique('scan', 'sbom.json', '--db', 'none.db');
  expect(missing).toMatchObject({ code: 1, stdout: '' });
  expect(missing.stderr).toContain('ADVISORY_DATABASE_MISSING');
  const old = await pratique('scan', 'sbom.json', '--max-db-age', '1ns');
  expect(old).toMatchObject({ code: 1, stdout: '' });
  expect(old.stderr).toContain('ADVISORY_DATABASE_STALE');
});

test('ignore rules and VEX files take findings out, with a warning where a rule does nothing', async () => {
  writeFileSync(
    join(cwd, 'ignore.yaml'),
    'ignore:\n  - {id: GHSA-2, reason: no fix, expires: 2999-01-01}\n  - {id: GHSA-9, reason: gone, expires: 2999-01-01}\n',
  );
  const statements = [
    {
      vulnerability: 'GHSA-1',
      products: ['pkg:npm/lodash'],
      status: 'not_affected',
      justification: 'component_not_present',
    },
  ];
  writeFileSync(
    join(cwd, 'vex.json'),
    JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', statements }),
  );
  const { code, stdout, stderr } = await pratique(
    ...[
      'scan',
      'sbom.json',
      '--ignore-file',
      'ignore.yaml',
      '--vex',
      'vex.json',
      '--fail-on',
      'unknown',
      '-o',
      'json',
    ],
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ findings: [], suppressed: [{ vulnerability: 'GHSA-1' }, {}] });
  expect(stderr).toBe('warning: the ignore rule for GHSA-9 matches nothing\n');
});

test.each(['sarif', 'cyclonedx', 'cosign-vuln'])('-o %s prints one JSON document', async (output) => {
  const { code, stdout } = await pratique('scan', 'sbom.json', '-o', output);
  expect(code).toBe(0);
  expect(JSON.stringify(JSON.parse(stdout))).toContain('GHSA-1');
});

test('a bill of materials that cannot be read is an error of its own', async () => {
  writeFileSync(join(cwd, 'broken.json'), '{');
  const { code, stderr } = await pratique('scan', 'broken.json');
  expect(code).toBe(3);
  expect(stderr).toContain('SBOM_INVALID');
});

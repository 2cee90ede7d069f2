import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  buildImage,
  buildLayer,
  createRegistryClient,
  openLayout,
  pushImage,
  saveArchive,
} from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let cwd: string;
let places: string[];
let digest: string;
let close: () => Promise<void>;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, SOURCE_DATE_EPOCH: '0' } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-sbom-'));
  const file = (path: string, text: string) =>
    ({ type: 'file', path, content: new TextEncoder().encode(text) }) as const;
  const layer = await buildLayer([
    file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
    file('var/lib/dpkg/status', 'Package: bash\nVersion: 5.2\nStatus: install ok installed\n'),
    file('app/node_modules/a/package.json', '{"name":"a","version":"1.0.0","license":"MIT"}'),
    file('app/node_modules/b/package.json', '{broken'),
  ]);
  const image = buildImage({ layers: [layer], platform: { os: 'linux', architecture: 'amd64' } });
  digest = image.descriptor.digest;
  const layout = await openLayout(join(cwd, 'layout'), { create: true });
  await pushImage(image, layout, { tag: 'v1' });
  await saveArchive(layout, 'v1', join(cwd, 'oci.tar'), { format: 'oci', name: 'v1' });
  await saveArchive(layout, 'v1', join(cwd, 'docker.tar'), { format: 'docker', name: 'app:v1' });
  writeFileSync(join(cwd, 'root.tar'), await buffer(layer.open()));
  writeFileSync(join(cwd, 'root.tar.xz'), execFileSync('xz', ['-c', join(cwd, 'root.tar')]));
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  const client = createRegistryClient({ environment: {} });
  await pushImage(image, client.repository(`${registry.address}/app`), { tag: 'v1' });
  client.close();
  close = () => registry.close();
  places = [
    `${registry.address}/app:v1`,
    'oci:layout:v1',
    'oci-archive:oci.tar',
    'docker-archive:docker.tar',
    'rootfs:root.tar',
    'rootfs:root.tar.xz',
  ];
  // Every byte but the last ones, which say that it is whole.
  writeFileSync(join(cwd, 'cut.tar.xz'), readFileSync(join(cwd, 'root.tar.xz')).subarray(0, -8));
});

afterAll(async () => {
  await close();
  rmSync(cwd, { recursive: true });
});

test('the packages are the same wherever the image is', async () => {
  for (const place of places) {
    const { code, stdout, stderr } = await pratique('sbom', '--platform', 'linux/amd64', place);
    expect(stderr).toBe(
      'warning: app/node_modules/b/package.json looks like a package and was not read: not well-formed JSON\n',
    );
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      'deb   bash  5.2      -         var/lib/dpkg/status',
      'npm   a     1.0.0    MIT       app/node_modules/a/package.json',
    ]);
    expect(stdout).toContain(`${place} (debian, security updates until 2026-06-10): 2 packages\n`);
  }
});

test('documents name the digest and are the same each time, from the cache too', async () => {
  const first = await pratique('sbom', '-o', 'cyclonedx-json', '--no-cache', 'oci:layout:v1');
  const again = await pratique('sbom', '-o', 'cyclonedx-json', 'oci:layout:v1');
  const cached = await pratique('sbom', '-o', 'cyclonedx-json', 'oci:layout:v1');
  expect(readdirSync(join(cwd, '.cache/pratique/layers'))).toHaveLength(1);
  expect([again, cached]).toEqual([first, first]);
  expect(JSON.parse(first.stdout)).toMatchObject({
    specVersion: '1.6',
    metadata: { component: { version: digest } },
  });
  const newer = JSON.parse((await pratique('sbom', '-o', 'cyclonedx-json@1.7', 'oci:layout:v1')).stdout);
  expect(newer).toMatchObject({ specVersion: '1.7', components: JSON.parse(first.stdout).components });
  const spdx = JSON.parse((await pratique('sbom', '-o', 'spdx-json', 'oci:layout:v1')).stdout);
  expect(spdx).toMatchObject({ spdxVersion: 'SPDX-2.3', packages: [{ versionInfo: digest }, {}, {}] });
});

test('a layout of crane, which gives its only image an artifact type, is one with an image', async () => {
  const index = JSON.parse(readFileSync(join(cwd, 'layout/index.json'), 'utf8'));
  const [{ annotations, ...entry }] = index.manifests;
  const crane = {
    ...index,
    manifests: [{ ...entry, artifactType: 'application/vnd.oci.image.config.v1+json' }],
  };
  cpSync(join(cwd, 'layout'), join(cwd, 'crane'), { recursive: true });
  writeFileSync(join(cwd, 'crane/index.json'), JSON.stringify(crane));
  expect(annotations).toBeDefined();
  expect(await pratique('sbom', 'oci:crane')).toMatchObject({ code: 0 });
});

test.each([
  ['rootfs:cut.tar.xz', 1, 'INSPECT_LAYER_UNSAFE'],
  ['rootfs:nowhere', 3, 'FILE_UNREADABLE'],
  ['oci:nowhere', 1, 'OCI_LAYOUT_INVALID'],
  ['rootfs:layout/oci-layout', 1, 'OCI_ARCHIVE_UNSAFE'],
])('%s is exit code %i with %s', async (place, code, error) => {
  const outcome = await pratique('sbom', place);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr).toContain(error);
});

test('a platform that is none is a mistake of the caller', async () => {
  expect(await pratique('sbom', '--platform', 'linux', 'oci:layout:v1')).toMatchObject({
    code: 3,
    stdout: '',
  });
});

import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readImage } from '@pratique/inspect';
import {
  buildImage,
  buildIndex,
  buildLayer,
  type Digest,
  openLayout,
  type Platform,
  pushImage,
} from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';
import { readYaml } from '@pratique/yaml';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-rebuild-'));
afterAll(() => rmSync(folder, { recursive: true }));

const platforms: readonly Platform[] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
];

/** An index of two images, of which each says which it is, with something beside them that is none. */
beforeAll(async () => {
  const layout = await openLayout(join(folder, 'base'), { create: true });
  const manifests = await Promise.all(
    platforms.map(async (platform) => {
      const layer = await buildLayer(
        [
          { type: 'file', path: 'usr/bin/app', mode: 0o755, content: elfBytes({ needed: [] }) },
          { type: 'file', path: 'etc/architecture', content: Buffer.from(platform.architecture) },
          { type: 'file', path: 'usr/share/man/man1/secret.1', content: Buffer.from('a secret') },
        ],
        { compression: 'gzip' },
      );
      const image = buildImage({ layers: [layer], platform, run: { entrypoint: ['/usr/bin/app'] } });
      return { ...(await pushImage(image, layout)), platform };
    }),
  );
  const attestation = { ...manifests[0]!, platform: { os: 'unknown', architecture: 'unknown' } };
  const index = buildIndex({ manifests: [...manifests, attestation] });
  await layout.putManifest(index.bytes, index.descriptor.mediaType, { tag: '1' });
});

async function pratique(settings: object, ...args: readonly string[]) {
  writeFileSync(join(folder, 'harden.yaml'), JSON.stringify(settings));
  const terminal = testTerminal({
    cwd: folder,
    env: { COSIGN_PASSWORD: '', XDG_CACHE_HOME: join(folder, 'cache') },
  });
  const all = ['harden', 'oci:base:1', '-f', 'harden.yaml', '--scan=false', ...args];
  const code = await run(all, terminal, new AbortController().signal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

const types = async (directory: string, digest: Digest) =>
  [
    ...new Set(
      (await (await openLayout(join(folder, directory))).referrers(digest)).map(
        ({ annotations }) => annotations?.['dev.sigstore.bundle.predicateType'],
      ),
    ),
  ].sort();

test('every image of an index is hardened, attested and signed, and so is the index over them; twice the same', async () => {
  const terminal = testTerminal({ cwd: folder, env: { COSIGN_PASSWORD: '' } });
  await run(['generate-key-pair'], terminal, new AbortController().signal);
  const args = ['--key', 'cosign.key', '--report', 'report.json', '-t'];
  const first = await pratique({ platforms: 'all' }, ...args, 'oci:out:1');
  expect(first).toMatchObject({ code: 0 });
  const second = await pratique({ platforms: ['linux/arm64/v8', 'linux/amd64'] }, ...args, 'oci:out:2');
  const layout = await openLayout(join(folder, 'out'));
  const [index, again] = [await layout.getManifest('1'), await layout.resolve('2')];
  expect(again.digest).toBe(index.descriptor.digest);
  expect(second.out).toContain(index.descriptor.digest);
  if (index.manifest.kind !== 'index') throw new Error('no index');
  const base = await (await openLayout(join(folder, 'base'))).resolve('1');
  expect(index.manifest.annotations).toMatchObject({ 'org.opencontainers.image.base.digest': base.digest });
  expect(index.manifest.manifests.map(({ platform }) => platform)).toEqual(platforms);
  for (const { digest, platform } of index.manifest.manifests) {
    const { fileSystem, config } = await readImage(layout, digest, {
      keep: { id: 'x', keep: () => 'whole' },
    });
    expect(config.architecture).toBe(platform!.architecture);
    const { content } = fileSystem.get('etc/architecture')!;
    expect(Buffer.from(content!.read(0, 10)).toString()).toBe(platform!.architecture);
    expect(fileSystem.get('usr/share/man/man1/secret.1')).toBeUndefined();
    fileSystem.close();
    expect(await types('out', digest)).toContain('https://cyclonedx.org/bom');
    const name = `report.${platform!.os}-${platform!.architecture}${platform!.variant ? `-${platform!.variant}` : ''}.json`;
    expect(JSON.parse(readFileSync(join(folder, name), 'utf8')).image.digest).toBe(digest);
  }
  expect(await types('out', index.descriptor.digest)).toEqual([
    'https://sigstore.dev/cosign/sign/v1',
    'https://slsa.dev/provenance/v1',
  ]);
}, 120_000);

test.each([
  ['a platform that the base lacks', { platforms: ['linux/s390x'] }, 'INSPECT_PLATFORM_MISSING'],
  ['a platform twice', { platforms: ['linux/amd64', 'linux/amd64'] }, 'HARDEN_PLATFORMS_UNUSABLE'],
  ['no platform', { platforms: [] }, 'HARDEN_SETTINGS_INVALID'],
])('%s is refused, and nothing is pushed', async (_name, settings, error) => {
  const { code, err } = await pratique(settings, '-t', 'oci:nothing:1', '--sign=false');
  expect(code).not.toBe(0);
  expect(err).toContain(error);
  await expect(openLayout(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'OCI_LAYOUT_INVALID' });
});

test('one image is no index, and that is said', async () => {
  await pratique({}, '-t', 'oci:single:1', '--sign=false');
  const terminal = testTerminal({ cwd: folder, env: {} });
  writeFileSync(join(folder, 'harden.yaml'), 'platforms: all');
  const args = ['harden', 'oci:single:1', '-f', 'harden.yaml', '--scan=false', '--dry-run'];
  expect(await run(args, terminal, new AbortController().signal)).not.toBe(0);
  expect(terminal.stderr).toContain('HARDEN_PLATFORMS_UNUSABLE');
});

test.each(['gzip', 'zstd', 'none'] as const)(
  'the layer is stored as %s, and means the same',
  async (compression) => {
    expect(await pratique({ compression }, '-t', `oci:stored:${compression}`, '--sign=false')).toMatchObject({
      code: 0,
    });
    const layout = await openLayout(join(folder, 'stored'));
    const { manifest, config, fileSystem } = await readImage(layout, compression);
    const ending = compression === 'none' ? '' : `+${compression}`;
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
      `application/vnd.oci.image.layer.v1.tar${ending}`,
    ]);
    const gzip = await readImage(layout, 'gzip');
    expect(config.diffIds).toEqual(gzip.config.diffIds);
    fileSystem.close();
    gzip.fileSystem.close();
  },
);

test('with layers: diff the base’s layers stay beneath, what was removed is hidden, and everybody is warned', async () => {
  const { code, out } = await pratique(
    { layers: 'diff' },
    '-t',
    'oci:diff:1',
    '--sign=false',
    '--report',
    'diff.json',
  );
  expect(code).toBe(0);
  expect(out).toMatch(/^WARNING: .*can still be read/);
  const layout = await openLayout(join(folder, 'diff'));
  const before = await readImage(await openLayout(join(folder, 'base')), '1');
  const { manifest, config, fileSystem } = await readImage(layout, '1');
  expect(manifest.layers.slice(0, -1)).toEqual(before.manifest.layers);
  expect(config.diffIds.slice(0, -1)).toEqual(before.config.diffIds);
  expect(fileSystem.get('usr/share/man/man1/secret.1')).toBeUndefined();
  expect(fileSystem.get('usr/bin/app')?.layer).toBe(0);
  const report = JSON.parse(readFileSync(join(folder, 'diff.json'), 'utf8'));
  expect(report).toMatchObject({ layers: 'diff', below: { files: 1, bytes: 8 } });
  // The very bytes, for whoever looks.
  const blob = await layout.getBlob(manifest.layers[0]!);
  expect(blob.length).toBe(manifest.layers[0]!.size);
  fileSystem.close();
  before.fileSystem.close();
});

test('what is added is a material and in the bill of materials', async () => {
  writeFileSync(join(folder, 'app.conf'), 'x');
  const settings = { add: { files: [{ from: 'app.conf', to: '/etc/app.conf' }] } };
  const { code, err } = await pratique(settings, '-t', 'oci:added:1', '--key', 'cosign.key');
  expect({ code, err }).toMatchObject({ code: 0 });
  const layout = await openLayout(join(folder, 'added'));
  const { digest } = await layout.resolve('1');
  const found = new Map<
    string,
    {
      predicate: {
        components?: unknown;
        packages?: unknown;
        buildDefinition?: { resolvedDependencies: unknown };
      };
    }
  >();
  for (const referrer of await layout.referrers(digest)) {
    const { manifest } = await layout.getManifest(referrer.digest);
    if (manifest.kind !== 'image') continue;
    const bundle = JSON.parse(Buffer.from(await layout.getBlob(manifest.layers[0]!)).toString());
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString());
    found.set(statement.predicateType, statement);
  }
  const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
  expect(
    found.get('https://slsa.dev/provenance/v1')!.predicate.buildDefinition!.resolvedDependencies,
  ).toContainEqual({
    uri: 'file:app.conf',
    name: 'app.conf',
    digest: { sha256 },
  });
  expect(found.get('https://cyclonedx.org/bom')!.predicate.components).toContainEqual(
    expect.objectContaining({
      type: 'file',
      name: 'app.conf',
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    }),
  );
  expect(found.get('https://spdx.dev/Document')!.predicate.packages).toContainEqual(
    expect.objectContaining({
      name: 'app.conf',
      sourceInfo: expect.stringMatching(/^put at \S+app\.conf, from file:app\.conf$/),
      checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }],
    }),
  );
}, 120_000);

/** The settings in a section of docs/harden.md. */
function documented(section: string): string {
  const page = readFileSync(new URL('../../../../docs/harden.md', import.meta.url), 'utf8');
  return /^```yaml\n([\s\S]*?)^```/m.exec(page.slice(page.indexOf(`## ${section}\n`)))![1]!;
}

test('the settings about storing in docs/harden.md do what it says', async () => {
  const args = ['-t', 'oci:stored-as-told:1', '--sign=false'];
  expect(await pratique(readYaml(documented('How it is stored')) as object, ...args)).toMatchObject({
    code: 0,
  });
  const { manifest } = await (await openLayout(join(folder, 'stored-as-told'))).getManifest('1');
  expect(manifest.kind).toBe('index');
});

test('the settings about adding in docs/harden.md do what it says', async () => {
  mkdirSync(join(folder, 'site'), { recursive: true });
  writeFileSync(join(folder, 'site/index.html'), 'hello');
  writeFileSync(join(folder, 'app.conf'), 'x');
  const tar = await buildLayer([
    { type: 'file', path: 'bin/tool', mode: 0o755, content: Buffer.from('tool') },
  ]);
  writeFileSync(join(folder, 'tool.tar'), Buffer.from(await new Response(tar.open()).arrayBuffer()));
  expect(await pratique({}, '-t', 'oci:tools:1', '--sign=false')).toMatchObject({ code: 0 });
  const entry = (path: string, text: string) => ({ type: 'file', path, content: Buffer.from(text) }) as const;
  const greet = await buildLayer(
    [
      entry('package/package.json', '{"name":"greet","version":"1.0.0","bin":"cli.js"}'),
      entry('package/cli.js', '#!/usr/bin/env node'),
    ],
    { compression: 'gzip' },
  );
  const tgz = Buffer.from(await new Response(greet.open()).arrayBuffer());
  const integrity = `sha512-${hash('sha512', tgz, 'buffer').toString('base64')}`;
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      lockfileVersion: 3,
      packages: { 'node_modules/greet': { version: '1.0.0', integrity } },
    }),
  );
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/greet/-/greet-1.0.0.tgz' ? 200 : 404).end(tgz);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const yaml = documented('Adding other things')
    .replace('https://npm.example', `http://127.0.0.1:${port}`)
    .replace('sha512-…', integrity);
  const result = await pratique(readYaml(yaml) as object, '-t', 'oci:more:1', '--sign=false');
  expect({ ...result, out: '' }).toMatchObject({ code: 0 });
  const { fileSystem } = await readImage(await openLayout(join(folder, 'more')), '1');
  const paths = ['srv/www/index.html', 'opt/tool/bin/tool', 'usr/local/bin/app', 'usr/local/bin/greet'];
  for (const path of [...paths, 'srv/app/node_modules/.bin/greet'])
    expect(fileSystem.resolve(path)?.type, path).toBe('file');
  expect(fileSystem.get('etc/app.conf')).toMatchObject({ mode: 0o640, uid: 33, gid: 33 });
  fileSystem.close();
});

/** The built package, as it is on a machine without this checkout and its node_modules. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, machinePlatform, openRepository, pushImage } from '@pratique/oci';
import { basicAuth, type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../scripts/build.ts';

let directory: string;
let registry: Registry;
let signed: string;
let unsigned: string;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function pratique(...argv: string[]): Promise<Outcome> {
  return pratiqueWith({}, ...argv);
}

function pratiqueWith(more: NodeJS.ProcessEnv, ...argv: string[]): Promise<Outcome> {
  const command = join(directory, 'package', 'bin', 'pratique.cjs');
  const env = { PATH: process.env['PATH'], HOME: directory, COSIGN_PASSWORD: 'x', NO_COLOR: '1', ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...argv], { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function push(name: string, label: string): Promise<string> {
  const image = buildImage({ layers: [], run: { labels: { label } }, platform: machinePlatform() });
  const { digest } = await pushImage(image, openRepository(`${registry.address}/${name}`));
  return `${registry.address}/${name}@${digest}`;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-built-'));
  await build(join(directory, 'built'));
  // Away from where it was built: nothing in it may know that place.
  cpSync(join(directory, 'built'), join(directory, 'package'), { recursive: true });
  rmSync(join(directory, 'built'), { recursive: true });
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  [signed, unsigned] = [await push('signed', 'a'), await push('unsigned', 'b')];
  expect(await pratique('generate-key-pair')).toMatchObject({ code: 0 });
  expect(await pratique('generate-key-pair', '--output-key-prefix', 'other')).toMatchObject({ code: 0 });
  expect(await pratique('sign', '--key', 'cosign.key', '--tlog-upload=false', signed)).toMatchObject({
    code: 0,
  });
}, 120_000);
afterAll(async () => {
  await registry?.close();
  rmSync(directory, { recursive: true, force: true });
});

test('verifies what is signed, and refuses what is not or by another key, with the codes of the sources', async () => {
  const verify = (key: string, image: string) =>
    pratique('verify', '--key', key, '--insecure-ignore-tlog', image);
  const good = await verify('cosign.pub', signed);
  expect(good).toMatchObject({ code: 0 });
  expect(JSON.parse(good.stdout)).toMatchObject([
    { critical: { image: { 'docker-manifest-digest': signed.split('@')[1] } } },
  ]);
  expect(await verify('cosign.pub', unsigned)).toMatchObject({ code: 10, stdout: '' });
  expect(await verify('other.pub', signed)).toMatchObject({ code: 12, stdout: '' });
});

test('does so with or without the compiled code it comes with, also where that is damaged', async () => {
  const cache = join(directory, 'package', 'lib', 'verify.cache');
  const kept = readFileSync(cache);
  try {
    for (const content of [
      new Uint8Array(),
      kept.subarray(0, kept.length >> 1),
      new Uint8Array(kept.length),
    ]) {
      writeFileSync(cache, content);
      expect((await pratique('version')).stdout).toMatch(/^pratique \d/);
    }
    rmSync(cache);
    expect((await pratique('version')).stdout).toMatch(/^pratique \d/);
  } finally {
    writeFileSync(cache, kept);
  }
});

test.skipIf(process.platform === 'win32')('asks credential helpers', async () => {
  const guarded = await startRegistry({ listen: '127.0.0.1:0', auth: basicAuth({ alice: 'secret' }) });
  const home = join(directory, 'helper');
  const docker = join(directory, '.docker');
  try {
    for (const path of [home, docker]) mkdirSync(path);
    const answer = JSON.stringify({ Username: 'alice', Secret: 'secret' });
    writeFileSync(join(home, 'docker-credential-here'), `#!/bin/sh\ncat > /dev/null; echo '${answer}'\n`, {
      mode: 0o755,
    });
    writeFileSync(join(docker, 'config.json'), JSON.stringify({ credsStore: 'here' }));
    const image = `${guarded.address}/app:1`;
    const verify = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog', image];
    // Let in, and told that there is no such image.
    const PATH = `${home}:${process.env['PATH']}`;
    expect((await pratiqueWith({ PATH }, ...verify)).stderr).toContain('OCI_NOT_FOUND');
    writeFileSync(join(docker, 'config.json'), '{}');
    expect((await pratique(...verify)).stderr).toContain('OCI_UNAUTHORIZED');
  } finally {
    rmSync(docker, { recursive: true });
    await guarded.close();
  }
});

test('uploads a file, which is signed and verified by the digest that is printed', async () => {
  writeFileSync(join(directory, 'page.html'), '<html>a page</html>');
  const uploaded = await pratique('upload', 'blob', '-f', 'page.html', `${registry.address}/page:1`);
  expect(uploaded).toMatchObject({ code: 0, stderr: expect.stringContaining('[text/html]') });
  const name = uploaded.stdout.trim();
  expect(await pratique('sign', '--key', 'cosign.key', '--tlog-upload=false', name)).toMatchObject({
    code: 0,
  });
  const verify = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog', `${registry.address}/page:1`];
  expect(await pratique(...verify)).toMatchObject({ code: 0, stdout: expect.stringContaining('sha256:') });
  expect(await pratique('upload', 'wasm', '-f', 'page.html', `${registry.address}/page:1`)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('no WebAssembly module'),
  });
  expect((await pratique('debug', 'providers')).stdout).toContain('github-actions: ');
});

test('has the files its sources read: the shipped policies, the demo’s program, its version', async () => {
  const demo = await pratique('demo', '--offline', '-o', 'json');
  expect(demo).toMatchObject({ code: 0 });
  const decisions = JSON.parse(demo.stdout) as { expected: string; allowed: boolean }[];
  expect(decisions.map(({ allowed }) => (allowed ? 'allowed' : 'denied'))).toEqual(
    decisions.map(({ expected }) => expected),
  );
  expect(decisions.length).toBeGreaterThan(8);
  const { version } = JSON.parse(readFileSync(join(directory, 'package', 'package.json'), 'utf8')) as {
    version: string;
  };
  expect((await pratique('version', '-o', 'json')).stdout).toContain(`"${version}"`);
}, 60_000);

test('has every command: each loads and shows its help or asks for what it needs', async () => {
  const overview = await pratique('--help');
  expect(overview.stdout.startsWith('Examples\n')).toBe(true);
  for (const command of ['verify', 'sign', 'up', 'policy eval', 'completion']) {
    expect((await pratique(...command.split(' '), '--help')).stdout).toContain(`pratique ${command}`);
  }
  expect(await pratique('verify', '--nope')).toMatchObject({ code: 3, stdout: '' });
}, 60_000);

test('brings the licences of what is in it', () => {
  const licences = readFileSync(join(directory, 'package', 'THIRD-PARTY-LICENSES'), 'utf8');
  for (const name of ['commander', 'valibot', 'yaml', 'hono'])
    expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
  expect(readdirSync(join(directory, 'package'))).toContain('LICENSE');
});

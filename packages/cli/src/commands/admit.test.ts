import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-admit-'));
  writeFileSync(join(cwd, 'trust.yaml'), 'apiVersion: pratique.dev/v1\nkind: Trust\ndefault: allow\n');
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  return { code: await run(argv, terminal, new AbortController().signal), stderr: terminal.stderr };
}

test.each(['', '---\n# nothing\n---\n'])(
  'a template that came out empty is not an allow: %j',
  async (text) => {
    writeFileSync(join(cwd, 'out.yaml'), text);
    const { code, stderr } = await pratique('admit', '--trust', 'trust.yaml', '-f', 'out.yaml');
    expect(code).toBe(3);
    expect(stderr).toContain('MANIFEST_INVALID: no Kubernetes object is in out.yaml');
  },
);

test('bytes that are no text are said to be that, and are not shown', async () => {
  writeFileSync(join(cwd, 'binary'), Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe));
  const manifest = await pratique('admit', '--trust', 'trust.yaml', '-f', 'binary');
  expect(manifest.stderr).toContain('MANIFEST_INVALID: binary is not text in UTF-8');
  const trust = await pratique('admit', '--trust', 'binary', 'localhost:1/app');
  expect(trust.stderr).toMatch(/TRUST_INVALID: .*binary is not text in UTF-8/);
});

test('YAML that is nested too deep is said to be that', async () => {
  writeFileSync(join(cwd, 'deep.yaml'), '['.repeat(100_000));
  const manifest = await pratique('admit', '--trust', 'trust.yaml', '-f', 'deep.yaml');
  expect(manifest.stderr).toMatch(/MANIFEST_INVALID: deep\.yaml:1:\d+: nested too deep/);
  const trust = await pratique('admit', '--trust', 'deep.yaml', 'localhost:1/app');
  expect(trust.stderr).toMatch(/TRUST_INVALID: .*deep\.yaml:1:\d+: nested too deep/);
});

test.each([
  ['without a Sigstore nothing says whose', ['--sigstore=false'], 'USAGE'],
  ['the file that says whose is not there', ['--trust', 'missing.yaml'], 'TRUST_UNREADABLE'],
])('up makes nothing on disk before it knows whose signatures count: %s', async (_why, flags, problem) => {
  const { code, stderr } = await pratique('up', '--data', 'data', ...flags);
  expect(stderr).toContain(problem);
  expect(code).toBe(3);
  expect(existsSync(join(cwd, 'data'))).toBe(false);
});

test.each(['listen', 'sigstore-listen', 'admission-listen'])(
  'up says which flag gives a server another address than one that is in use: --%s',
  async (flag) => {
    const occupied = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void occupied.close());
    await once(occupied, 'listening');
    const { port } = occupied.address() as AddressInfo;
    const addresses = { listen: 0, 'sigstore-listen': 0, 'admission-listen': 0, [flag]: port };
    const listen = Object.entries(addresses).flatMap(([name, at]) => [`--${name}`, `127.0.0.1:${at}`]);
    const { code, stderr } = await pratique('up', '--data', 'data', '--person', 'dev@example.com', ...listen);
    expect(stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}`));
    expect(stderr).toContain(`with --${flag} HOST:PORT`);
    expect(code).toBe(1);
  },
);

test.each(['30s', '2m', '60'])('a deadline is a duration, as everywhere, or seconds: %s', async (timeout) => {
  const { code, stderr } = await pratique(
    'admit',
    '--trust',
    'trust.yaml',
    '--timeout',
    timeout,
    'localhost:1/app',
  );
  expect(stderr).toBe('');
  expect(code).toBe(2);
});

test('a deadline that is none is a mistake in the call', async () => {
  const { code, stderr } = await pratique(
    'admit',
    '--trust',
    'trust.yaml',
    '--timeout',
    'soon',
    'localhost:1/app',
  );
  expect(code).toBe(3);
  expect(stderr).toContain('--timeout is not a duration');
});

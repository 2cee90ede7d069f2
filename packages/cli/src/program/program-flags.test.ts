import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testTerminal } from '../testing/terminal.ts';
import { run } from './run.ts';

let registry: Registry;
let cwd: string;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-flags-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

test('--output-file takes what would go to standard output, and nothing of an earlier run stays', async () => {
  writeFileSync(join(cwd, 'out'), 'a text that is longer than what is written now'.repeat(10));
  const plain = await pratique('version');
  const filed = await pratique('version', '--output-file', 'out');
  expect(filed).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe(plain.stdout);
});

test('--verbose names requests, without credentials and queries', async () => {
  const image = `${registry.address}/app:1`;
  const credentials = ['--registry-username', 'somebody', '--registry-password', 'hunter2'];
  const { code, stderr } = await pratique('triangulate', '-d', ...credentials, image);
  expect(code).not.toBe(0);
  expect(stderr).toContain(`http://${registry.address}/v2/app/manifests/1 404`);
  expect(stderr).not.toMatch(/hunter2|somebody|authorization|\?/i);
});

test.each([[['policy', 'build', '--debug', 'directory'], '--debug is not done here']])(
  'what opa can and we do not is refused with a reason: %j',
  async (argv, reason) => {
    const { code, stderr } = await pratique(...argv);
    expect([code, stderr]).toEqual([3, expect.stringContaining(reason)]);
  },
);

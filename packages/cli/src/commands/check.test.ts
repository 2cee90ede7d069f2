import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, openLayout, pushImage } from '@pratique/oci';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let cwd: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-check-'));
  const content = new TextEncoder().encode('listen 80\n');
  const layer = await buildLayer([
    { type: 'file', path: 'bin/su', content, mode: 0o4755 },
    { type: 'file', path: 'etc/conf', content },
    { type: 'symlink', path: 'conf', target: 'etc/conf' },
  ]);
  const image = buildImage({
    layers: [layer],
    run: { env: ['DB_PASSWORD=hunter22hunter'] },
    platform: { os: 'linux', architecture: 'amd64' },
  });
  await pushImage(image, await openLayout(join(cwd, 'layout'), { create: true }), { tag: 'v1' });
  writeFileSync(
    join(cwd, 'good.yaml'),
    "schemaVersion: 2.0.0\nfileContentTests: [{name: conf, path: /conf, expectedContents: ['listen \\d+']}]\n",
  );
  writeFileSync(
    join(cwd, 'command.yaml'),
    'schemaVersion: 2.0.0\ncommandTests: [{name: runs, command: su}]\n',
  );
});

afterAll(() => rmSync(cwd, { recursive: true }));

const image = ['--platform', 'linux/amd64', 'oci:layout:v1'];

test('what is wrong is said with what to do, and no secret is shown', async () => {
  const { code, stdout, stderr } = await pratique('check', ...image);
  expect(code).toBe(0);
  for (const text of [
    'secret-in-environment',
    'the variable DB_PASSWORD',
    'bin/su: setuid',
    'user-root',
    'USER 65532',
  ])
    expect(stdout).toContain(text);
  expect(stdout + stderr).not.toContain('hunter22');
});

test('a check over the threshold is exit code 2, an accepted one is not', async () => {
  expect(await pratique('check', '--fail-on', 'high', ...image)).toMatchObject({ code: 2 });
  const accepted = await pratique(
    'check',
    '--fail-on',
    'high',
    '--accept',
    'secret-in-environment',
    ...image,
  );
  expect(accepted.code).toBe(0);
  expect(accepted.stdout).toContain('1 accepted');
  expect(await pratique('check', '--accept', 'nonsense', ...image)).toMatchObject({ code: 3 });
});

test('tests of the structure that pass, and one that cannot be run, which has not passed', async () => {
  const good = await pratique('check', '-o', 'json', '--structure-test', 'good.yaml', ...image);
  expect(good.code).toBe(0);
  expect(JSON.parse(good.stdout)).toMatchObject({ structureTests: [{ name: 'conf', status: 'passed' }] });
  vi.stubEnv('PATH', '/nowhere');
  const command = await pratique('check', '--structure-test', 'command.yaml', ...image);
  vi.unstubAllEnvs();
  expect(command.code).toBe(2);
  expect(command.stdout).toContain('structure tests: 1 not run');
  expect(await pratique('check', '--structure-test', 'none.yaml', ...image)).toMatchObject({ code: 3 });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage, buildLayer, machinePlatform, openLayout, pushImage } from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../packages/cli/bin/pratique.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pratique-harden-progress-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const layer = await buildLayer([
    { type: 'file', path: 'usr/bin/app', mode: 0o755, content: elfBytes({ needed: [] }) },
  ]);
  const run = { entrypoint: ['/usr/bin/app'] };
  const image = buildImage({ layers: [layer], platform: machinePlatform(), run });
  await pushImage(image, await openLayout(join(folder, 'base'), { create: true }), { tag: '1' });
  writeFileSync(join(folder, 'bad.yaml'), 'run: { entrypoint: [/gone] }');
});

/** `pratique harden` on a pseudo terminal, made by `script` of util-linux. */
function onTerminal(args: string, env: Readonly<Record<string, string>> = {}) {
  const command = `"${process.execPath}" "${program}" harden oci:base:1 --scan=false --sign=false ${args}`;
  const { CI, NO_COLOR, ...inherited } = process.env;
  const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { ...inherited, TERM: 'xterm', ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, written: stdout };
}

// `script` of other systems takes other arguments.
describe.runIf(process.platform === 'linux')('pratique harden on a terminal', () => {
  test('each step is marked with its time when it is done', () => {
    const { status, written } = onTerminal('-t oci:out:1');
    expect(status).toBe(0);
    for (const step of ['reading the base', 'building the image', 'asking the policies', 'pushing'])
      expect(written).toMatch(new RegExp(`✓\\S* ${step} \\S*\\d+\\.\\d s`));
    expect(written).not.toContain('✗');
  });

  test('the step that failed is marked, and no later one is begun', () => {
    const { status, written } = onTerminal('-f bad.yaml -t oci:bad:1');
    expect(status).toBe(2);
    expect(written).toMatch(/✗\S* looking for what is not needed/);
    expect(written).not.toContain('building the image');
  });

  test.each<[string, string, Record<string, string>]>([
    ['in CI', '', { CI: 'true' }],
    ['with NO_COLOR', '', { NO_COLOR: '1' }],
    ['on a dumb terminal', '', { TERM: 'dumb' }],
    ['where programs read the output', '-o json', {}],
  ])('nothing is written over %s', (_, args, env) => {
    const { status, written } = onTerminal(`-t oci:plain:1 ${args}`, env);
    expect(status).toBe(0);
    expect(written).toContain('• pushing\r\n');
    expect(written).not.toContain('\u001b[2K');
  });
});

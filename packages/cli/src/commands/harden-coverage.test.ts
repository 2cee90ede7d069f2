import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, machinePlatform, openLayout, pushImage } from '@pratique/oci';
import { afterAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-harden-coverage-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function pratique(...args: readonly string[]) {
  const terminal = testTerminal({ cwd: folder, env: { XDG_CACHE_HOME: join(folder, 'cache') } });
  const code = await run(args, terminal, new AbortController().signal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

const lodash = (ecosystem: string) => ({
  id: `X-${ecosystem}`,
  modified: '2024-01-01T00:00:00Z',
  affected: [
    {
      package: { ecosystem, name: 'lodash' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '9.0.0' }] }],
    },
  ],
});

test('no finding among packages that the database says nothing about does not look like health', async () => {
  const layer = await buildLayer([
    { type: 'file', path: 'etc/os-release', content: Buffer.from('ID=debian\nVERSION_ID="12"\n') },
    {
      type: 'file',
      path: 'var/lib/dpkg/status',
      content: Buffer.from(
        'Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0.5-1\n\n',
      ),
    },
    {
      type: 'file',
      path: 'usr/lib/app/node_modules/lodash/package.json',
      content: Buffer.from('{"name":"lodash","version":"4.17.20"}'),
    },
  ]);
  const base = buildImage({ layers: [layer], platform: machinePlatform(), run: { cmd: ['/app'] } });
  await pushImage(base, await openLayout(join(folder, 'base'), { create: true }), { tag: '1' });
  writeFileSync(join(folder, 'npm.json'), JSON.stringify(lodash('npm')));
  writeFileSync(join(folder, 'harden.yaml'), 'strip: false');
  await pratique('db', 'import', 'npm.json');
  const args = ['harden', 'oci:base:1', '-f', 'harden.yaml', '-t', 'oci:out:1', '--sign=false'];
  const { code, out, err } = await pratique(...args);
  expect({ code, err }).toMatchObject({ code: 0 });
  for (const subject of ['base', 'result'])
    expect(err).toContain(
      `warning: ${subject}: 1 deb packages of debian:12 are not covered by the database\n`,
    );
  expect(err).not.toContain('npm packages');
  expect(out).toMatch(/vulnerabilities +none; 1 packages not covered +none; 1 packages not covered/);
});

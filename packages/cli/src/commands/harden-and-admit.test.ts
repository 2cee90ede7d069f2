import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, machinePlatform, openLayout, pushImage } from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';
import { startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

// The whole base-image flow: what `harden` attests is what the policies about an image's contents read at admission.
const folder = mkdtempSync(join(tmpdir(), 'pratique-harden-admit-'));
const registry = await startRegistry({ listen: '127.0.0.1:0' });
const image = `${registry.address}/base/app:1`;
afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true });
});

async function pratique(...args: readonly string[]) {
  const terminal = testTerminal({
    cwd: folder,
    env: { COSIGN_PASSWORD: '', XDG_CACHE_HOME: join(folder, 'cache') },
  });
  const code = await run(args, terminal, new AbortController().signal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

beforeAll(async () => {
  write(
    'GHSA-1.json',
    JSON.stringify({
      id: 'GHSA-1',
      modified: '2026-02-01T00:00:00Z',
      published: '2026-01-01T00:00:00Z',
      database_specific: { severity: 'CRITICAL' },
      affected: [
        {
          package: { ecosystem: 'npm', name: 'lodash' },
          ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '4.17.21' }] }],
        },
      ],
    }),
  );
  const layer = await buildLayer([
    { type: 'file', path: 'usr/bin/app', mode: 0o755, content: elfBytes({ needed: [] }) },
    {
      type: 'file',
      path: 'usr/lib/app/node_modules/lodash/package.json',
      content: Buffer.from('{"name":"lodash","version":"4.17.20","license":"MIT"}'),
    },
  ]);
  const built = buildImage({
    layers: [layer],
    platform: machinePlatform(),
    run: { entrypoint: ['/usr/bin/app'] },
  });
  await pushImage(built, await openLayout(join(folder, 'base'), { create: true }), { tag: '1' });
  write('harden.yaml', 'strip: { keep: ["/usr/lib/app/**"] }');
  await pratique('db', 'import', 'GHSA-1.json');
  await pratique('generate-key-pair');
  const hardened = await pratique(
    'harden',
    'oci:base:1',
    '-f',
    'harden.yaml',
    '-t',
    image,
    '--key',
    'cosign.key',
  );
  if (hardened.code !== 0) throw new Error(hardened.err);
}, 60_000);

async function admitted(parameters: string): Promise<readonly string[]> {
  write(
    'trust.yaml',
    `apiVersion: pratique.dev/v1
kind: Trust
authorities: { team: { keyFile: cosign.pub } }
images: [{ match: "127.0.0.1:*/**", require: { any: [team] } }]
parameters: ${parameters}`,
  );
  const { out, err } = await pratique('admit', '--trust', 'trust.yaml', '-o', 'json', image);
  if (out === '') throw new Error(err);
  const [{ decision }] = JSON.parse(out) as [{ decision: { denials: { code: string }[] } }];
  return decision.denials.map(({ code }) => code);
}

test.each<[string, string, string[]]>([
  ['everything that is required was attested', '{ require: [sbom, provenance, scan, checks] }', []],
  ['the scan is of today', '{ vulnerabilities: { scanOlderThanDays: 1 } }', []],
  ['and so is its database', '{ vulnerabilities: { databaseOlderThanDays: 1 } }', []],
  [
    'a critical vulnerability whose fix is old',
    '{ vulnerabilities: { fixOlderThanDays: { critical: 30 } } }',
    ['VULNERABILITY_FIXABLE'],
  ],
  ['none that is low', '{ vulnerabilities: { fixOlderThanDays: { low: 0 } } }', []],
  [
    'a version that is refused',
    '{ packages: { deny: [{ type: npm, version: "<4.17.21" }] } }',
    ['PACKAGE_DENIED'],
  ],
  ['a version that is not', '{ packages: { deny: [{ type: npm, version: ">=4.17.21" }] } }', []],
  ['a licence that is refused', '{ packages: { deny: [{ license: MIT }] } }', ['PACKAGE_DENIED']],
])('%s', async (_, parameters, codes) => {
  expect(await admitted(parameters)).toEqual(codes);
});

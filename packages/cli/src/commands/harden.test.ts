import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, machinePlatform, openLayout, pushImage } from '@pratique/oci';
import { elfBytes } from '@pratique/oci/testing/elf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-harden-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A base image with one program, and things nobody needs. */
beforeAll(async () => {
  const layer = await buildLayer([
    { type: 'file', path: 'usr/bin/app', mode: 0o755, content: elfBytes({ needed: [] }) },
    { type: 'file', path: 'usr/share/man/man1/x.1', content: Buffer.from('manual') },
    { type: 'file', path: 'var/cache/x', content: Buffer.from('<script>') },
  ]);
  const image = buildImage({
    layers: [layer],
    platform: machinePlatform(),
    run: { entrypoint: ['/usr/bin/app'] },
  });
  await pushImage(image, await openLayout(join(folder, 'base'), { create: true }), { tag: '1' });
});

async function pratique(...args: readonly string[]) {
  const terminal = testTerminal({
    cwd: folder,
    env: { COSIGN_PASSWORD: '', PRATIQUE_CACHE: join(folder, 'cache') },
  });
  const code = await run(args, terminal, new AbortController().signal);
  return { code, out: terminal.stdout, err: terminal.stderr };
}

test('a base goes in, a signed image comes out, with everything attested; twice the same is the same', async () => {
  await pratique('generate-key-pair');
  const args = ['harden', 'oci:base:1', '--scan=false', '--key', 'cosign.key', '--report', 'report.json'];
  const first = await pratique(...args, '-t', 'oci:secure:1');
  expect(first).toMatchObject({ code: 0 });
  const second = await pratique(...args, '-t', 'oci:secure:2');
  const digest = (text: string) => /sha256:[0-9a-f]{64}\n$/.exec(text)?.[0];
  expect(digest(second.out)).toBe(digest(first.out));
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  expect(report.removals.map(({ path }: { path: string }) => path)).toEqual(
    expect.arrayContaining(['usr/share/man/man1/x.1', 'var/cache/x']),
  );
  const verified = await pratique('verify', '--key', 'cosign.pub', '--local-image', 'secure');
  expect(verified.err + verified.out).toContain('sha256:');
  const layout = await openLayout(join(folder, 'secure'));
  const subject = await layout.resolve('1');
  const referrers = await layout.referrers(subject.digest);
  const types = referrers.map(({ annotations }) => annotations?.['dev.sigstore.bundle.predicateType']);
  expect([...new Set(types)].sort()).toEqual([
    'https://cyclonedx.org/bom',
    'https://pratique.dev/attestations/harden/v1',
    'https://sigstore.dev/cosign/sign/v1',
    'https://slsa.dev/provenance/v1',
  ]);
}, 120_000);

test('a dry run says what would go and why, and leaves nothing behind', async () => {
  const { code, out } = await pratique(
    'harden',
    'oci:base:1',
    '--dry-run',
    '--scan=false',
    '--report',
    'r.html',
  );
  expect(code).toBe(0);
  expect(out).toContain('documentation');
  expect(out).toContain('/usr/share/man/man1/x.1');
  const html = readFileSync(join(folder, 'r.html'), 'utf8');
  expect(html).not.toContain('<script>');
});

test('what fails has pushed nothing', async () => {
  writeFileSync(join(folder, 'bad.yaml'), 'run: { entrypoint: [/usr/bin/gone] }');
  const result = await pratique(
    'harden',
    'oci:base:1',
    '-f',
    'bad.yaml',
    '-t',
    'oci:nothing:1',
    '--scan=false',
    '--sign=false',
  );
  expect(result.code).toBe(2);
  expect(result.err).toContain('HARDEN_ROOT_UNRESOLVED');
  await expect(openLayout(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'OCI_LAYOUT_INVALID' });
});

test.each([
  ['no target', ['harden', 'oci:base:1', '--scan=false'], 3, 'nothing says where the image goes'],
  ['no database', ['harden', 'oci:base:1', '--dry-run'], 1, 'ADVISORY_DATABASE'],
  [
    'an archive to write to',
    ['harden', 'oci:base:1', '-t', 'oci-archive:x.tar', '--scan=false', '--sign=false'],
    3,
    'in steps',
  ],
  [
    'settings that are none',
    ['harden', 'oci:base:1', '-f', 'cosign.pub', '--dry-run', '--scan=false'],
    3,
    'HARDEN_SETTINGS_INVALID',
  ],
])('%s is said clearly', async (_name, args, code, text) => {
  const result = await pratique(...args);
  expect(result.err).toContain(text);
  expect(result.code).toBe(code);
});

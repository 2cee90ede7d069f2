import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSigstoreServer } from '@pratique/sigstore-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let cwd: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(['sigstore', ...argv], terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'pratique-sigstore-'));
  const server = await startSigstoreServer({
    listen: '127.0.0.1:0',
    directory: join(cwd, 'pratique-sigstore'),
  });
  await server.close();
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('an audit exits 0 for sound logs and 2 for others, and remembers what it saw', async () => {
  const good = await pratique('audit', '--state', 'seen.json');
  expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/^sound {3}rekor: 0 entries/)]);
  const seen = JSON.parse(readFileSync(join(cwd, 'seen.json'), 'utf8')) as {
    logs: Record<string, { size: number }>;
  };
  expect(Object.keys(seen.logs)).toHaveLength(3);
  for (const tree of Object.values(seen.logs)) tree.size = 7;
  writeFileSync(join(cwd, 'seen.json'), JSON.stringify(seen));
  const shrunk = await pratique('audit', '--state', 'seen.json', '-o', 'json');
  expect([shrunk.code, JSON.parse(shrunk.stdout)]).toEqual([
    2,
    expect.objectContaining({ schemaVersion: 1, sound: false }),
  ]);
  expect(JSON.parse(readFileSync(join(cwd, 'seen.json'), 'utf8'))).toEqual(seen);
});

test('a backup is made and restored, never over something', async () => {
  expect((await pratique('backup', '--to', 'backup')).code).toBe(0);
  expect((await pratique('backup', '--to', 'backup')).code).toBe(3);
  expect((await pratique('restore', '--from', 'backup', '--data', 'again')).code).toBe(0);
  expect((await pratique('restore', '--from', 'backup', '--data', 'again')).code).toBe(3);
  expect((await pratique('audit', '--data', 'again')).code).toBe(0);
});

test('keys are rotated by name, all of them or none, and listed', async () => {
  const from = '2099-01-01T00:00:00Z';
  expect((await pratique('rotate', 'fulcio', 'nothing', '--from', from)).code).toBe(3);
  expect((await pratique('rotate', '--from', from)).code).toBe(3);
  expect((await pratique('rotate', 'fulcio', '--from', 'tomorrow')).code).toBe(3);
  const rotated = await pratique('rotate', 'fulcio', 'tuf-root', '--from', from);
  expect([rotated.code, rotated.stdout]).toEqual([
    0,
    expect.stringMatching(/^fulcio {4}2 {2}from 2099-01-01T00:00:00.000Z$/m),
  ]);
  expect((await pratique('rotate', 'fulcio', '--from', from)).code).toBe(3);
  const listed = JSON.parse((await pratique('rotate', '-o', 'json')).stdout) as {
    services: Record<string, unknown[]>;
  };
  expect(Object.entries(listed.services).map(([name, all]) => `${name} ${all.length}`)).toEqual([
    'rekor 1',
    'rekor-v2 1',
    'ctlog 1',
    'fulcio 2',
    'tsa 1',
    'tuf-root 2',
    'tuf 1',
  ]);
});

test('what is missing or does not fit together is a usage error', async () => {
  expect((await pratique('backup')).code).toBe(3);
  expect((await pratique('restore')).code).toBe(3);
  expect((await pratique('audit', '--url', 'http://127.0.0.1:1')).code).toBe(3);
  writeFileSync(join(cwd, 'other.json'), '{"logs":{"x":1}}');
  expect((await pratique('audit', '--state', 'other.json')).code).toBe(3);
});

test('a witness needs a name and logs, and a verifier that asks for witnesses needs a log', async () => {
  const at = async (...argv: string[]) => {
    const terminal = testTerminal({ cwd, env: { HOME: cwd } });
    return { code: await run(argv, terminal, never), stderr: terminal.stderr };
  };
  expect((await at('witness', 'serve', '--name', 'w.example.test')).code).toBe(3);
  expect((await at('witness', 'serve', '--log', 'x')).code).toBe(3);
  writeFileSync(join(cwd, 'witnesses'), 'quorum nobody\n');
  writeFileSync(join(cwd, 'bundle.json'), '{}');
  const identity = ['--certificate-identity', 'a', '--certificate-oidc-issuer', 'b'];
  const verify = ['verify-blob', '--bundle', 'bundle.json', '--witness-policy', 'witnesses', ...identity];
  const root = ['--trusted-root', 'pratique-sigstore/trusted_root.json'];
  const noLog = await at(...verify, ...root, '--insecure-ignore-tlog', 'bundle.json');
  expect([noLog.code, noLog.stderr]).toEqual([3, expect.stringContaining('witnesses are of a log')]);
  const unread = await at(...verify, ...root, 'bundle.json');
  expect([unread.code, unread.stderr]).toEqual([3, expect.stringContaining('WITNESS_POLICY_INVALID')]);
});

test('a root is prepared, signed in two places and taken back; by one person it is not', async () => {
  const env = { HOME: cwd, COSIGN_PASSWORD: 'x' };
  const command = async (...argv: string[]) => {
    const terminal = testTerminal({ cwd, env });
    return { code: await run(argv, terminal, never), stdout: terminal.stdout, stderr: terminal.stderr };
  };
  for (const name of ['a', 'b', 'c'])
    expect((await command('generate-key-pair', '--output-key-prefix', name)).code).toBe(0);
  const prepare = ['sigstore', 'prepare-root', '--threshold', '2', '--to', 'from-a.json'];
  expect((await command(...prepare)).code).toBe(3);
  const prepared = await command(...prepare, '--key', 'a.pub', '--key', 'b.pub', '--key', 'c.pub');
  expect([prepared.code, prepared.stdout.match(/^missing/gm)]).toEqual([0, Array(3).fill('missing')]);
  writeFileSync(join(cwd, 'from-b.json'), readFileSync(join(cwd, 'from-a.json')));
  for (const name of ['a', 'b']) {
    const signed = await command('sigstore', 'sign-root', '--key', `${name}.key`, `from-${name}.json`);
    expect([signed.code, signed.stdout.match(/^signed /gm)]).toEqual([0, ['signed ']]);
    // What is compared before signing is the same everywhere.
    expect(signed.stdout.split('\n')[0]).toBe(prepared.stdout.split('\n')[0]);
  }
  const publish = ['sigstore', 'publish-root'];
  const refused = await command(...publish, 'from-a.json');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('TUF_THRESHOLD')]);
  const taken = await command(...publish, 'from-a.json', 'from-b.json');
  expect([taken.code, taken.stdout.match(/^signed /gm)]).toEqual([0, ['signed ', 'signed ']]);
  // A root that may have signatures is not written over.
  expect((await command(...prepare, '--key', 'a.pub', '--key', 'b.pub')).code).not.toBe(0);
});

test.each([
  ['http://127.0.0.1:1', 1, 'SIGSTORE_LOG_UNREACHABLE'],
  ['nonsense', 3, 'USAGE'],
])('a server that cannot be audited at %s is told, and no defect', async (url, code, told) => {
  const root = join('pratique-sigstore', 'trusted_root.json');
  const audit = await pratique('audit', '--url', url, '--trusted-root', root);
  expect([audit.code, audit.stdout]).toEqual([code, '']);
  expect(audit.stderr).toContain(told);
});

test('a trusted root or a state that is another file is named', async () => {
  writeFileSync(join(cwd, 'other.yaml'), 'kind: Trust');
  const root = await pratique('audit', '--url', 'http://127.0.0.1:1', '--trusted-root', 'other.yaml');
  expect(root.stderr).toMatch(/^error [A-Z_]+: \S*other\.yaml/);
  const state = await pratique('audit', '--state', 'other.yaml');
  expect(state.stderr).toMatch(/^error [A-Z_]+: \S*other\.yaml/);
});

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { run } from '../../packages/cli/src/program/run.ts';
import { testTerminal } from '../../packages/cli/src/testing/terminal.ts';
import { type SigstoreServer, startSigstoreServer } from '../../packages/sigstore-server/src/index.ts';

/** Users whose Sigstore publishes its roots in a TUF repository. */
let cwd: string;
let server: SigstoreServer;
let directory: string;

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-initialize-'));
  directory = mkdtempSync(join(tmpdir(), 'pratique-sigstore-'));
  server = await startSigstoreServer({ listen: '127.0.0.1:0', directory, people: [] });
  onTestFinished(async () => {
    await server.close();
    for (const path of [cwd, directory]) rmSync(path, { recursive: true });
  });
  const root = await fetch(`${server.url}/tuf/root.json`);
  writeFileSync(join(cwd, 'root.json'), Buffer.from(await root.arrayBuffer()));
  writeFileSync(join(cwd, 'file'), 'content');
  writeFileSync(join(cwd, 'bundle.json'), '{}');
});

async function pratique(argv: readonly string[], env: Record<string, string> = {}) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, ...env } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, stderr: terminal.stderr };
}

const mirror = () => ['--mirror', `${server.url}/tuf`];
const verify = ['verify-blob', '--certificate-identity', 'a', '--certificate-oidc-issuer', 'b'];
/** Verification of a bundle that is none: `BLOB_NOT_VERIFIED` says that a trusted root was there to verify it with. */
const attempt = (...flags: string[]) => pratique([...verify, '--bundle', 'bundle.json', ...flags, 'file']);

test('after initialize an identity needs no --trusted-root, offline too and when the repository is gone', async () => {
  expect(await pratique(['initialize', ...mirror(), '--root', 'root.json'])).toMatchObject({ code: 0 });
  const [directory] = readdirSync(join(cwd, '.sigstore', 'root')).filter((name) => !name.includes('.json'));
  expect(readdirSync(join(cwd, '.sigstore', 'root', directory!, 'targets')).sort()).toEqual([
    'signing_config.v0.2.json',
    'trusted_root.json',
  ]);
  await server.close();
  for (const flags of [[], ['--offline']]) {
    const { code, stderr } = await attempt(...flags);
    expect(stderr).toContain('BLOB_NOT_VERIFIED');
    expect(code).toBe(2);
  }
});

test('the root may be fetched when it is what its checksum says', async () => {
  const checksum = createHash('sha256')
    .update(readFileSync(join(cwd, 'root.json')))
    .digest('hex');
  const fetched = ['initialize', ...mirror(), '--root', `${server.url}/tuf/root.json`];
  expect(await pratique([...fetched, '--root-checksum', checksum])).toMatchObject({ code: 0 });
  const wrong = await pratique([
    ...fetched,
    '--root-checksum',
    checksum.replace(/^./, (c) => (c === '0' ? '1' : '0')),
  ]);
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('CHECKSUM_MISMATCH') });
  expect((await pratique(fetched)).stderr).toContain('give --root-checksum');
});

test('a mirror is not believed on another root', async () => {
  const { code, stderr } = await pratique(['initialize', ...mirror()]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/TUF_(THRESHOLD|EXPIRED)/) });
  expect(readdirSync(cwd)).not.toContain('.sigstore');
});

test('offline without roots on this machine is said to be so', async () => {
  const env = { TUF_MIRROR: `${server.url}/tuf` };
  const argv = [...verify, '--bundle', 'bundle.json', '--offline', 'file'];
  const { code, stderr } = await pratique(argv, env);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('TUF_NOT_INITIALIZED') });
});

test('the public-good Sigstore is verified offline on first use, by what is built in, and that is said', async () => {
  const { code, stderr } = await attempt('--offline');
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('BLOB_NOT_VERIFIED') });
  expect(stderr).toContain('the trusted root that comes with pratique is used');
});

test('what is built in stands for nothing that was fetched, and for no other root', async () => {
  const own = await pratique([...verify, '--bundle', 'bundle.json', '--offline', 'file'], {
    TUF_MIRROR: 'https://tuf-repo-cdn.sigstore.dev',
    TUF_ROOT_JSON: 'root.json',
  });
  expect(own).toEqual({ code: 1, stderr: expect.stringContaining('TUF_NOT_INITIALIZED') });
  await pratique(['initialize', ...mirror(), '--root', 'root.json']);
  const { stderr } = await attempt('--offline');
  expect(stderr).not.toContain('comes with pratique');
});

test('TUF_MIRROR and TUF_ROOT_JSON name the repository without initialize', async () => {
  const env = { TUF_MIRROR: `${server.url}/tuf`, TUF_ROOT_JSON: 'root.json', TUF_ROOT: 'elsewhere' };
  const { stderr } = await pratique([...verify, '--bundle', 'bundle.json', 'file'], env);
  expect(stderr).toContain('BLOB_NOT_VERIFIED');
  expect(readdirSync(join(cwd, 'elsewhere')).length).toBeGreaterThan(0);
});

test('a TrustRoot of policy-controller is read from the repository, elsewhere or packed into the file', async () => {
  const root = readFileSync(join(cwd, 'root.json'), 'utf8');
  const packed = execFileSync('tar', ['-C', join(directory, 'tuf'), '-czf', '-', 'repository']);
  const policy = (spec: object) =>
    [
      {
        apiVersion: 'policy.sigstore.dev/v1beta1',
        kind: 'ClusterImagePolicy',
        metadata: { name: 'release' },
        spec: {
          images: [{ glob: 'localhost/**' }],
          authorities: [
            { keyless: { trustRootRef: 'own', identities: [{ issuer: 'https://i.test', subject: 'a' }] } },
          ],
        },
      },
      { apiVersion: 'policy.sigstore.dev/v1alpha1', kind: 'TrustRoot', metadata: { name: 'own' }, spec },
    ]
      .map((document) => JSON.stringify(document))
      .join('\n---\n');
  const read = async (spec: object) => {
    writeFileSync(join(cwd, 'policies.yaml'), policy(spec));
    return await pratique(['policy', 'data', '--trust', 'policies.yaml']);
  };
  const remote = { root, mirror: `${server.url}/tuf` };
  expect(await read({ remote })).toMatchObject({ code: 0 });
  expect(await read({ repository: { root, mirrorFS: packed.toString('base64') } })).toMatchObject({
    code: 0,
  });
  await server.close();
  // What was kept is good for a day.
  expect(await read({ remote })).toMatchObject({ code: 0 });
  expect(await read({ remote: { ...remote, mirror: `${server.url}/elsewhere` } })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TUF_UNREACHABLE'),
  });
});

test.each([
  ['file', 'content', 'not the root of a TUF repository'],
  ['bundle.json', '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}', 'trustedroot'],
  [
    'targets.json',
    '{"signed":{"_type":"targets"},"signatures":[]}',
    'the metadata targets of a TUF repository',
  ],
  ['key.pem', '-----BEGIN PUBLIC KEY-----\n', 'PEM: PUBLIC KEY'],
])('a --root that is none is what is wrong, and not the mirror: %s', async (name, content, found) => {
  writeFileSync(join(cwd, name), content);
  const { code, stderr } = await pratique(['initialize', ...mirror(), '--root', name]);
  expect(stderr).toContain('TUF_ROOT_INVALID');
  expect(stderr).toContain(name);
  expect(stderr).toContain(found);
  expect(stderr).not.toContain('do not trust the mirror');
  expect(code).toBe(3);
  const named = await pratique([...verify, '--bundle', 'bundle.json', 'file'], {
    TUF_MIRROR: `${server.url}/tuf`,
    TUF_ROOT_JSON: name,
  });
  expect(named.stderr).toContain('TUF_ROOT_INVALID');
});

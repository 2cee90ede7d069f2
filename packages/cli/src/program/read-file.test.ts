import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pratique as program } from '../../../../test/support/pratique.ts';
import { testTerminal } from '../testing/terminal.ts';
import { run } from './run.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-read-'));
  writeFileSync(join(cwd, 'blob'), 'a blob');
  writeFileSync(join(cwd, 'bundle'), '{}');
  writeFileSync(join(cwd, 'trust.yaml'), 'apiVersion: pratique.dev/v1\nkind: Trust\ndefault: deny\n');
  await pratique('generate-key-pair');
  for (const name of ['zero.cue', 'zero.rego']) symlinkSync(zero, join(cwd, name));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(cwd, 'pipe')]);
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' } });
  const code = await run(argv, terminal, new AbortController().signal);
  return { code, told: terminal.stdout + terminal.stderr };
}

const zero = '/dev/zero';
const image = '127.0.0.1:1/app:1';

// Whatever reads a file by another road than the others reads this one without end.
test.skipIf(!existsSync(zero)).each([
  ['verify', '--key', zero, image],
  ['verify', '--ca-roots', zero, '--certificate-identity', 'a', '--certificate-oidc-issuer', 'b', image],
  ['verify', '--trusted-root', zero, '--certificate-identity', 'a', '--certificate-oidc-issuer', 'b', image],
  ['verify', '--registry-cacert', zero, '--key', 'cosign.pub', image],
  ['verify-attestation', '--policy', 'zero.cue', '--type', 'custom', '--key', 'cosign.pub', image],
  ['verify-blob', '--key', 'cosign.pub', '--bundle', zero, 'blob'],
  ['verify-blob', '--key', zero, '--bundle', 'bundle', 'blob'],
  ['verify-blob', '--key', 'cosign.pub', '--bundle', 'bundle', zero],
  ['sign', '--key', zero, image],
  ['sign-blob', '--bundle', 'new', '--key', zero, 'blob'],
  ['attest', '--key', 'cosign.key', '--predicate', zero, image],
  ['attach', 'signature', '--signature', zero, '--payload', zero, image],
  ['attach', 'sbom', '--sbom', zero, image],
  ['bundle', 'inspect', zero],
  ['bundle', 'upgrade', zero],
  ['bundle', 'create', '--artifact', zero, '--key', 'cosign.pub', '--signature', zero],
  ['import-key-pair', '--key', zero],
  ['public-key', '--key', zero],
  ['initialize', '--root', zero, '--mirror', 'http://127.0.0.1:1'],
  [
    'trusted-root',
    'create',
    '--rekor',
    `url=https://rekor.example,public-key=${zero},start-time=2026-01-01T00:00:00Z`,
  ],
  ['admit', '--trust', zero, image],
  ['admit', '--trust', 'trust.yaml', '-f', zero],
  ['admit', '--trust', 'trust.yaml', '--policy', zero, image],
  ['scan', '--vex', zero, image],
  ['harden', '-f', zero, '--dry-run', image],
  ['policy', 'eval', '-d', zero, 'data'],
  ['policy', 'eval', '-b', zero, 'data'],
  ['policy', 'eval', '-i', zero, 'data'],
  ['policy', 'fmt', 'zero.rego'],
  ['policy', 'parse', zero],
  ['policy', 'test', 'zero.rego'],
  ['policy', 'check', 'zero.rego'],
  ['policy', 'inspect', zero],
  ['policy', 'build', zero],
  ['sigstore', 'sign-root', '--key', 'cosign.key', zero],
  ['sigstore', 'audit', '--url', 'http://127.0.0.1:1', '--trusted-root', zero],
  ['sigstore', 'serve', '--issuers', zero],
  ['registry', 'serve', '--tls-cert', zero, '--tls-key', zero],
])('a file that never ends is no argument: %j', async (...argv) => {
  const { code, told } = await pratique(...argv);
  expect(told).toMatch(/no file or pipe|NOT_A_FILE/);
  expect(told).not.toContain('INTERNAL');
  expect(code).not.toBe(0);
});

/** Opens a pipe as soon as somebody reads it, and writes nothing. */
async function openForWriting(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a command that waits for who writes a pipe',
  async (signal) => {
    const [command, ...prefix] = program;
    const pipe = join(cwd, 'pipe');
    const child = spawn(command, [...prefix, 'public-key', '--key', pipe], {
      stdio: 'ignore',
      env: { ...process.env, COSIGN_PASSWORD: '' },
    });
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(by ?? code)));
    const writer = await openForWriting(pipe);
    child.kill(signal);
    expect([signal, 130]).toContain(await ended);
    closeSync(writer);
  },
);

test.skipIf(process.platform === 'win32')('a key comes through a pipe: --key <(…), --key /dev/stdin', () => {
  const [command, ...prefix] = program;
  const sh = (script: string) =>
    execFileSync('bash', ['-c', script, 'bash', command, ...prefix], {
      cwd,
      env: { ...process.env, COSIGN_PASSWORD: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  sh('"$@" sign-blob --key <(cat cosign.key) --tlog-upload=false --bundle b.json blob');
  expect(() =>
    sh('"$@" verify-blob --key /dev/stdin --bundle b.json --insecure-ignore-tlog blob < cosign.pub'),
  ).not.toThrow();
  expect(() =>
    sh('cat blob | "$@" verify-blob --key <(cat cosign.pub) --bundle <(cat b.json) --insecure-ignore-tlog -'),
  ).not.toThrow();
});

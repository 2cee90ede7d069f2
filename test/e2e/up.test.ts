import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { run } from '../../packages/cli/src/program/run.ts';
import { testTerminal } from '../../packages/cli/src/testing/terminal.ts';
import {
  buildImage,
  createRegistryClient,
  machinePlatform,
  pushImage,
} from '../../packages/oci/src/index.ts';
import { startUp } from '../support/up.ts';
import { askWebhook, isLetIn, reviewOf } from '../support/webhook.ts';

const alice = 'alice@example.test';
const cwd = mkdtempSync(join(tmpdir(), 'pratique-up-'));
const data = join(cwd, 'data');
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function pratique(...args: string[]): Promise<void> {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, CI: '1' } });
  const code = await run(args, terminal, new AbortController().signal);
  expect(code, terminal.stderr).toBe(0);
}

async function push(registry: string, name: string): Promise<string> {
  const client = createRegistryClient({ environment: {} });
  const image = buildImage({ layers: [], platform: machinePlatform(), run: { labels: { name } } });
  const pushed = await pushImage(image, client.repository(`${registry}/${name}`), { tag: 'v1' });
  client.close();
  return `${registry}/${name}@${pushed.digest}`;
}

test('one command: what people of its own Sigstore signed is let in, also after a restart', {
  timeout: 120_000,
}, async () => {
  let up = await startUp(data, [alice]);
  const decide = async (image: string) => (await askWebhook(up, '/validate', reviewOf([image]))).allowed;
  try {
    const [signed, unsigned] = [await push(up.registry, 'signed'), await push(up.registry, 'unsigned')];
    expect(await decide(signed)).toBe(false);
    const people = JSON.parse(readFileSync(join(data, 'sigstore', 'people.json'), 'utf8')) as Record<
      string,
      string
    >;
    const secret = join(cwd, 'alice.secret');
    writeFileSync(secret, people[alice]!);
    await pratique('initialize', '--mirror', `${up.sigstore}/tuf`, '--root', `${up.sigstore}/tuf/root.json`);
    const identity = ['--oidc-client-id', alice, '--oidc-client-secret-file', secret];
    await pratique('sign', '--fulcio-auth-flow', 'client_credentials', ...identity, signed);
    expect(await isLetIn(up, signed)).toBe(true);
    expect(await decide(unsigned)).toBe(false);

    const trust = readFileSync(join(data, 'trust.yaml'), 'utf8');
    const addresses = { registry: up.registry, sigstore: new URL(up.sigstore).host };
    await up.stop();
    up = await startUp(data, [], addresses);
    expect(await decide(signed)).toBe(true);
    expect(await decide(unsigned)).toBe(false);
    // What is in it is its owner's after the first start.
    expect(readFileSync(join(data, 'trust.yaml'), 'utf8')).toBe(trust);
  } finally {
    await up.stop();
  }
});

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generateSigningKey } from '@pratique/crypto';
import { defaultManagementKey, openPivToken, slotNamed } from '@pratique/keys';
import { startFakeDaemon } from '@pratique/keys/testing/pcscd';
import { PivCard } from '@pratique/keys/testing/piv-card';
import { type ServedNotary, serveNotary } from '@pratique/notary/testing/serve-notary';
import { soon, VirtualNotary } from '@pratique/notary/testing/virtual-notary';
import { buildImage, buildLayer, createRegistryClient, machinePlatform, pushImage } from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { type SigstoreServer, startSigstoreServer } from '@pratique/sigstore-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consoleSteps, matchesShown } from './console-blocks.ts';

const root = new URL('../..', import.meta.url).pathname;
const documents = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: root });
const directories: string[] = [];
let registry: Registry;
let sigstore: SigstoreServer;
let sigstoreDirectory: string;
/** The reader's PIV token, with a key in its slot for signatures. */
let pcscd: Awaited<ReturnType<typeof startFakeDaemon>>;

/** Documents say `localhost:5000` where the reader's registry is, and that `app:1.0` was pushed there. */
const documentedRegistry = 'localhost:5000';
/** And `localhost:5080` where the reader's Sigstore is, with its data in `./sigstore`. */
const documentedSigstore = 'localhost:5080';
/** And `localhost:4443` where the reader's Notary server is, which has `app:1.0`, with its root in `./notary-root.json`. */
const documentedNotary = 'localhost:4443';
let notary: VirtualNotary;
let servedNotary: ServedNotary;

beforeAll(async () => {
  sigstoreDirectory = mkdtempSync(join(tmpdir(), 'pratique-docs-sigstore-'));
  directories.push(sigstoreDirectory);
  sigstore = await startSigstoreServer({
    listen: '127.0.0.1:0',
    directory: sigstoreDirectory,
    people: ['alice@example.com', 'bob@example.com'],
  });
  pcscd = await startFakeDaemon([{ name: 'Yubico YubiKey 00 00', card: new PivCard() }]);
  const token = await openPivToken(undefined, pcscd);
  const slot = slotNamed('signature');
  await token.generateKey(defaultManagementKey, slot, slot.policy);
  await token.close();
});

/** Every document begins with an image that nobody signed. */
beforeEach(async () => {
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  const layer = await buildLayer([
    { type: 'file', path: 'hello', content: new TextEncoder().encode('hello\n') },
  ]);
  const client = createRegistryClient({ environment: {} });
  const image = buildImage({ layers: [layer], platform: machinePlatform() });
  const repository = client.repository(`${registry.address}/app`);
  await pushImage(image, repository, { tag: '1.0' });
  notary = new VirtualNotary(`${registry.address}/app`, generateSigningKey(), soon());
  notary.sign('1.0', (await repository.getManifest('1.0')).bytes);
  notary.publish();
  servedNotary = await serveNotary(notary);
  client.close();
});

afterEach(async () => {
  servedNotary.close();
  await registry.close();
});

afterAll(async () => {
  await sigstore.close();
  await pcscd.close();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Places that documents name, and where they are here. */
function places(): [documented: string, actual: string][] {
  return [
    [documentedRegistry, registry.address],
    [documentedSigstore, new URL(sigstore.url).host],
    [documentedNotary, new URL(servedNotary.url).host],
  ];
}

/** Runs one documented command the way a reader would, with `pratique` on PATH. */
async function runShell(command: string, cwd: string): Promise<string> {
  const here = places().reduce((text, [documented, actual]) => text.replaceAll(documented, actual), command);
  const child = spawn('bash', ['-c', `exec 2>&1; ${here}`], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
    env: {
      ...process.env,
      NO_COLOR: '1',
      CI: '1',
      COSIGN_PASSWORD: 'test',
      PRATIQUE_PIV_PIN: '123456',
      ...pcscd.environment,
      HOME: cwd,
      PATH: `${join(root, 'test/e2e/bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
    },
  });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk;
  return places().reduce((text, [documented, actual]) => text.replaceAll(actual, documented), output);
}

describe('every command shown in a document prints what the document shows', () => {
  for (const document of documents) {
    const steps = consoleSteps(readFileSync(join(root, document), 'utf8'));
    if (steps.length === 0) continue;
    test(document, { timeout: 300_000 }, async () => {
      const cwd = mkdtempSync(join(tmpdir(), 'pratique-docs-'));
      directories.push(cwd);
      symlinkSync(sigstoreDirectory, join(cwd, 'sigstore'));
      writeFileSync(join(cwd, 'notary-root.json'), notary.files.get('root.json')!);
      for (const step of steps) {
        const actual = await runShell(step.command, cwd);
        if (matchesShown(step.shown, actual)) continue;
        expect(`$ ${step.command}\n${actual}`, `${document}:${step.line}`).toBe(
          `$ ${step.command}\n${step.shown}`,
        );
      }
    });
  }
});

test('the matcher of this test can fail', () => {
  expect(matchesShown('a … c', 'a b c')).toBe(true);
  expect(matchesShown('a … c', 'a b d')).toBe(false);
  expect(matchesShown('a\n…\nz', 'a\nb\nc\nz')).toBe(true);
  expect(matchesShown('a\n…\nz', 'a\nz')).toBe(true);
  expect(matchesShown('a\n…', 'a\nb')).toBe(true);
  expect(matchesShown('a', 'a\nb')).toBe(false);
  expect(matchesShown('', 'x')).toBe(false);
});

test('documents link only to files that exist', () => {
  for (const document of documents) {
    const text = readFileSync(join(root, document), 'utf8').replaceAll(/```.*?```/gs, '');
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const path = join(root, dirname(document), target!);
      expect(globSync(path).length, `${document} links to ${target}`).toBe(1);
    }
  }
});

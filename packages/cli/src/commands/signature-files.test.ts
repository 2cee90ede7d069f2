import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, buildLayer, createRegistryClient, machinePlatform, pushImage } from '@pratique/oci';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let registry: Registry;
let cwd: string;
let image: string;
let other: string;

async function pratique(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '', ...env } });
  const code = await run([...argv], terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

const at = (name: string): string => `${registry.address}/${name}`;
const read = (file: string) => readFileSync(join(cwd, file), 'utf8');

async function publish(name: string, content: string): Promise<string> {
  const layer = await buildLayer([{ type: 'file', path: 'f', content: new TextEncoder().encode(content) }]);
  const built = buildImage({ layers: [layer], platform: machinePlatform() });
  const client = createRegistryClient({ environment: {} });
  await pushImage(built, client.repository(at(name)), { tag: '1' });
  client.close();
  return `${at(name)}@${built.descriptor.digest}`;
}

/** A signature in files, and nothing beside the image. */
async function signed(prefix: string, reference: string, ...more: string[]): Promise<void> {
  const files = ['--output-signature', `${prefix}.sig`, '--output-payload', `${prefix}.json`];
  const flags = ['--key', 'cosign.key', '--legacy', '--upload=false', ...files, ...more];
  expect((await pratique(['sign', ...flags, reference])).code).toBe(0);
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-signature-files-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  for (const name of ['cosign', 'other']) await pratique(['generate-key-pair', '--output-key-prefix', name]);
  image = await publish('app', 'one');
  other = await publish('app2', 'two');
  await signed('plain', image);
  await signed('annotated', image, '-a', 'env=prod');
  await signed('another', other);
});

afterAll(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

const verify = (flags: readonly string[], key = 'cosign.pub', reference = image) =>
  pratique(['verify', '--key', key, ...flags, reference]);

test('a signature and what it is over from files: nothing is attached to the image', async () => {
  expect((await verify([])).code).toBe(10);
  const good = await verify(['--signature', 'annotated.sig', '--payload', 'annotated.json']);
  expect(good.code, good.stderr).toBe(0);
  expect(JSON.parse(good.stdout)).toEqual([{ ...JSON.parse(read('annotated.json')) }]);
  const annotated = ['--signature', 'annotated.sig', '--payload', 'annotated.json', '-a'];
  expect((await verify([...annotated, 'env=prod'])).code).toBe(0);
  expect((await verify([...annotated, 'env=dev'])).code).toBe(12);
});

test('without a payload it is what cosign signs without annotations', async () => {
  expect((await verify(['--signature', 'plain.sig'])).code).toBe(0);
  expect((await verify(['--signature', 'annotated.sig'])).code).toBe(12);
});

test('the signature may be the text itself, its bytes, in the environment or behind an address', async () => {
  const text = read('plain.sig');
  writeFileSync(join(cwd, 'raw.sig'), Buffer.from(text, 'base64'));
  writeFileSync(join(cwd, 'wrapped.sig'), text.replace(/.{40}/g, '$&\n'));
  const server = createServer((request, response) => {
    if (request.url === '/plain.sig') response.end(text);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    for (const signature of [text, 'raw.sig', 'wrapped.sig', `${url}/plain.sig`])
      expect((await verify(['--signature', signature])).code, signature).toBe(0);
    const inEnvironment = ['verify', '--key', 'cosign.pub', '--signature', 'env://SIGNATURE', image];
    expect((await pratique(inEnvironment, { SIGNATURE: text })).code).toBe(0);
    expect(await pratique(inEnvironment)).toMatchObject({ code: 3, stdout: '' });
    const missing = await verify(['--signature', `${url}/none.sig`]);
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringContaining('answered 404')]);
    const plain = await verify(['--signature', 'http://registry.example/plain.sig']);
    expect([plain.code, plain.stderr]).toEqual([3, expect.stringContaining('only https')]);
  } finally {
    server.close();
  }
});

test.each([
  [
    'a signature and payload of another image',
    ['--signature', 'another.sig', '--payload', 'another.json'],
    12,
  ],
  ['a payload of another image', ['--signature', 'plain.sig', '--payload', 'another.json'], 12],
  [
    'a payload that another signature is over',
    ['--signature', 'plain.sig', '--payload', 'annotated.json'],
    12,
  ],
  ['a payload without a signature', ['--payload', 'plain.json'], 3],
  ['a file that is not there', ['--signature', 'none.sig'], 3],
])('%s is refused', async (_name, flags, code) => {
  const refused = await verify(flags);
  expect([refused.code, refused.stdout], refused.stderr).toEqual([code, '']);
});

test('a signature by another key, and one for an image that is not there, are refused', async () => {
  const flags = ['--signature', 'plain.sig', '--payload', 'plain.json'];
  expect((await verify(flags, 'other.pub')).code).toBe(12);
  const missing = image.replace(/sha256:.*/, `sha256:${'0'.repeat(64)}`);
  expect((await verify(flags, 'cosign.pub', missing)).code).toBe(11);
});

test('what is attached to the image does not count where a signature is given', async () => {
  const both = await publish('both', 'three');
  expect((await pratique(['sign', '--key', 'cosign.key', both])).code).toBe(0);
  expect((await verify([], 'cosign.pub', both)).code).toBe(0);
  expect((await verify(['--signature', 'plain.sig'], 'cosign.pub', both)).code).toBe(12);
});

test('--sct without --certificate is of no use for images', async () => {
  writeFileSync(join(cwd, 'sct.json'), '{}');
  const who = ['--certificate-identity', 'a@example.test', '--certificate-oidc-issuer', 'https://i.test'];
  const refused = await pratique(['verify', '--sct', 'sct.json', ...who, '--offline', image]);
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('--sct with --certificate')]);
});

const sign = (reference: string, ...flags: string[]) =>
  pratique(['sign', '--key', 'cosign.key', ...flags, reference]);

test('sign --payload signs the document that is given, about this image', async () => {
  const target = await publish('given', 'four');
  const document = JSON.parse((await pratique(['generate', '-a', 'env=prod', target])).stdout);
  document.critical.identity['docker-reference'] = 'mirror.example/app';
  // As it stands, white space and all.
  writeFileSync(join(cwd, 'given.json'), JSON.stringify(document, null, 2));
  const signed = await sign(target, '--legacy', '--payload', 'given.json', '--output-payload', 'again.json');
  expect(signed.code, signed.stderr).toBe(0);
  expect(read('again.json')).toBe(read('given.json'));
  const verified = await verify(['-a', 'env=prod'], 'cosign.pub', target);
  expect(JSON.parse(verified.stdout)).toEqual([document]);
});

test.each([
  ['of another image', 'another.json', 'SUBJECT_MISMATCH', 2],
  ['of no image', 'none.json', 'PAYLOAD_INVALID', 2],
  ['of another type', 'typed.json', 'PAYLOAD_TYPE_MISMATCH', 2],
])('sign --payload signs nothing with a document %s', async (_name, file, problem, code) => {
  writeFileSync(join(cwd, 'none.json'), '{"critical":{}}');
  const document = JSON.parse(read('plain.json'));
  document.critical.type = 'atomic container signature';
  writeFileSync(join(cwd, 'typed.json'), JSON.stringify(document));
  const output = ['--output-signature', 'never.sig', '--upload=false'];
  const refused = await sign(image, '--legacy', '--payload', file, ...output);
  expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(problem)]);
  expect(() => read('never.sig')).toThrow();
});

test.each([
  ['a bundle', []],
  ['annotations', ['--legacy', '-a', 'env=prod']],
  ['a name of its own', ['--legacy', '--sign-container-identity', 'mirror.example/app']],
  ['every image of an index', ['--legacy', '-r']],
  ['a second image', ['--legacy', 'registry.example/other']],
])('sign --payload does not go with %s', async (_name, flags) => {
  expect((await sign(image, '--payload', 'plain.json', ...flags)).code).toBe(3);
});

test('--sign-container-identity with several names makes a signature for each', async () => {
  const target = await publish('named', 'five');
  const names = ['--sign-container-identity', 'a.example/app,b.example/app'];
  const more = ['--sign-container-identity', 'c.example/app'];
  const signed = await sign(target, '--legacy', ...names, ...more);
  expect(signed.code, signed.stderr).toBe(0);
  const printed = JSON.parse((await verify([], 'cosign.pub', target)).stdout) as {
    critical: { identity: Record<string, string> };
  }[];
  expect(printed.map(({ critical }) => critical.identity['docker-reference']).sort()).toEqual([
    'a.example/app',
    'b.example/app',
    'c.example/app',
  ]);
  expect((await sign(target, '--legacy', ...names, '--output-signature', 'x.sig')).code).toBe(3);
});

test('--key may be behind an address, which is warned of', async () => {
  const server = createServer((request, response) => {
    const file =
      request.url === '/other.pub' ? 'other.pub' : request.url === '/cosign.key' ? 'cosign.key' : null;
    if (request.url === '/cosign.pub') response.end(read('cosign.pub'));
    else if (file === null) response.writeHead(404).end();
    else response.end(read(file));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const by = (name: string) => verify(['--signature', 'plain.sig'], `${url}/${name}`);
    const good = await by('cosign.pub');
    expect([good.code, good.stderr]).toEqual([
      0,
      expect.stringContaining('whoever can answer for the address'),
    ]);
    expect((await by('other.pub')).code).toBe(12);
    expect((await by('none.pub')).code).toBe(3);
    const secret = await by('cosign.key');
    expect([secret.code, secret.stderr]).toEqual([3, expect.stringContaining('is a private key')]);
    const far = await verify(['--signature', 'plain.sig'], 'http://registry.example/cosign.pub');
    expect([far.code, far.stderr]).toEqual([3, expect.stringContaining('only https')]);
    const signing = await pratique(['sign', '--key', `${url}/cosign.key`, image]);
    expect([signing.code, signing.stderr]).toEqual([3, expect.stringContaining('not supported')]);
  } finally {
    server.close();
  }
});

test('attach signature takes the signature itself too', async () => {
  const target = await publish('attached', 'six');
  await signed('six', target);
  const attached = await pratique(['attach', 'signature', '--signature', read('six.sig').trim(), target]);
  expect(attached.code, attached.stderr).toBe(0);
  expect((await verify([], 'cosign.pub', target)).code).toBe(0);
  expect((await pratique(['attach', 'signature', target])).code).toBe(3);
});

test('sign --legacy --bundle writes the signature of one image as sign-blob of cosign 2 does', async () => {
  const target = await publish('old-bundle', 'seven');
  const flags = ['--legacy', '--upload=false', '--bundle', 'old.json'];
  const made = await sign(target, ...flags, '--output-signature', 'seven.sig');
  expect(made.code, made.stderr).toBe(0);
  expect(JSON.parse(read('old.json'))).toEqual({ base64Signature: read('seven.sig') });
  expect((await sign(target, ...flags, '-r')).code).toBe(3);
});

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  checkWitnesses,
  formatVerifierKey,
  generateSigningKey,
  parseCheckpoint,
  parseWitnessPolicy,
  signCosignature,
} from '@pratique/crypto';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { SigstoreServer } from '../index.ts';
import {
  alice,
  certificateRequest,
  hashedRekord,
  hashedRekordV2,
  post,
  start,
  temporaryDirectory,
} from '../testing/client.ts';
import { startWitness } from './serve.ts';

const key = generateSigningKey();
let directory: string;
beforeEach(() => {
  directory = temporaryDirectory(onTestFinished);
});

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** The log's verifier keys, which witnesses have to know before the log can ask them. */
async function logKeys(): Promise<SigstoreServer['logVerifierKeys']> {
  const server = await start(directory);
  await server.close();
  return server.logVerifierKeys;
}

async function witnessOf(name: string, logs: readonly string[]) {
  const options = { listen: '127.0.0.1:0', directory: temporaryDirectory(onTestFinished), name, logs };
  const witness = await startWitness(options);
  onTestFinished(() => witness.close());
  return witness;
}

const add = async (server: SigstoreServer, name: string) => {
  const { status, text } = await post(`${server.url}/api/v2/log/entries`, hashedRekordV2(name, key));
  expect(status, text).toBe(201);
  const { inclusionProof } = JSON.parse(text) as {
    inclusionProof: { treeSize: string; checkpoint: { envelope: string } };
  };
  const note = parseCheckpoint(inclusionProof.checkpoint.envelope);
  expect(String(note.treeSize)).toBe(inclusionProof.treeSize);
  return note;
};

/** What is found of a checkpoint that exactly these witnesses cosigned, which are enough. */
const seenBy = (...names: string[]) => ({
  ok: true,
  cosignatures: names.map((name) => ({ name, time: expect.any(Date) })),
});

test('entries come back with checkpoints that every witness cosigned, over restarts and many at once', async () => {
  const logs = (await logKeys())['rekor-v2'];
  const witnesses = [await witnessOf('w0.example.test', logs), await witnessOf('w1.example.test', logs)];
  const policy = parseWitnessPolicy(
    `${witnesses.map(({ verifierKey, url }, i) => `witness w${i} ${verifierKey} ${url}\n`).join('')}group all 2 w0 w1\nquorum all\n`,
  );
  for (let round = 0; round < 2; round++) {
    const server = await start(directory, { witnesses: policy });
    const names = Array.from({ length: 12 }, (_, i) => `${round} ${i}`);
    const notes = await Promise.all(names.map((name) => add(server, name)));
    for (const note of notes) expect(checkWitnesses(note, policy)).toEqual(seenBy('w0', 'w1'));
    const published = parseCheckpoint(await (await fetch(`${server.url}/api/v2/checkpoint`)).text());
    expect(checkWitnesses(published, policy).ok).toBe(true);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
      'pratique_sigstore_witness_answering{log="rekor-v2",witness="w0"} 1',
    );
    await server.close();
    const onDisk = parseCheckpoint(readFileSync(join(directory, 'rekor-v2', 'checkpoint'), 'utf8'));
    expect(checkWitnesses(onDisk, policy).ok).toBe(true);
    expect(onDisk.treeSize).toBe(BigInt(12 * (round + 1)));
  }
});

test('a witness that is down, lies, or knows another tree is left out, and that is shown', async () => {
  const logs = (await logKeys())['rekor-v2'];
  const good = await witnessOf('good.example.test', logs);
  const stranger = generateSigningKey('ed25519');
  const answers: Record<string, (body: string) => [status: number, text: string]> = {
    // Signs something else, with the right key.
    other: (body) => [
      200,
      signCosignature(`x${body.slice(body.indexOf('\n\n') + 2)}`, 'other', stranger, new Date()),
    ],
    another: () => [409, '1000000\n'],
    stuck: () => [409, '0\n'],
    words: () => [409, 'a lot\n'],
    long: () => [200, '\u2014 '.repeat(50_000)],
    broken: () => [500, ''],
    moved: () => [302, ''],
  };
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [status, text] = answers[incoming.url!.split('/')[1]!]!(Buffer.concat(chunks).toString());
      outgoing.writeHead(status, status === 302 ? { location: '/good' } : {}).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const liars = Object.keys(answers).map((name) => {
    const own = name === 'other' ? stranger : generateSigningKey('ed25519');
    const vkey = formatVerifierKey({ name, key: own.publicKey, role: 'witness' });
    return `witness ${name} ${vkey} ${urlOf(server)}/${name}\n`;
  });
  const gone = formatVerifierKey({
    name: 'gone',
    key: generateSigningKey('ed25519').publicKey,
    role: 'witness',
  });
  const policy = parseWitnessPolicy(
    `${liars.join('')}witness gone ${gone} http://127.0.0.1:1\nwitness good ${good.verifierKey} ${good.url}\nquorum none\n`,
  );
  const log = await start(directory, { witnesses: policy });
  onTestFinished(() => log.close());
  for (const name of ['one', 'two']) {
    const note = await add(log, name);
    expect(checkWitnesses(note, policy).cosignatures.map(({ name }) => name)).toEqual(['good']);
    // Nothing but the log's and the witness's line.
    expect(note.signatures).toHaveLength(2);
  }
  const metrics = await (await fetch(`${log.url}/metrics`)).text();
  for (const name of [...Object.keys(answers), 'gone'])
    expect(metrics).toContain(`pratique_sigstore_witness_answering{log="rekor-v2",witness="${name}"} 0`);
  expect(metrics).toContain('pratique_sigstore_witness_answering{log="rekor-v2",witness="good"} 1');
});

test('Rekor v1 and the certificate log have the cosignatures beside their tiles, and none in proofs, where clients refuse them', async () => {
  const logs = Object.values(await logKeys()).flat();
  const witnesses = [await witnessOf('w0.example.test', logs), await witnessOf('w1.example.test', logs)];
  const policy = parseWitnessPolicy(
    `${witnesses.map(({ verifierKey, url }, i) => `witness w${i} ${verifierKey} ${url}\n`).join('')}group all 2 w0 w1\nquorum all\n`,
  );
  const server = await start(directory, { witnesses: policy, witnessed: ['rekor', 'ctlog'] });
  onTestFinished(() => server.close());
  const { status, text } = await post(`${server.url}/api/v1/log/entries`, hashedRekord('entry', key));
  expect(status).toBe(201);
  const [{ verification }] = Object.values(JSON.parse(text)) as [
    { verification: { inclusionProof: { checkpoint: string } } },
  ];
  const { signedTreeHead } = (await (await fetch(`${server.url}/api/v1/log`)).json()) as {
    signedTreeHead: string;
  };
  for (const proof of [verification.inclusionProof.checkpoint, signedTreeHead])
    expect(parseCheckpoint(proof).signatures).toHaveLength(1);
  const issued = await post(`${server.url}/api/v2/signingCert`, certificateRequest(key, alice), {
    authorization: `Bearer ${await server.issueToken(alice)}`,
  });
  expect(issued.status).toBe(200);
  const witnessed = seenBy('w0', 'w1');
  for (const name of ['rekor', 'ctlog']) {
    const served = parseCheckpoint(await (await fetch(`${server.url}/tiles/${name}/checkpoint`)).text());
    expect(served.treeSize).toBe(1n);
    expect(checkWitnesses(served, policy)).toEqual(witnessed);
  }
  // Rekor v2 was not asked for: its witnesses do not have to know it.
  expect((await add(server, 'unwitnessed')).signatures).toHaveLength(1);
  await server.close();
  for (const name of ['rekor', 'ctlog']) {
    const onDisk = parseCheckpoint(readFileSync(join(directory, name, 'checkpoint'), 'utf8'));
    expect(checkWitnesses(onDisk, policy)).toEqual(witnessed);
  }
});

test('a witness that knows the key of Rekor v1 under its name only does not know the log, whose origin is another', async () => {
  const [full] = (await logKeys()).rekor;
  const vkey = full!.slice(full!.lastIndexOf(' ') + 1);
  const unaware = await witnessOf('w0.example.test', [vkey]);
  const policy = parseWitnessPolicy(`witness w0 ${unaware.verifierKey} ${unaware.url}\nquorum none\n`);
  const server = await start(directory, { witnesses: policy, witnessed: ['rekor'] });
  onTestFinished(() => server.close());
  const served = parseCheckpoint(await (await fetch(`${server.url}/tiles/rekor/checkpoint`)).text());
  expect(served.signatures).toHaveLength(1);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
    'pratique_sigstore_witness_answering{log="rekor",witness="w0"} 0',
  );
});

test('a log that is none cannot be witnessed', async () => {
  await expect(start(directory, { witnessed: ['rekor-v3' as 'rekor'] })).rejects.toMatchObject({
    code: 'SIGSTORE_SERVER_OPTION_INVALID',
  });
});

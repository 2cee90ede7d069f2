import {
  encodeBase64,
  findCosignature,
  formatVerifierKey,
  GrowingTree,
  generateSigningKey,
  leafHash,
  parseCheckpoint,
  parseVerifierKey,
  signCheckpoint,
} from '@pratique/crypto';
import fc from 'fast-check';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { askAs, temporaryDirectory } from '../testing/client.ts';
import { startWitness, type WitnessServer } from './serve.ts';

const origin = 'log.example.test';
const logKey = generateSigningKey('ed25519');
const log = formatVerifierKey({ name: origin, key: logKey.publicKey, role: 'log' });
const leaf = (text: string) => leafHash(new TextEncoder().encode(text));

/** The honest log, and one that is another from its seventh entry on. */
const tree = new GrowingTree();
const fork = new GrowingTree();
for (let i = 0; i < 20; i++) {
  tree.append(leaf(`${i}`));
  fork.append(leaf(i < 6 ? `${i}` : `other ${i}`));
}
const checkpoint = (size: number, of = tree, key = logKey, name = origin) =>
  signCheckpoint({ origin: name, size, root: of.root(size) }, name, key);
const request = async (old: number, size: number, of = tree) => {
  const proof = old === 0 || old >= size ? [] : of.consistencyProof(old, size);
  return `${[`old ${old}`, ...proof.map(encodeBase64)].join('\n')}\n\n${await checkpoint(size, of)}`;
};

let directory: string;
let witness: WitnessServer;
const start = () =>
  startWitness({ listen: '127.0.0.1:0', directory, name: 'witness.example.test/w1', logs: [log] });
beforeEach(async () => {
  directory = temporaryDirectory(onTestFinished);
  witness = await start();
  onTestFinished(() => witness.close());
});

async function ask(body: string) {
  const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  };
}

test('a log that only grows is cosigned: from nothing, further, and again at the same size', async () => {
  const { name, key } = parseVerifierKey(witness.verifierKey);
  for (const [old, size] of [
    [0, 5],
    [5, 5],
    [5, 11],
    [11, 20],
  ] as const) {
    const { status, text } = await ask(await request(old, size));
    expect([old, size, status]).toEqual([old, size, 200]);
    const found = findCosignature(parseCheckpoint((await checkpoint(size)) + text), name, key);
    expect(Math.abs(found!.time.getTime() - Date.now())).toBeLessThan(60_000);
  }
});

test('a fork is not cosigned, by no proof, and what was seen stays', async () => {
  await ask(await request(0, 10));
  expect((await ask(await request(10, 15, fork))).status).toBe(422);
  expect((await ask(`old 10\n\n${await checkpoint(15, fork)}`)).status).toBe(422);
  // The other tree at the size that was seen: no proof is needed, the roots differ.
  expect(await ask(`old 10\n\n${await checkpoint(10, fork)}`)).toMatchObject({ status: 409, text: '10\n' });
  expect((await ask(await request(10, 20))).status).toBe(200);
});

test('an older tree, and one from another beginning than was seen, get the size that was', async () => {
  await ask(await request(0, 10));
  for (const [old, size] of [
    [0, 10],
    [0, 20],
    [5, 20],
    [11, 20],
    [5, 7],
  ] as const) {
    expect(await ask(await request(old, size)), `${old} to ${size}`).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      text: '10\n',
    });
  }
});

test('a log that is not known, or whose signature is missing, is not cosigned', async () => {
  const stranger = generateSigningKey('ed25519');
  expect((await ask(`old 0\n\n${await checkpoint(5, tree, logKey, 'elsewhere.example.test')}`)).status).toBe(
    404,
  );
  expect((await ask(`old 0\n\n${await checkpoint(5, tree, stranger)}`)).status).toBe(403);
  const changed = (await checkpoint(5)).replace(encodeBase64(tree.root(5)), encodeBase64(fork.root(9)));
  expect((await ask(`old 0\n\n${changed}`)).status).toBe(403);
  // Nothing of it was kept.
  expect((await ask(await request(0, 5))).status).toBe(200);
});

test('what is no request is refused', async () => {
  await ask(await request(0, 10));
  const hash = encodeBase64(tree.root(3));
  for (const [body, status] of [
    ['', 400],
    [await checkpoint(10), 400],
    [`old 10\n${await checkpoint(10)}`, 400],
    [`old -1\n\n${await checkpoint(10)}`, 400],
    [`old 010\n\n${await checkpoint(10)}`, 400],
    [`old 12\n\n${await checkpoint(10)}`, 400],
    [`old 10\nnot a hash\n\n${await checkpoint(15)}`, 400],
    [`old 10\nAAAA\n\n${await checkpoint(15)}`, 400],
    [`old 10\n${`${hash}\n`.repeat(64)}\n${await checkpoint(15)}`, 400],
    [`old 10\n${hash}\n\n${await checkpoint(10)}`, 422],
    [`old 10\n${hash}\n\n${await checkpoint(15)}`, 422],
    ['x'.repeat(70_000), 413],
  ] as const) {
    expect((await ask(body)).status, body.slice(0, 40)).toBe(status);
  }
  expect((await ask(await request(10, 15))).status).toBe(200);
});

test('a proof that was changed in any way is refused', async () => {
  await ask(await request(0, 7));
  const good = await request(7, 13);
  const lines = good.slice(0, good.indexOf('\n\n')).split('\n');
  const checkpointText = good.slice(good.indexOf('\n\n'));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: lines.length - 1 }),
      fc.nat(31),
      fc.integer({ min: 1, max: 255 }),
      async (at, byte, mask) => {
        const hash = Buffer.from(lines[at]!, 'base64');
        hash[byte]! ^= mask;
        const { status } = await ask(lines.with(at, hash.toString('base64')).join('\n') + checkpointText);
        expect(status).toBe(422);
      },
    ),
    { numRuns: 50 },
  );
  expect((await ask(lines.slice(0, -1).join('\n') + checkpointText)).status).toBe(422);
  expect((await ask(good)).status).toBe(200);
});

test('two requests at once do not roll back what was seen', async () => {
  await ask(await request(0, 5));
  const answers = await Promise.all([20, 8, 20, 12].map(async (size) => ask(await request(5, size))));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const seen = answers.find(({ status }) => status === 409)!.text;
  expect(await ask(await request(0, 20))).toMatchObject({ status: 409, text: seen });
});

test('what was seen outlives the process, and so does the key', async () => {
  await ask(await request(0, 10));
  const { verifierKey } = witness;
  await witness.close();
  witness = await start();
  expect(witness.verifierKey).toBe(verifierKey);
  expect(await ask(await request(0, 10))).toMatchObject({ status: 409, text: '10\n' });
  expect((await ask(await request(10, 15, fork))).status).toBe(422);
  expect((await ask(await request(10, 15))).status).toBe(200);
});

test('a second witness on the same directory, and a witness’s key for a log’s, are refused', async () => {
  await expect(start()).rejects.toMatchObject({ code: 'SIGSTORE_SERVER_DIRECTORY_IN_USE' });
  const options = { listen: '127.0.0.1:0', directory: `${directory}/other`, name: 'w' };
  await expect(startWitness({ ...options, logs: [witness.verifierKey] })).rejects.toMatchObject({
    code: 'SIGSTORE_SERVER_OPTION_INVALID',
  });
  await expect(startWitness({ ...options, logs: ['log.example.test'] })).rejects.toMatchObject({
    code: 'NOTE_INVALID',
  });
});

test('a web page cannot reach a witness on loopback under its own name', async () => {
  expect(await askAs('evil.example', `${witness.url}/add-checkpoint`, 'POST')).toBe(421);
  expect(await askAs('witness.example.test', `${witness.url}/healthz`)).toBe(200);
});

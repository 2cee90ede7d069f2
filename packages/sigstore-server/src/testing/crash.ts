import { deepEqual, equal, ok } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  decodeBase64,
  GrowingTree,
  generateSigningKey,
  leafHash,
  parseCheckpoint,
  parsePem,
  verifyInclusionProof,
} from '@pratique/crypto';
import { auditDirectory } from '../index.ts';
import { tilePath } from '../log/tiles.ts';
import { alice, certificateRequest, hashedRekord, hashedRekordV2, post } from './client.ts';

const script = fileURLToPath(new URL('./serve.ts', import.meta.url));
const key = generateSigningKey();
/** Where each log's tiles are. */
const logs = { rekor: '/tiles/rekor', 'rekor-v2': '/api/v2', ctlog: '/tiles/ctlog' } as const;
type LogName = keyof typeof logs;

/** What a client was told and holds the server to. */
export interface Acknowledged {
  /** Leaves by log and index. */
  readonly leaves: Record<'rekor' | 'rekor-v2', Map<number, Uint8Array>>;
  readonly uuids: Map<string, number>;
  /** Keys in certificates: each must be in an entry of the certificate log. */
  readonly keys: Uint8Array[];
  /** Every tree that was shown, by size: two roots of one size would be a fork. */
  readonly heads: Record<LogName, Map<number, string>>;
}

export function nothingAcknowledged(): Acknowledged {
  return {
    leaves: { rekor: new Map(), 'rekor-v2': new Map() },
    uuids: new Map(),
    keys: [],
    heads: { rekor: new Map(), 'rekor-v2': new Map(), ctlog: new Map() },
  };
}

/** @throws AssertionError where two of them show different trees */
export function acknowledgedTogether(all: readonly Acknowledged[]): Acknowledged {
  const together = nothingAcknowledged();
  for (const { leaves, uuids, keys, heads } of all) {
    for (const name of ['rekor', 'rekor-v2'] as const)
      for (const [index, leaf] of leaves[name]) together.leaves[name].set(index, leaf);
    for (const [uuid, index] of uuids) together.uuids.set(uuid, index);
    together.keys.push(...keys);
    for (const name of Object.keys(logs) as LogName[])
      for (const [size, root] of heads[name]) saw(together.heads[name], size, hex(root));
  }
  return together;
}

export interface CrashOptions {
  readonly directory: string;
  readonly rounds: number;
  /** Told after every round. */
  readonly onRound?: (round: number, acknowledged: number) => void;
}

/**
 * Starts a server, has four clients sign as fast as they can, and kills it with SIGKILL at the moment an answer arrives;
 * as many times as there are rounds. Then everything that was ever acknowledged must be there, and every tree that was
 * ever shown must be a beginning of the one that is.
 *
 * @returns how much was acknowledged
 * @throws AssertionError
 */
export async function killInRounds({ directory, rounds, onRound }: CrashOptions): Promise<number> {
  const acknowledged = nothingAcknowledged();
  const count = () =>
    acknowledged.uuids.size + acknowledged.leaves['rekor-v2'].size + acknowledged.keys.length;
  for (let round = 0; round < rounds; round++) {
    const serving = await serve(directory);
    try {
      await signUntilKilled(serving, round, acknowledged);
    } finally {
      serving.child.kill('SIGKILL');
    }
    onRound?.(round + 1, count());
    if (round % 20 === 0) await audit(directory);
  }
  const { child, url } = await serve(directory);
  try {
    await check(url, acknowledged);
  } finally {
    child.kill('SIGKILL');
  }
  await audit(directory);
  return count();
}

interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  /** Alice's. */
  readonly secret: string;
}

async function serve(directory: string): Promise<Serving> {
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const people = JSON.parse(readFileSync(join(directory, 'people.json'), 'utf8')) as Record<string, string>;
  return { child, url: line.toString().trim(), secret: people[alice]! };
}

async function signUntilKilled(
  { child, url, secret }: Serving,
  round: number,
  acknowledged: Acknowledged,
): Promise<void> {
  const exited = once(child, 'exit');
  let left = 8 + ((7 * round) % 31);
  const client = async (name: string) => {
    for (let n = 0; ; n++) {
      const id = `${name} ${round}.${n}`;
      try {
        if (n % 3 === 0) await addToRekor(url, id, acknowledged);
        else if (n % 3 === 1) await addToRekorV2(url, id, acknowledged);
        else await requestCertificate(url, secret, acknowledged);
      } catch (error) {
        // fetch fails with a TypeError when the connection breaks: that is the kill.
        if (error instanceof TypeError) return;
        throw error;
      }
      // Killed at the very moment an answer arrives: what it acknowledges must already be on disk.
      left -= 1;
      if (left === 0) child.kill('SIGKILL');
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(client));
  deepEqual(await exited, [null, 'SIGKILL']);
}

function saw(heads: Map<number, string>, size: number, root: Uint8Array): void {
  const hex = Buffer.from(root).toString('hex');
  equal(heads.get(size) ?? hex, hex, `two trees of ${size} entries were shown`);
  heads.set(size, hex);
}

export async function addToRekor(
  url: string,
  id: string,
  { leaves, uuids, heads }: Acknowledged,
): Promise<void> {
  const { status, text } = await post(`${url}/api/v1/log/entries`, hashedRekord(id, key));
  equal(status, 201, text);
  const [[uuid, { body, logIndex, verification }]] = Object.entries(JSON.parse(text)) as [[string, EntryV1]];
  checkProof(body, logIndex, verification.inclusionProof);
  uuids.set(uuid, logIndex);
  leaves.rekor.set(logIndex, decodeBase64(body, 'body'));
  saw(heads.rekor, verification.inclusionProof.treeSize, hex(verification.inclusionProof.rootHash));
}

interface EntryV1 {
  readonly body: string;
  readonly logIndex: number;
  readonly verification: {
    readonly inclusionProof: {
      readonly rootHash: string;
      readonly treeSize: number;
      readonly hashes: readonly string[];
    };
  };
}

function checkProof(body: string, index: number, proof: EntryV1['verification']['inclusionProof']): void {
  const leaf = leafHash(decodeBase64(body, 'body'));
  const { treeSize, hashes, rootHash } = proof;
  ok(verifyInclusionProof(leaf, BigInt(index), BigInt(treeSize), hashes.map(hex), hex(rootHash)));
}

export async function addToRekorV2(url: string, id: string, { leaves, heads }: Acknowledged): Promise<void> {
  const { status, text } = await post(`${url}/api/v2/log/entries`, hashedRekordV2(id, key));
  equal(status, 201, text);
  const entry = JSON.parse(text) as {
    logIndex: string;
    canonicalizedBody: string;
    inclusionProof: { checkpoint: { envelope: string } };
  };
  leaves['rekor-v2'].set(Number(entry.logIndex), decodeBase64(entry.canonicalizedBody, 'body'));
  const { treeSize, rootHash } = parseCheckpoint(entry.inclusionProof.checkpoint.envelope);
  saw(heads['rekor-v2'], Number(treeSize), rootHash);
}

export async function requestCertificate(
  url: string,
  secret: string,
  { keys, heads }: Acknowledged,
): Promise<void> {
  const form = { grant_type: 'client_credentials', client_id: alice, client_secret: secret };
  const token = await fetch(`${url}/oidc/token`, { method: 'POST', body: new URLSearchParams(form) });
  const { id_token } = (await token.json()) as { id_token: string };
  const signer = generateSigningKey();
  const { status, text } = await post(`${url}/api/v2/signingCert`, certificateRequest(signer, alice), {
    authorization: `Bearer ${id_token}`,
  });
  equal(status, 200, text);
  ok(parsePem((JSON.parse(text) as Issued).signedCertificateEmbeddedSct.chain.certificates[0]!, 'issued'));
  keys.push(signer.publicKey.spki);
  const head = await (await fetch(`${url}/tiles/ctlog/checkpoint`)).text();
  const { treeSize, rootHash } = parseCheckpoint(head);
  saw(heads.ctlog, Number(treeSize), rootHash);
}

interface Issued {
  readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
}

export async function check(url: string, { leaves, uuids, keys, heads }: Acknowledged): Promise<void> {
  const all = {
    rekor: await readLeaves(`${url}${logs.rekor}`),
    'rekor-v2': await readLeaves(`${url}${logs['rekor-v2']}`),
    ctlog: await readLeaves(`${url}${logs.ctlog}`),
  };
  for (const name of ['rekor', 'rekor-v2'] as const) {
    for (const [index, leaf] of leaves[name]) deepEqual(all[name][index], leaf, `${name} ${index}`);
  }
  for (const spki of keys) {
    ok(
      all.ctlog.some((leaf) => Buffer.from(leaf).includes(Buffer.from(spki))),
      'an issued certificate is not in its log',
    );
  }
  for (const name of Object.keys(logs) as LogName[]) {
    const tree = new GrowingTree();
    for (const leaf of all[name]) tree.append(leafHash(leaf));
    for (const [size, root] of heads[name]) {
      equal(Buffer.from(tree.root(size)).toString('hex'), root, `${name} forked at ${size}`);
    }
  }
  for (const [uuid, index] of uuids) {
    const response = await fetch(`${url}/api/v1/log/entries/${uuid}`);
    const entry = ((await response.json()) as Record<string, EntryV1>)[uuid];
    equal(entry?.logIndex, index);
    checkProof(entry!.body, index, entry!.verification.inclusionProof);
  }
}

/** Every leaf, from the entry bundles. */
async function readLeaves(url: string): Promise<Uint8Array[]> {
  const { treeSize } = parseCheckpoint(await (await fetch(`${url}/checkpoint`)).text());
  const leaves: Uint8Array[] = [];
  for (let index = 0; index * 256 < Number(treeSize); index++) {
    const width = Math.min(256, Number(treeSize) - index * 256);
    const partial = width === 256 ? '' : `.p/${width}`;
    const response = await fetch(`${url}/tile/entries/${tilePath(index)}${partial}`);
    const bundle = Buffer.from(await response.arrayBuffer());
    for (let at = 0; at < bundle.byteLength; ) {
      const end = at + 2 + bundle.readUInt16BE(at);
      leaves.push(new Uint8Array(bundle.subarray(at + 2, end)));
      at = end;
    }
  }
  return leaves;
}

/** As the last kill left it: the published files must be sound and in the journal. */
export async function audit(directory: string): Promise<void> {
  const audits = await auditDirectory(directory, { seen: {} });
  deepEqual(
    audits.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
    [],
  );
}

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

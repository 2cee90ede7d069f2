import {
  concatBytes,
  decodeBase64,
  generateSigningKey,
  leafHash,
  parsePem,
  uintBytes,
  verifyInclusionProof,
  verifySignature,
} from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { loadKey } from '../store/keys.ts';
import { alice, certificateRequest, post, start, temporaryDirectory } from '../testing/client.ts';

test('an issued certificate is in the log: its entry, a proof to the signed tree head, nothing beyond', async () => {
  const directory = temporaryDirectory(onTestFinished);
  const server = await start(directory);
  onTestFinished(() => server.close());
  const authorization = `Bearer ${await server.issueToken(alice)}`;
  for (let i = 0; i < 3; i++) {
    const body = certificateRequest(generateSigningKey(), alice);
    expect((await post(`${server.url}/api/v2/signingCert`, body, { authorization })).status).toBe(200);
  }
  const get = async (path: string) => {
    const response = await fetch(`${server.url}/ct/v1/${path}`);
    return { status: response.status, body: (await response.json()) as never };
  };
  const head: {
    tree_size: number;
    timestamp: number;
    sha256_root_hash: string;
    tree_head_signature: string;
  } = (await get('get-sth')).body;
  expect(head.tree_size).toBe(3);
  const root = decodeBase64(head.sha256_root_hash, 'root');
  const signed = concatBytes(
    Uint8Array.of(0, 1),
    uintBytes(head.timestamp, 8),
    uintBytes(head.tree_size, 8),
    root,
  );
  const ctlog = loadKey(`${directory}/keys`, 'ctlog', undefined);
  const signature = decodeBase64(head.tree_head_signature, 'signature').subarray(4);
  expect(verifySignature(ctlog.publicKey, signed, signature)).not.toBeNull();

  const { entries }: { entries: { leaf_input: string; extra_data: string }[] } = (
    await get('get-entries?start=0&end=99')
  ).body;
  expect(entries).toHaveLength(3);
  for (const { leaf_input } of entries) {
    const hash = leafHash(decodeBase64(leaf_input, 'leaf'));
    const query = new URLSearchParams({ hash: Buffer.from(hash).toString('base64'), tree_size: '3' });
    const proof: { leaf_index: number; audit_path: string[] } = (await get(`get-proof-by-hash?${query}`))
      .body;
    const path = proof.audit_path.map((item) => decodeBase64(item, 'hash'));
    expect(verifyInclusionProof(hash, BigInt(proof.leaf_index), 3n, path, root)).toBe(true);
  }
  const { certificates }: { certificates: string[] } = (await get('get-roots')).body;
  const chain = parsePem(await (await fetch(`${server.url}/api/v1/rootCert`)).text(), 'chain');
  expect(certificates).toEqual([Buffer.from(chain.at(-1)!.bytes).toString('base64')]);

  expect((await get('get-entries?start=3&end=3')).status).toBe(400);
  expect((await get('get-entries?start=2&end=1')).status).toBe(400);
  expect((await get('get-entries?start=-1&end=1')).status).toBe(400);
  expect((await get('get-sth-consistency?first=1&second=4')).status).toBe(400);
  expect((await get(`get-proof-by-hash?hash=${'A'.repeat(43)}%3D&tree_size=3`)).status).toBe(404);
  for (const hash of ['', 'AAAA', `${'A'.repeat(44)}AAA%3D`])
    expect((await get(`get-proof-by-hash?hash=${hash}&tree_size=3`)).status).toBe(400);
  expect((await post(`${server.url}/ct/v1/add-pre-chain`, { chain: [] })).status).toBe(404);
});

import { rmSync } from 'node:fs';
import {
  encodeBase64,
  formatVerifierKey,
  GrowingTree,
  generateSigningKey,
  leafHash,
  signCheckpoint,
} from '@pratique/crypto';
import { startWitness } from '@pratique/sigstore-server';
import { isBare, type Target } from './target.ts';

const origin = 'log.example.test';

/** A witness of one log, which only grows. */
export async function witnessTarget(directory: string): Promise<Target> {
  const key = generateSigningKey('ed25519');
  const tree = new GrowingTree();
  const log = formatVerifierKey({ name: origin, key: key.publicKey, role: 'log' });
  const witness = await startWitness({
    listen: '127.0.0.1:0',
    directory,
    name: 'w.example.test',
    logs: [log],
  });
  /** What it has seen last, as far as it told. */
  let seen = 0;
  return {
    name: 'witness',
    endpoint: { url: witness.url },
    async request(random) {
      if (random.chance(0.05)) return { method: 'GET', path: '/healthz' };
      const grown = tree.size + 1 + random.below(3);
      while (tree.size < grown) tree.append(leafHash(random.bytes(4)));
      const proof = seen === 0 ? [] : tree.consistencyProof(seen, tree.size);
      const note = await signCheckpoint({ origin, size: tree.size, root: tree.root() }, origin, key);
      const body = `${[`old ${seen}`, ...proof.map(encodeBase64)].join('\n')}\n\n${note}`;
      return { method: 'POST', path: '/add-checkpoint', body: { bytes: Buffer.from(body) } };
    },
    faults: () => [],
    judge({ path, method }, answer) {
      if (answer === undefined) return undefined;
      const { status, body, headers } = answer;
      if (path === '/add-checkpoint' && method === 'POST' && status === 200) seen = tree.size;
      if (status === 409) {
        const size = /^(0|[1-9]\d*)\n$/.exec(body.toString())?.[1];
        if (size === undefined || headers['content-type'] !== 'text/x.tlog.size')
          return 'a conflict without a size';
        if (Number(size) < seen) return `it forgot that it had seen ${seen} entries`;
        seen = Number(size);
      }
      if (status < 400 || isBare(answer) || method === 'HEAD') return undefined;
      return (headers['content-type'] ?? '').startsWith('text/') ? undefined : 'the answer is no text';
    },
    async finish() {
      await witness.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

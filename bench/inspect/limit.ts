/**
 * What no scan can be faster than: every layer of an image layout read once, both digests computed, unzipped, and its
 * headers walked. `node limit.ts LAYOUT`
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

interface Descriptor {
  readonly digest: string;
}

const layout = process.argv[2]!;
const blob = (digest: string) => join(layout, 'blobs/sha256', digest.slice('sha256:'.length));
const json = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T;
const [image] = json<{ manifests: Descriptor[] }>(join(layout, 'index.json')).manifests;
const { layers } = json<{ layers: Descriptor[] }>(blob(image!.digest));

let entries = 0;
for (const { digest } of layers) {
  const compressed = createHash('sha256');
  const plain = createHash('sha256');
  const source = createReadStream(blob(digest), { highWaterMark: 1024 * 1024 });
  source.on('data', (chunk) => compressed.update(chunk));
  let skip = 0;
  let cut: Buffer = Buffer.alloc(0);
  const unzipped: AsyncIterable<Buffer> = pipeline(source, createGunzip({ chunkSize: 256 * 1024 }), () => {});
  for await (const piece of unzipped) {
    plain.update(piece);
    const chunk = cut.length === 0 ? piece : Buffer.concat([cut, piece]);
    cut = Buffer.alloc(0);
    let at = skip;
    for (; at + 512 <= chunk.length; entries++) {
      const size = Number.parseInt(chunk.toString('latin1', at + 124, at + 136), 8) || 0;
      at += 512 + Math.ceil(size / 512) * 512;
    }
    if (at < chunk.length) cut = chunk.subarray(at);
    skip = Math.max(0, at - chunk.length);
  }
  if (`sha256:${compressed.digest('hex')}` !== digest) throw new Error(`${digest} is damaged`);
  plain.digest();
}
process.stdout.write(`${entries}\n`);

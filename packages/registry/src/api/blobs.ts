/** distribution-spec "Pulling blobs", "Deleting Blobs" (end-2, end-10). */
import { unlinkSync } from 'node:fs';
import { ApiError } from '../api-error.ts';
import { type Exchange, matchesEntityTag, parseDigestParameter, send } from '../server/exchange.ts';
import { parseRange } from '../server/range.ts';
import { sendFile } from '../server/send-file.ts';
import type { Service } from '../server/service.ts';

export async function getBlob(service: Service, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  const digest = parseDigestParameter(exchange.reference);
  const repository = await service.store.find(exchange.name);
  const size = repository?.blobSize(digest);
  if (repository === undefined || size === undefined) throw unknown();

  const tag = `"${digest}"`;
  outgoing.setHeader('Docker-Content-Digest', digest);
  outgoing.setHeader('ETag', tag);
  outgoing.setHeader('Accept-Ranges', 'bytes');
  // Content under a digest never changes; who may read it can, so only the client itself may keep it.
  outgoing.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
  if (matchesEntityTag(incoming.headers['if-none-match'], tag)) return send(exchange, 304, {});

  outgoing.setHeader('Content-Type', 'application/octet-stream');
  const ifRange = incoming.headers['if-range'];
  const isRanged = incoming.method === 'GET' && (ifRange === undefined || ifRange === tag);
  const range = isRanged ? parseRange(incoming.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    throw new ApiError(416, 'SIZE_INVALID', 'the range is outside the blob', [], {
      'Content-Range': `bytes */${size}`,
    });
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  if (range !== undefined) outgoing.setHeader('Content-Range', `bytes ${first}-${last}/${size}`);
  outgoing.setHeader('Content-Length', last - first + 1);
  outgoing.writeHead(range === undefined ? 200 : 206);
  if (incoming.method === 'HEAD' || last < first) {
    outgoing.end();
    return;
  }
  await sendFile(outgoing, repository.blobPath(digest), first, last - first + 1, service.memory);
}

export async function deleteBlob(service: Service, exchange: Exchange): Promise<void> {
  const digest = parseDigestParameter(exchange.reference);
  const repository = await service.store.find(exchange.name);
  // A manifest's bytes lie among the blobs, but deleting them is deleteManifest's business.
  if (repository?.blobSize(digest) === undefined || repository.manifests.has(digest)) throw unknown();
  unlinkSync(repository.blobPath(digest));
  await repository.syncBlobs(digest);
  send(exchange, 202, {});
}

function unknown(): ApiError {
  return new ApiError(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
}

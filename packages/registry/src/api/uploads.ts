/** distribution-spec "Pushing blobs" and "Mounting a blob from another repository" (end-4, end-5, end-6, end-11, end-13, end-14). */
import { type Digest, digestAlgorithm, isDigest, isRepositoryName } from '@pratique/oci';
import { ApiError } from '../api-error.ts';
import { chunksOf, contentLength } from '../server/body.ts';
import { type Exchange, parseDigestParameter, send } from '../server/exchange.ts';
import { parseContentRange } from '../server/range.ts';
import type { Service } from '../server/service.ts';
import type { Upload } from '../store/upload.ts';

/** POST: begins an upload, takes a whole blob with `?digest=`, or mounts one with `?mount=`. */
export async function startUpload(service: Service, exchange: Exchange): Promise<void> {
  const { query, name } = exchange;
  const mount = query.get('mount');
  if (mount !== null && isDigest(mount) && (await tryMount(service, exchange, mount))) {
    return sendCreated(exchange, mount);
  }
  if (query.has('digest')) {
    const digest = parseDigestParameter(query.get('digest'));
    const upload = await service.uploads.begin(name, digestAlgorithm(digest));
    try {
      return await finish(service, exchange, upload, digest);
    } catch (error) {
      // The client never learnt this upload's name, so it cannot resume it.
      await service.uploads.drop(upload);
      throw error;
    }
  }
  const algorithm = query.get('digest-algorithm') ?? 'sha256';
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw new ApiError(400, 'UNSUPPORTED', 'digest-algorithm must be sha256 or sha512');
  }
  return sendProgress(exchange, 202, await service.uploads.begin(name, algorithm));
}

/** PATCH: appends a chunk; without `Content-Range` it follows whatever is there. */
export async function appendChunk(service: Service, exchange: Exchange): Promise<void> {
  const upload = service.uploads.find(exchange.name, exchange.reference);
  await receive(service, exchange, upload);
  sendProgress(exchange, 202, upload);
}

/** PUT: appends the last chunk, or nothing, and completes the blob. */
export async function completeUpload(service: Service, exchange: Exchange): Promise<void> {
  const upload = service.uploads.find(exchange.name, exchange.reference);
  await finish(service, exchange, upload, parseDigestParameter(exchange.query.get('digest')));
}

export function uploadStatus(service: Service, exchange: Exchange): void {
  sendProgress(exchange, 204, service.uploads.find(exchange.name, exchange.reference));
}

export async function cancelUpload(service: Service, exchange: Exchange): Promise<void> {
  await service.uploads.drop(service.uploads.find(exchange.name, exchange.reference));
  send(exchange, 204, {});
}

async function tryMount(service: Service, exchange: Exchange, digest: Digest): Promise<boolean> {
  const from = exchange.query.get('from');
  let sourceDirectory: string;
  if (from === null) {
    // Without a source any repository would do: not where some of them are closed to this client.
    if (service.hasAccessControl) return false;
    sourceDirectory = service.store.directory;
  } else {
    if (!isRepositoryName(from) || !(await exchange.mayPull(from))) return false;
    const source = await service.store.find(from);
    if (source === undefined) return false;
    sourceDirectory = source.directory;
  }
  return service.store.mount(exchange.name, sourceDirectory, digest);
}

async function finish(service: Service, exchange: Exchange, upload: Upload, digest: Digest): Promise<void> {
  await receive(service, exchange, upload);
  service.uploads.forget(upload);
  await service.store.adopt(exchange.name, digest, await upload.finish(digest));
  sendCreated(exchange, digest);
}

/** Takes the request's body into the upload, if it is the piece that comes next. */
async function receive(service: Service, exchange: Exchange, upload: Upload): Promise<void> {
  const { incoming } = exchange;
  const header = incoming.headers['content-range'];
  const length = contentLength(incoming);
  let expected = length;
  if (upload.busy) throw outOfOrder(upload, 'another request is sending to this upload');
  if (header !== undefined) {
    const range = parseContentRange(header);
    if (range === undefined) throw outOfOrder(upload, 'Content-Range must be <first>-<last>');
    if (range.first !== upload.size)
      throw outOfOrder(upload, `the next chunk must begin at byte ${upload.size}`);
    expected = range.last - range.first + 1;
    if (length !== undefined && length !== expected) {
      throw new ApiError(400, 'SIZE_INVALID', 'Content-Range and Content-Length differ');
    }
  }
  const before = upload.size;
  const maxBytes = service.limits.blobBytes;
  try {
    if (before + (expected ?? 0) > maxBytes) {
      throw new ApiError(413, 'SIZE_INVALID', `a blob may have at most ${maxBytes} bytes`);
    }
    await upload.append(chunksOf(incoming), maxBytes);
    if (expected !== undefined && upload.size - before !== expected) {
      throw new ApiError(400, 'SIZE_INVALID', 'the body is not as long as Content-Range says');
    }
  } catch (error) {
    // A client that vanished may come back and resume; everything else ends the upload.
    if (incoming.complete || upload.broken || error instanceof ApiError) await service.uploads.drop(upload);
    throw error;
  }
}

function outOfOrder(upload: Upload, message: string): ApiError {
  return new ApiError(416, 'BLOB_UPLOAD_INVALID', message, [], progressHeaders(upload));
}

function sendProgress(exchange: Exchange, status: number, upload: Upload): void {
  send(exchange, status, progressHeaders(upload));
}

function progressHeaders(upload: Upload): Record<string, string> {
  return {
    Location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    // The specification has no way to say "nothing yet": everybody sends 0-0.
    Range: `0-${Math.max(0, upload.size - 1)}`,
    'Docker-Upload-UUID': upload.id,
  };
}

function sendCreated(exchange: Exchange, digest: Digest): void {
  send(exchange, 201, { Location: `/v2/${exchange.name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}

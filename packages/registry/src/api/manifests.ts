/** distribution-spec "Pulling manifests", "Pushing Manifests", "Deleting tags", "Deleting Manifests" (end-3, end-7, end-9). */

import { printable } from '@pratique/errors';
import { type Digest, digestAlgorithm, digestOf, isDigest, isMediaType, isTag } from '@pratique/oci';
import type { BudgetShare } from '@pratique/storage';
import { ApiError } from '../api-error.ts';
import {
  declaredMediaType,
  type InspectedManifest,
  inspectManifest,
  ManifestInvalid,
} from '../manifest/inspect.ts';
import type { PushEvent } from '../options.ts';
import { readBody } from '../server/body.ts';
import { type Exchange, matchesEntityTag, send } from '../server/exchange.ts';
import type { Service } from '../server/service.ts';
import type { RepositoryStore } from '../store/repository.ts';

const maxTagsAPush = 100;

export async function getManifest(service: Service, exchange: Exchange): Promise<void> {
  const repository = await service.store.find(exchange.name);
  const manifest = repository?.resolve(parseReference(exchange.reference));
  if (repository === undefined || manifest === undefined) throw unknown();
  const headers = {
    'Content-Type': manifest.mediaType,
    'Docker-Content-Digest': manifest.digest,
    ETag: `"${manifest.digest}"`,
  };
  if (matchesEntityTag(exchange.incoming.headers['if-none-match'], headers.ETag))
    return send(exchange, 304, headers);
  return send(exchange, 200, headers, service.store.manifestBytes(repository, manifest.digest));
}

export async function putManifest(service: Service, exchange: Exchange): Promise<void> {
  const share = service.memory.share();
  try {
    await storeManifest(service, exchange, share);
  } finally {
    share.release();
  }
}

async function storeManifest(service: Service, exchange: Exchange, share: BudgetShare): Promise<void> {
  const reference = parseReference(exchange.reference);
  const tags = 'tag' in reference ? [reference.tag] : parseTags(exchange.query.getAll('tag'));
  const bytes = await readBody(exchange.incoming, service.limits.manifestBytes, share);
  const expected = 'digest' in reference ? reference.digest : undefined;
  const digest = digestOf(bytes, expected && digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) {
    throw new ApiError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content', [
      { expected, found: digest },
    ]);
  }
  const { mediaType, inspected } = inspect(bytes, exchange.incoming.headers['content-type']);

  const repository = await service.store.findOrCreate(exchange.name);
  await repository.pinned(inspected.references, async () => {
    checkRequired(repository, inspected);
    await service.store.putManifest(
      repository,
      { mediaType, digest, size: bytes.length },
      inspected,
      bytes,
      tags,
    );
  });
  notify(service, { repository: exchange.name, digest, mediaType, tags });
  send(exchange, 201, {
    Location: `/v2/${exchange.name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(inspected.subject === undefined ? {} : { 'OCI-Subject': inspected.subject }),
    ...('digest' in reference && tags.length > 0 ? { 'OCI-Tag': tags } : {}),
  });
}

export async function deleteManifest(service: Service, exchange: Exchange): Promise<void> {
  const reference = parseReference(exchange.reference);
  const repository = await service.store.find(exchange.name);
  if (repository?.resolve(reference) === undefined) throw unknown();
  if ('tag' in reference) await repository.deleteTag(reference.tag);
  else await repository.deleteManifest(reference.digest);
  send(exchange, 202, {});
}

function parseReference(text: string): { readonly tag: string } | { readonly digest: Digest } {
  if (isDigest(text)) return { digest: text };
  if (text.includes(':')) throw new ApiError(400, 'DIGEST_INVALID', 'not a digest this registry knows');
  if (isTag(text)) return { tag: text };
  throw new ApiError(
    400,
    'TAG_INVALID',
    'not a tag: expected up to 128 of [A-Za-z0-9_.-], the first not . or -',
  );
}

/** `?tag=` of a push by digest (distribution-spec "Pushing Manifests"). */
function parseTags(tags: readonly string[]): readonly string[] {
  if (tags.length > maxTagsAPush)
    throw new ApiError(414, 'TAG_INVALID', `at most ${maxTagsAPush} tags a push`);
  if (!tags.every(isTag)) throw new ApiError(400, 'TAG_INVALID', 'the tag parameter is not a tag');
  return tags;
}

/** Without parameters: `application/vnd…+json; charset=utf-8` names the same type. */
function parseMediaType(text: string | undefined): string {
  const mediaType = text?.split(';')[0]?.trim() ?? '';
  if (isMediaType(mediaType)) return mediaType;
  throw new ApiError(400, 'MANIFEST_INVALID', 'the manifest has no media type: send a Content-Type header');
}

function inspect(
  bytes: Uint8Array,
  contentType: string | undefined,
): { readonly mediaType: string; readonly inspected: InspectedManifest } {
  try {
    const mediaType = parseMediaType(contentType ?? declaredMediaType(bytes));
    return { mediaType, inspected: inspectManifest(bytes, mediaType) };
  } catch (error) {
    if (error instanceof ManifestInvalid) throw new ApiError(400, 'MANIFEST_INVALID', error.message);
    throw error;
  }
}

function checkRequired(repository: RepositoryStore, inspected: InspectedManifest): void {
  const missing = inspected.required.filter((digest) => repository.blobSize(digest) === undefined);
  if (missing.length === 0) return;
  const detail = missing.slice(0, 100).map((digest) => ({ digest }));
  throw new ApiError(
    404,
    'MANIFEST_BLOB_UNKNOWN',
    'manifest names a blob this repository does not have',
    detail,
  );
}

/** The manifest is stored whatever the listener does, so what it throws is not the client's business. */
function notify(service: Service, event: PushEvent): void {
  try {
    service.onPush?.(event);
  } catch (error) {
    process.stderr.write(`registry: onPush: ${printable(String(error))}\n`);
  }
}

function unknown(): ApiError {
  return new ApiError(404, 'MANIFEST_UNKNOWN', 'manifest unknown to registry');
}

import { hash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '@pratique/oci';
import { makeDirectories } from '@pratique/storage';
import { type LayerOptions, readLayer } from './layer.ts';
import { Spool } from './spool.ts';
import type { LayerContents, LayerEntry } from './types.ts';

/** Layers read before, in a directory that may be removed at any time. It must be writable by nobody else. */
export interface LayerCache {
  readonly directory: string;
  /** Bytes the directory may take; the layers used longest ago go first. */
  readonly maxBytes: number;
}

/** Change it with the form of what is stored. */
const version = 2;
/** A layer of which more is kept is not remembered: reading it back would cost what reading the layer costs. */
const maxKeptBytes = 64 * 1024 ** 2;

type StoredEntry = Omit<LayerEntry, 'content' | 'xattrs'> & {
  readonly content?: readonly [offset: number, size: number];
  readonly xattrs?: readonly (readonly [name: string, base64: string])[];
};

interface Stored {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  readonly entries: readonly StoredEntry[];
}

/**
 * A layer from the cache, else read and remembered. It is found by the digest of its blob, its diff ID and what was to
 * be kept of it: another blob that claims the same diff ID is read and checked.
 *
 * @param open the blob's bytes, which end only if they have `digest`
 */
export async function readCachedLayer(
  cache: LayerCache,
  digest: Digest,
  diffId: Digest,
  options: LayerOptions,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<LayerContents> {
  const key = [version, digest, diffId, options.keep?.id ?? '', options.digests].join('\n');
  const path = join(cache.directory, `${hash('sha256', key)}.layer`);
  const known = load(path, options);
  if (known !== undefined) return known;
  const layer = await readLayer(await open(), options, digest);
  // What is not what it claims to be is for the caller to refuse, not to be remembered.
  if (layer.diffId === diffId) store(cache, path, layer);
  return layer;
}

/** First line: sha256 of the rest. Second line: `Stored`. Then what was kept. */
function load(path: string, { limits }: LayerOptions): LayerContents | undefined {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch {
    return undefined;
  }
  const rest = file.subarray(65);
  if (file.toString('latin1', 0, 64) !== hash('sha256', rest)) return undefined;
  const end = rest.indexOf(0x0a);
  const stored = JSON.parse(rest.toString('utf8', 0, end)) as Stored;
  const spool = new Spool(limits.keptBytes);
  spool.append(rest.subarray(end + 1));
  const now = new Date();
  utimesSync(path, now, now);
  return {
    digest: stored.digest,
    diffId: stored.diffId,
    size: stored.size,
    entries: stored.entries.map(({ content, xattrs, ...entry }) => ({
      ...entry,
      ...(content === undefined ? {} : { content: spool.source(entry.path, ...content) }),
      ...(xattrs === undefined
        ? {}
        : {
            xattrs: new Map(
              xattrs.map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))]),
            ),
          }),
    })),
    close: () => spool.close(),
  };
}

function store(
  cache: LayerCache,
  path: string,
  layer: LayerContents & { digest: Digest; diffId: Digest },
): void {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  const entries: StoredEntry[] = [];
  for (const { content, xattrs, ...entry } of layer.entries) {
    if (content !== undefined) {
      if (bytes + content.size > maxKeptBytes) return;
      kept.push(content.read(0, content.size));
    }
    entries.push({
      ...entry,
      ...(content === undefined ? {} : { content: [bytes, content.size] as const }),
      ...(xattrs === undefined
        ? {}
        : {
            xattrs: [...xattrs].map(
              ([name, value]) => [name, Buffer.from(value).toString('base64')] as const,
            ),
          }),
    });
    bytes += content?.size ?? 0;
  }
  const { digest, diffId, size } = layer;
  const stored: Stored = { digest, diffId, size, entries };
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(stored)}\n`), ...kept]);
  try {
    makeDirectories(cache.directory, 0o700);
    const temporary = join(cache.directory, `${randomUUID()}.tmp`);
    writeFileSync(temporary, Buffer.concat([Buffer.from(`${hash('sha256', rest)}\n`), rest]), {
      mode: 0o600,
    });
    renameSync(temporary, path);
    evict(cache);
  } catch {
    // A cache that cannot be written costs time only.
  }
}

function evict({ directory, maxBytes }: LayerCache): void {
  const files = readdirSync(directory)
    .map((name) => join(directory, name))
    .flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, size: stat.size, used: stat.mtimeMs }];
    })
    .sort((a, b) => b.used - a.used);
  let total = 0;
  for (const { path, size } of files) {
    total += size;
    if (total > maxBytes) rmSync(path, { force: true });
  }
}

import { gunzipSync } from 'node:zlib';
import { decodeBase64 } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { TarStream } from '@pratique/inspect';
import { type Mirror, readTargetOnce, tufErrors } from '@pratique/tuf';
import { policyErrors } from '../../errors.ts';
import { invalid, type Path, placeOf } from '../problems.ts';
import { type Placed, readObjects } from './objects.ts';
import type { TrustRoot } from './schema.ts';

/** The `trusted_root.json` of TrustRoots from TUF repositories, by the TrustRoots' names. */
export type FetchedRoots = ReadonlyMap<string, Uint8Array>;

/**
 * Reads targets of a TUF repository elsewhere, believed on a root.
 *
 * @param targets the folder of the targets below the mirror
 */
export type OpenRemote = (
  mirror: string,
  root: Uint8Array,
  targets: string,
) => Promise<{ read(target: string): Promise<Uint8Array> }>;

/** More than a repository with a trusted root, uncompressed, needs. */
const maxBytes = 32 * 1024 * 1024;
const maxFiles = 4096;

/**
 * Reads the trusted roots of all TrustRoots that are in TUF repositories: those a file holds whole (`repository`), with
 * no request, and those elsewhere (`remote`). Signatures, versions and expiry are checked as TUF has it.
 *
 * @throws TRUST_INVALID with `file:line:column`; TUF_UNREACHABLE where a repository cannot be reached
 */
export async function fetchTrustRoots(
  files: readonly { readonly name: string; readonly text: string }[],
  openRemote: OpenRemote,
  now: Date,
): Promise<FetchedRoots> {
  const fetched = new Map<string, Uint8Array>();
  for (const [name, root] of readObjects(files).trustRoots) {
    const { remote, repository } = root.value.spec;
    if (repository !== undefined) {
      const bytes = await attempt(root, 'repository', async () => {
        const mirror = serializedMirror(repository.mirrorFS, repository.targets ?? 'targets');
        const target = repository.trustedRootTarget ?? 'trusted_root.json';
        return await readTargetOnce({ mirror, root: rootBytes(repository.root), now }, target);
      });
      fetched.set(name, bytes);
    } else if (remote !== undefined) {
      const bytes = await attempt(root, 'remote', async () => {
        const client = await openRemote(remote.mirror, rootBytes(remote.root), remote.targets ?? 'targets');
        return await client.read(remote.trustedRootTarget ?? 'trusted_root.json');
      });
      fetched.set(name, bytes);
    }
  }
  return fetched;
}

async function attempt(
  { source, at, value }: Placed<TrustRoot>,
  member: string,
  read: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const place: Path = [...at, 'spec', member];
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof PratiqueError)) throw cause;
    const what = `the TUF repository of TrustRoot ${value.metadata.name}`;
    if (cause.code === 'TUF_UNREACHABLE') {
      throw tufErrors.error('TUF_UNREACHABLE', {
        message: `${placeOf(source, place, 'value')}: ${what} cannot be read: ${cause.message}`,
        cause,
      });
    }
    throw invalid(source, place, `${what} cannot be believed: ${cause.message} (${cause.code})`, { cause });
  }
}

/** JSON as text, as policy-controller has it now, or in base64, as it had it. */
function rootBytes(root: string): Uint8Array {
  if (root.trimStart().startsWith('{')) return new TextEncoder().encode(root);
  return decodeBase64(root.replace(/\s/g, ''), 'root');
}

/** A repository that is a tar archive, compressed and in base64, in a folder `repository` or without. */
function serializedMirror(mirrorFS: string, targets: string): Mirror {
  const files = unpack(decodeBase64(mirrorFS.replace(/\s/g, ''), 'mirrorFS'));
  return {
    url: 'mirrorFS',
    async fetch([first = '', ...rest], limit) {
      const path = [first === 'targets' && rest.length > 0 ? targets : first, ...rest].join('/');
      const bytes = files.get(path);
      if (bytes === undefined || bytes.byteLength <= limit) return bytes;
      throw archiveError(`${path} in mirrorFS is larger than it may be`);
    },
  };
}

function unpack(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  let tar: Uint8Array;
  try {
    tar = gunzipSync(archive, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw archiveError(`mirrorFS is not compressed by gzip, or holds more than ${maxBytes} bytes`, cause);
  }
  const files = new Map<string, Uint8Array>();
  let name: string | undefined;
  let chunks: Uint8Array[] = [];
  const stream = new TarStream({
    entry({ type, path }) {
      const inside = path.replace(/^(\.?\/)*(repository\/)?/, '');
      name = type === '0' && inside !== '' ? inside : undefined;
      chunks = [];
      if (files.size >= maxFiles) throw archiveError(`mirrorFS holds more than ${maxFiles} files`);
    },
    content(chunk) {
      if (name !== undefined) chunks.push(chunk.slice());
    },
    end() {
      if (name !== undefined) files.set(name, Buffer.concat(chunks));
    },
  });
  stream.push(tar);
  return files;
}

function archiveError(message: string, cause?: unknown) {
  return policyErrors.error('TRUST_INVALID', { message, cause });
}

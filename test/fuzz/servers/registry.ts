import { rmSync } from 'node:fs';
import { type Digest, digestOf, isDigest, mediaTypes } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import type { Random } from './random.ts';
import type { Request } from './request.ts';
import { isBare, jsonOf, routeOf, type Target } from './target.ts';

const codes = new Set([
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DENIED',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'PAGINATION_NUMBER_INVALID',
  'SIZE_INVALID',
  'TAG_INVALID',
  'TOOMANYREQUESTS',
  'UNAUTHORIZED',
  'UNSUPPORTED',
]);

const repositories = ['a', 'team/app', 'constructor', 'a/blobs/uploads', 'x'.repeat(120)];
const keptUploads = 20;

interface OpenUpload {
  readonly repository: string;
  readonly id: string;
}

/** A registry on a directory of its own. */
export async function registryTarget(directory: string): Promise<Target> {
  const faults: unknown[] = [];
  const open = () =>
    startRegistry({
      listen: '127.0.0.1:0',
      directory,
      limits: { openUploads: 100, uploadIdleMs: 2000 },
      log: ({ fault }) => {
        if (fault !== undefined) faults.push(fault);
      },
    });
  let registry = await open();
  /** `repository digest` of what was acknowledged, and by nobody removed. */
  const kept = { blobs: new Set<string>(), manifests: new Set<string>() };
  const uploads: OpenUpload[] = [];
  const contents = new Map<Digest, Uint8Array>();
  const content = (bytes: Uint8Array): Digest => {
    const digest = digestOf(bytes);
    contents.set(digest, bytes);
    return digest;
  };
  const empty = content(Buffer.from('{}'));
  const known = (set: ReadonlySet<string>, random: Random): readonly [string, string] => {
    const [repository = 'a', digest = empty] = (random.pick([...set, `a ${empty}`]) as string).split(' ');
    return [repository, digest];
  };
  const manifest = (random: Random): Uint8Array => {
    const [, blob] = known(kept.blobs, random);
    const size = contents.get(blob as Digest)?.length ?? 2;
    const described = { mediaType: mediaTypes.ociLayer, digest: blob, size };
    return Buffer.from(
      JSON.stringify(
        random.chance(0.2)
          ? {
              schemaVersion: 2,
              mediaType: mediaTypes.ociIndex,
              manifests: [{ ...described, mediaType: mediaTypes.ociManifest }],
            }
          : {
              schemaVersion: 2,
              mediaType: mediaTypes.ociManifest,
              config: { mediaType: mediaTypes.ociEmpty, digest: empty, size: 2 },
              layers: random.chance(0.5) ? [described] : [],
              ...(random.chance(0.5) ? { subject: { ...described, mediaType: mediaTypes.ociManifest } } : {}),
              annotations: { a: '\u202e"\\</script>', __proto__: 'x', n: String(random.below(1000)) },
            },
      ),
    );
  };
  const routes: readonly ((random: Random) => Request)[] = [
    () => ({ method: 'GET', path: '/v2/' }),
    () => ({ method: 'GET', path: '/v2/_catalog?n=2&last=a' }),
    (random) => ({ method: 'GET', path: `/v2/${random.pick(repositories)}/tags/list?n=3&last=t1` }),
    (random) => {
      const [repository, digest] = known(kept.blobs, random);
      return {
        method: 'GET',
        path: `/v2/${repository}/referrers/${digest}?artifactType=${encodeURIComponent(mediaTypes.ociEmpty)}`,
      };
    },
    (random) => {
      const [repository, digest] = known(kept.blobs, random);
      return {
        method: random.pick(['GET', 'GET', 'HEAD']),
        path: `/v2/${repository}/blobs/${digest}`,
        headers: random.chance(0.5) ? { Range: `bytes=${random.below(20)}-${random.below(40)}` } : {},
      };
    },
    (random) => {
      const [repository, digest] = known(kept.manifests, random);
      return {
        method: random.pick(['GET', 'GET', 'HEAD']),
        path: `/v2/${repository}/manifests/${random.chance(0.5) ? digest : 't1'}`,
      };
    },
    (random) => {
      const [repository, digest] = known(random.chance(0.5) ? kept.manifests : kept.blobs, random);
      return { method: 'DELETE', path: `/v2/${repository}/${random.pick(['manifests', 'blobs'])}/${digest}` };
    },
    (random) => ({ method: 'POST', path: `/v2/${random.pick(repositories)}/blobs/uploads/` }),
    (random) => {
      const bytes = random.chance(0.2) ? Buffer.from('{}') : random.bytes(random.below(5000));
      return {
        method: 'POST',
        path: `/v2/${random.pick(repositories)}/blobs/uploads/?digest=${content(bytes)}`,
        headers: { 'Content-Type': 'application/octet-stream' },
        body: { bytes },
      };
    },
    (random) => {
      const [from, digest] = known(kept.blobs, random);
      return {
        method: 'POST',
        path: `/v2/${random.pick(repositories)}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`,
      };
    },
    (random) => {
      const { repository, id } = random.pick([...uploads, { repository: 'a', id: crypto.randomUUID() }]);
      // Also in a repository that it was not begun in.
      const where = random.chance(0.2) ? random.pick(repositories) : repository;
      const bytes = random.bytes(random.below(3000));
      const method = random.pick(['PATCH', 'PATCH', 'PUT', 'GET', 'DELETE']);
      return {
        method,
        path: `/v2/${where}/blobs/uploads/${id}${method === 'PUT' ? `?digest=${content(bytes)}` : ''}`,
        headers: { 'Content-Type': 'application/octet-stream' },
        ...(method === 'PATCH' || method === 'PUT' ? { body: { bytes } } : {}),
      };
    },
    (random) => {
      const bytes = manifest(random);
      const reference = random.chance(0.5) ? content(bytes) : `t${random.below(5)}`;
      return {
        method: 'PUT',
        path: `/v2/${random.pick(repositories)}/manifests/${reference}`,
        headers: { 'Content-Type': (JSON.parse(bytes.toString()) as { mediaType: string }).mediaType },
        body: random.chance(0.7) ? { json: JSON.parse(bytes.toString()) as unknown } : { bytes },
      };
    },
  ];
  return {
    name: 'registry',
    get endpoint() {
      return { url: registry.url };
    },
    request: (random) => random.pick(routes)(random),
    faults: () => faults.splice(0),
    judge({ method, path }, answer) {
      const [, repository, kind, digest] =
        /^\/v2\/(.+)\/(manifests|blobs)\/(?:uploads\/)?([^/?]*)/.exec(routeOf(path)) ?? [];
      // Also where the body, which nobody reads, broke afterwards.
      if (method === 'DELETE' && (answer === undefined || isBare(answer) || answer.status === 202)) {
        kept.manifests.delete(`${repository} ${digest}`);
        if (kind === 'blobs') kept.blobs.delete(`${repository} ${digest}`);
      }
      if (answer === undefined) return undefined;
      const { status, headers, body } = answer;
      const stored = headers['docker-content-digest'];
      if (status === 201) {
        const [, where, what] =
          /^\/v2\/(.+)\/(manifests|blobs)\/[^/]+$/.exec(headers['location'] ?? '') ?? [];
        if (where === undefined || stored === undefined) return 'what was stored has no place';
        if (what === 'manifests') kept.manifests.add(`${where} ${stored}`);
        kept.blobs.add(`${where} ${stored}`);
      }
      if (status === 202 && method === 'POST' && headers['docker-upload-uuid'] !== undefined) {
        uploads.push({ repository: repository!, id: headers['docker-upload-uuid'] });
        if (uploads.length > keptUploads) uploads.shift();
      }
      if (status === 200 && method === 'GET' && stored !== undefined && isDigest(stored)) {
        if (digestOf(body) !== stored) return 'the content is not that of its digest';
      }
      if (status < 400 || isBare(answer) || method === 'HEAD') return undefined;
      const { errors } = (jsonOf(answer) ?? {}) as { errors?: { code?: string; message?: string }[] };
      if (!Array.isArray(errors) || errors.length === 0) return 'the answer is no list of errors';
      const strange = errors.find(
        ({ code, message }) => !codes.has(String(code)) || typeof message !== 'string',
      );
      return strange === undefined
        ? undefined
        : `the error ${JSON.stringify(strange)} is not one of the specification`;
    },
    async finish() {
      await registry.close();
      registry = await open();
      try {
        for (const [kind, set] of Object.entries(kept))
          for (const one of set) {
            const [repository, digest] = one.split(' ');
            const found = await fetch(`${registry.url}/v2/${repository}/${kind}/${digest}`);
            const bytes = new Uint8Array(await found.arrayBuffer());
            if (
              found.status !== 200 ||
              digestOf(bytes, digest!.startsWith('sha512') ? 'sha512' : 'sha256') !== digest
            )
              throw new Error(`${kind} ${one} was acknowledged, and is answered with ${found.status}`);
          }
      } finally {
        await registry.close();
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

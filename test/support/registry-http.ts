/**
 * The distribution API with nothing but `fetch`: the tests' own hands on a registry, independent of the client under
 * test, to look at what was stored and to forge it.
 */
import { createHash } from 'node:crypto';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

async function request(url: string, init: RequestInit, expected: readonly number[]): Promise<Response> {
  const response = await fetch(url, init);
  if (!expected.includes(response.status)) {
    throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${await response.text()}`);
  }
  return response;
}

/** One repository of a plain-HTTP registry. */
export function repository(host: string, name: string) {
  const base = `http://${host}/v2/${name}`;
  return {
    async getManifest<T = Manifest>(reference: string): Promise<T> {
      const accept = `${MANIFEST}, ${INDEX}`;
      return (await (
        await request(`${base}/manifests/${reference}`, { headers: { accept } }, [200])
      ).json()) as T;
    },
    /** Stores `manifest` and returns its descriptor. */
    async putManifest(manifest: Manifest | Index, reference?: string): Promise<Descriptor> {
      const body = JSON.stringify(manifest);
      const digest = sha256(body);
      const headers = { 'content-type': manifest.mediaType };
      await request(`${base}/manifests/${reference ?? digest}`, { method: 'PUT', headers, body }, [201]);
      return { mediaType: manifest.mediaType, digest, size: Buffer.byteLength(body) };
    },
    async deleteManifest(digest: string): Promise<void> {
      await request(`${base}/manifests/${digest}`, { method: 'DELETE' }, [202]);
    },
    async getBlob(digest: string): Promise<Uint8Array> {
      return new Uint8Array(await (await request(`${base}/blobs/${digest}`, {}, [200])).arrayBuffer());
    },
    /** Stores `bytes` and returns their descriptor. */
    async putBlob(bytes: Uint8Array | string, mediaType: string): Promise<Descriptor> {
      const body = Buffer.from(bytes);
      const digest = sha256(body);
      const upload = await request(`${base}/blobs/uploads/`, { method: 'POST' }, [202]);
      const location = new URL(upload.headers.get('location')!, base);
      location.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await request(location.href, { method: 'PUT', headers, body }, [201]);
      return { mediaType, digest, size: body.length };
    },
    /** The manifests that name `digest` as their subject: by the API, or by the fallback tag. */
    async referrers(digest: string): Promise<readonly Descriptor[]> {
      const response = await request(`${base}/referrers/${digest}`, {}, [200, 404]);
      if (response.status === 200) return ((await response.json()) as Index).manifests;
      await response.body?.cancel();
      const tagged = await fetch(`${base}/manifests/${digest.replace(':', '-')}`, {
        headers: { accept: INDEX },
      });
      if (tagged.status === 404) return [];
      return ((await tagged.json()) as Index).manifests;
    },
    /** Makes `descriptors` the whole fallback tag; a no-op where the registry has the referrers API. */
    async setReferrersTag(digest: string, descriptors: readonly Descriptor[]): Promise<void> {
      const response = await request(`${base}/referrers/${digest}`, {}, [200, 404]);
      await response.body?.cancel();
      if (response.status === 200) return;
      const index = { schemaVersion: 2, mediaType: INDEX, manifests: descriptors } as const;
      await this.putManifest(index, digest.replace(':', '-'));
    },
    async tags(): Promise<readonly string[]> {
      const response = await request(`${base}/tags/list`, {}, [200]);
      return ((await response.json()) as { tags: string[] | null }).tags ?? [];
    },
  };
}

export type HttpRepository = ReturnType<typeof repository>;

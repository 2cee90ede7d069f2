import type { ServerResponse } from 'node:http';
import { mediaTypes } from '../manifest/media-types.ts';
import { digestOf } from '../reference/digest.ts';
import { json, type ScriptedServer, type SeenRequest, startScripted } from './server.ts';

export interface MemoryRegistryOptions {
  /** Whether it has the referrers API. */
  readonly referrersApi?: boolean;
  /** Sends `OCI-Subject` although it may not keep referrers, as ECR does. */
  readonly claimsSubject?: boolean;
  /** Called before every request; true if it was answered. */
  readonly before?: (request: SeenRequest, response: ServerResponse) => boolean | Promise<boolean>;
}

interface Stored {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface MemoryRegistry extends ScriptedServer {
  readonly blobs: Map<string, Uint8Array>;
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests: Map<string, Stored>;
}

/** An honest, minimal distribution server in memory, to be made dishonest in one respect by a test. */
export async function startMemoryRegistry(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
  const blobs = new Map<string, Uint8Array>();
  const manifests = new Map<string, Stored>();
  const uploads = new Map<string, Uint8Array>();
  let next = 0;

  const server = await startScripted(async (request, response) => {
    if (await options.before?.(request, response)) return;
    const url = new URL(request.path, 'http://registry.test');
    const [, name = '', kind, rest = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|referrers|tags)\/(.*)$/.exec(url.pathname) ?? [];
    const key = /^sha\d+:/.test(rest) ? `${name}@${rest}` : `${name}:${rest}`;
    const notFound = () => json(response, 404, { errors: [{ code: 'UNKNOWN', message: 'not here' }] });
    if (kind === 'manifests' && request.method === 'PUT') return putManifest(name, rest, request, response);
    if (kind === 'manifests' && request.method === 'DELETE') {
      return void response.writeHead(manifests.delete(key) ? 202 : 404).end();
    }
    if (kind === 'manifests') {
      const found = manifests.get(key);
      if (!found) return void notFound();
      const headers = {
        'content-type': found.type,
        'content-length': found.bytes.length,
        'docker-content-digest': digestOf(found.bytes),
      };
      return void response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : found.bytes);
    }
    if (kind === 'referrers' && options.referrersApi) {
      const entries = [...manifests]
        .filter(([at]) => at.startsWith(`${name}@`))
        .flatMap(([, { type, bytes }]) => {
          const document = JSON.parse(new TextDecoder().decode(bytes));
          if (document.subject?.digest !== rest) return [];
          const { artifactType, annotations } = document;
          return [
            { mediaType: type, digest: digestOf(bytes), size: bytes.length, artifactType, annotations },
          ];
        });
      return json(
        response,
        200,
        { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries },
        { 'content-type': mediaTypes.ociIndex },
      );
    }
    if (kind === 'tags') {
      const tags = [...manifests.keys()]
        .filter((at) => at.startsWith(`${name}:`))
        .map((at) => at.slice(name.length + 1));
      return json(response, 200, { name, tags });
    }
    if (kind === 'blobs' && rest.startsWith('uploads/')) return upload(name, rest, url, request, response);
    if (kind === 'blobs') {
      const found = blobs.get(rest);
      if (!found) return void notFound();
      return void response
        .writeHead(200, { 'content-length': found.length })
        .end(request.method === 'HEAD' ? undefined : found);
    }
    return void notFound();
  });

  function putManifest(
    name: string,
    rest: string,
    { body, headers }: SeenRequest,
    response: ServerResponse,
  ): void {
    const digest = digestOf(body);
    const stored = { type: headers['content-type'] ?? '', bytes: body };
    manifests.set(`${name}@${digest}`, stored);
    if (!rest.startsWith('sha256:')) manifests.set(`${name}:${rest}`, stored);
    const { subject } = JSON.parse(new TextDecoder().decode(body));
    const claims = subject !== undefined && (options.claimsSubject ?? options.referrersApi);
    response
      .writeHead(201, {
        'docker-content-digest': digest,
        ...(claims ? { 'oci-subject': subject.digest } : {}),
      })
      .end();
  }

  function upload(
    name: string,
    rest: string,
    url: URL,
    { method, body }: SeenRequest,
    response: ServerResponse,
  ): void {
    const mount = url.searchParams.get('mount');
    if (method === 'POST' && mount !== null && blobs.has(mount)) return void response.writeHead(201).end();
    const id = method === 'POST' ? String(++next) : rest.slice('uploads/'.length);
    const soFar = uploads.get(id) ?? new Uint8Array();
    const all = new Uint8Array(Buffer.concat([soFar, body]));
    uploads.set(id, all);
    const digest = url.searchParams.get('digest');
    if (method === 'DELETE') return void response.writeHead(204).end();
    if (method !== 'PUT' || digest === null) {
      return void response
        .writeHead(202, { location: `/v2/${name}/blobs/uploads/${id}?state=x`, range: `0-${all.length - 1}` })
        .end();
    }
    if (digestOf(all) !== digest)
      return void json(response, 400, { errors: [{ code: 'DIGEST_INVALID', message: 'no' }] });
    blobs.set(digest, all);
    response.writeHead(201).end();
  }

  return { ...server, blobs, manifests };
}

/** A small client for the tests: fetch where that will do, a bare socket where a request must be malformed. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { type Digest, digestOf, mediaTypes } from '@pratique/oci';
import { onTestFinished } from 'vitest';
import type { Registry, RegistryOptions } from '../options.ts';
import { startRegistry } from '../server/start.ts';

/** A registry on a free port which is closed, and its data removed, when the test is over. */
export async function testRegistry(options: Partial<RegistryOptions> = {}): Promise<Registry> {
  const registry = await startRegistry({ listen: '127.0.0.1:0', ...options });
  onTestFinished(() => registry.close());
  return registry;
}

export interface TestBlob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: Digest;
}

export function blobOf(content: string | number | Uint8Array): TestBlob {
  const bytes =
    typeof content === 'string'
      ? new TextEncoder().encode(content)
      : Uint8Array.from(typeof content === 'number' ? randomBytes(content) : content);
  return { bytes, digest: digestOf(bytes) };
}

export interface ManifestFields {
  readonly config?: TestBlob;
  readonly layers?: readonly TestBlob[];
  readonly subject?: TestBlob;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An OCI image manifest; without config it has the empty one. */
export function imageManifest({
  config = blobOf('{}'),
  layers = [],
  subject,
  ...rest
}: ManifestFields): TestBlob {
  const describe = (mediaType: string, blob: TestBlob) => ({
    mediaType,
    digest: blob.digest,
    size: blob.bytes.length,
  });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    ...rest,
    config: describe(mediaTypes.ociEmpty, config),
    layers: layers.map((layer) => describe(mediaTypes.ociLayer, layer)),
    ...(subject === undefined ? {} : { subject: describe(mediaTypes.ociManifest, subject) }),
  };
  return blobOf(JSON.stringify(document));
}

/** POST, then PUT, as docker does. */
export async function pushBlob(registry: Registry, repository: string, blob: TestBlob): Promise<Response> {
  const started = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  if (started.status !== 202) return started;
  const location = new URL(started.headers.get('location') ?? '', registry.url);
  location.searchParams.set('digest', blob.digest);
  return fetch(location, { method: 'PUT', body: blob.bytes });
}

export function putManifest(
  registry: Registry,
  repository: string,
  reference: string,
  manifest: TestBlob,
  mediaType: string = mediaTypes.ociManifest,
): Promise<Response> {
  return fetch(`${registry.url}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    body: manifest.bytes,
    headers: { 'Content-Type': mediaType },
  });
}

/** Pushes what the manifest needs and the manifest itself. */
export async function pushImage(
  registry: Registry,
  repository: string,
  reference: string,
  fields: ManifestFields = {},
): Promise<TestBlob> {
  const manifest = imageManifest(fields);
  for (const blob of [fields.config ?? blobOf('{}'), ...(fields.layers ?? [])]) {
    const pushed = await pushBlob(registry, repository, blob);
    if (pushed.status !== 201) throw new Error(`blob push: ${pushed.status} ${await pushed.text()}`);
  }
  const put = await putManifest(registry, repository, reference || manifest.digest, manifest);
  if (put.status !== 201) throw new Error(`manifest push: ${put.status} ${await put.text()}`);
  return manifest;
}

/** The codes of an error answer. */
export async function codesOf(response: Response): Promise<readonly string[]> {
  const { errors } = (await response.json()) as { readonly errors: readonly { readonly code: string }[] };
  return errors.map((error) => error.code);
}

/** Sends text over a bare socket and returns everything that comes back until the connection closes. */
export function sendRaw(registry: Registry, text: string): Promise<string> {
  const { hostname, port } = new URL(registry.url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.once('close', () => resolve(received));
    // Reset is closed: Bun does so to a connection whose request had not been read yet.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(received) : reject(error),
    );
  });
}

import { buildImageManifest, describeBytes } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import type { Descriptor, Platform, Repository } from '../types.ts';
import { type Layer, sourceDateEpoch } from './layer.ts';

/** How a container of the image is started (image-spec §Config `config`). */
export interface RunConfig {
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** `NAME=value` */
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `8080/tcp` */
  readonly exposedPorts?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stopSignal?: string;
  /** `['CMD', …]` (Docker's extension). */
  readonly healthcheck?: readonly string[];
}

export interface ImageInput {
  readonly layers: readonly Layer[];
  readonly run?: RunConfig;
  readonly platform: Platform;
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Seconds since 1970. Default `SOURCE_DATE_EPOCH` of the environment, else 0. */
  readonly sourceDateEpoch?: number;
}

/** An image ready to be pushed. */
export interface BuiltImage {
  readonly descriptor: Descriptor;
  readonly manifest: Uint8Array;
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  readonly layers: readonly Layer[];
}

/** Keys in a fixed order, so that the order a caller happened to use does not change the digest. */
function sorted<Value>(
  record: Readonly<Record<string, Value>> | undefined,
): Record<string, Value> | undefined {
  if (record === undefined || Object.keys(record).length === 0) return undefined;
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Puts layers together to an image; no input but the arguments goes into it, so equal arguments give an equal digest. */
export function buildImage(input: ImageInput): BuiltImage {
  const { layers, run = {}, platform } = input;
  const created = new Date((input.sourceDateEpoch ?? sourceDateEpoch()) * 1000)
    .toISOString()
    .replace('.000Z', 'Z');
  const ports = run.exposedPorts?.length
    ? Object.fromEntries([...run.exposedPorts].sort().map((port) => [port, {}]))
    : undefined;
  const document = {
    created,
    ...platform,
    config: {
      User: run.user,
      ExposedPorts: ports,
      Env: run.env,
      Entrypoint: run.entrypoint,
      Cmd: run.cmd,
      WorkingDir: run.workingDir,
      Labels: sorted(run.labels),
      Volumes: run.volumes?.length
        ? Object.fromEntries([...run.volumes].sort().map((path) => [path, {}]))
        : undefined,
      StopSignal: run.stopSignal,
      Healthcheck: run.healthcheck?.length ? { Test: run.healthcheck } : undefined,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created, created_by: 'pratique' })),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const config = { bytes, descriptor: describeBytes(bytes, mediaTypes.ociConfig) };
  const annotations = sorted(input.annotations);
  const { bytes: manifest, descriptor } = buildImageManifest({
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    ...(annotations === undefined ? {} : { annotations }),
  });
  return { descriptor, manifest, config, layers };
}

/** Stores an image with all it consists of, the manifest last. */
export async function pushImage(
  image: BuiltImage,
  target: Repository,
  options: { readonly tag?: string; readonly signal?: AbortSignal } = {},
): Promise<Descriptor> {
  const { tag, signal } = options;
  const read = signal === undefined ? {} : { signal };
  for (const layer of image.layers) {
    if (await target.hasBlob(layer.descriptor.digest, read)) continue;
    await target.putBlob(layer.descriptor, layer.open(), read);
  }
  await target.putBlob(image.config.descriptor, image.config.bytes, read);
  return await target.putManifest(image.manifest, image.descriptor.mediaType, {
    ...read,
    ...(tag === undefined ? {} : { tag }),
  });
}

/** The platform of this machine, in the names of image-spec (those of Go). */
export function machinePlatform(): Platform {
  const architectures: Readonly<Record<string, Platform>> = {
    x64: { architecture: 'amd64', os: 'linux' },
    ia32: { architecture: '386', os: 'linux' },
    arm64: { architecture: 'arm64', os: 'linux', variant: 'v8' },
    arm: { architecture: 'arm', os: 'linux', variant: 'v7' },
    ppc64: { architecture: 'ppc64le', os: 'linux' },
  };
  return architectures[process.arch] ?? { architecture: process.arch, os: 'linux' };
}

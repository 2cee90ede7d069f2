import { isJsonObject, type JsonObject } from '@pratique/crypto';
import { type Digest, isDigest, mediaTypes, parseConfigDocument } from '@pratique/oci';
import { inspectErrors } from '../errors.ts';

/** Media types of image configurations: a manifest with another one is an artifact, not an image. */
export const configMediaTypes: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];

/** One step of how the image was made, as its builder tells it. */
export interface HistoryStep {
  readonly created: string;
  readonly createdBy: string;
  readonly comment: string;
  /** The step changed the configuration only. */
  readonly emptyLayer: boolean;
}

/** The image configuration (image-spec §Config). What whoever built the image left out is empty. */
export interface ImageConfig {
  readonly created: string;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  readonly user: string;
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly shell: readonly string[];
  readonly workingDir: string;
  /** `8080/tcp` */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly onBuild: readonly string[];
  readonly stopSignal: string;
  /** `['CMD', …]`, `['CMD-SHELL', …]`, `['NONE']`; empty where there is none (Docker's extension). */
  readonly healthcheck: readonly string[];
  readonly history: readonly HistoryStep[];
  /** Digest of each uncompressed layer, lowest first. */
  readonly diffIds: readonly Digest[];
}

/**
 * Reads an image configuration. Whoever built the image chose these bytes: a field of the wrong type is read as
 * absent, except the list of layers, without which nothing can be checked.
 *
 * @throws OCI_CONFIG_INVALID, INSPECT_CONFIG_INVALID
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const top = parseConfigDocument(bytes);
  const config = object(top.config);
  const diffIds = object(top.rootfs).diff_ids ?? [];
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === 'string' && isDigest(id)))
    throw inspectErrors.error('INSPECT_CONFIG_INVALID', {
      message: 'the image configuration does not list its layers in rootfs.diff_ids',
    });
  return {
    created: text(top.created),
    os: text(top.os),
    architecture: text(top.architecture),
    variant: text(top.variant),
    user: text(config.User),
    env: texts(config.Env),
    entrypoint: texts(config.Entrypoint),
    cmd: texts(config.Cmd),
    shell: texts(config.Shell),
    workingDir: text(config.WorkingDir),
    exposedPorts: Object.keys(object(config.ExposedPorts)),
    volumes: Object.keys(object(config.Volumes)),
    labels: Object.fromEntries(
      Object.entries(object(config.Labels)).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
    ),
    onBuild: texts(config.OnBuild),
    stopSignal: text(config.StopSignal),
    healthcheck: texts(object(config.Healthcheck).Test),
    history: (Array.isArray(top.history) ? top.history : []).map((step) => ({
      created: text(object(step).created),
      createdBy: text(object(step).created_by),
      comment: text(object(step).comment),
      emptyLayer: object(step).empty_layer === true,
    })),
    diffIds: diffIds as Digest[],
  };
}

function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

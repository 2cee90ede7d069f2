import { isJsonObject, type JsonObject } from '@pratique/crypto';
import {
  type ManifestContent,
  maxConfigBytes,
  type Platform,
  parseConfigDocument,
  type Repository,
} from '@pratique/oci';
import type { ImageFacts } from '../types.ts';

const configTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/** The configuration facts of an image, and the platform it says it is for; nothing for an index or an artifact. */
export interface ImageConfig {
  readonly config: ImageFacts['config'];
  readonly platforms: readonly string[];
}

/** Fetches and reads the image configuration (OCI image-spec §config). Faults are thrown. */
export async function readConfig(
  repository: Repository,
  { manifest }: ManifestContent,
  signal: AbortSignal,
): Promise<ImageConfig> {
  if (manifest.kind !== 'image' || !configTypes.has(manifest.config.mediaType)) {
    return { config: null, platforms: [] };
  }
  const bytes = await repository.getBlob(manifest.config, { signal, maxBytes: maxConfigBytes });
  return parseConfig(parseConfigDocument(bytes));
}

/** Whoever built the image chose these bytes: what is not of the right type is read as absent. */
export function parseConfig(document: unknown): ImageConfig {
  const top: JsonObject = isJsonObject(document) ? document : {};
  const config: JsonObject = isJsonObject(top.config) ? top.config : {};
  const platform =
    typeof top.os === 'string' && typeof top.architecture === 'string'
      ? [
          platformText({
            os: top.os,
            architecture: top.architecture,
            ...(typeof top.variant === 'string' ? { variant: top.variant } : {}),
          }),
        ]
      : [];
  return {
    config: {
      user: typeof config.User === 'string' ? config.User : '',
      entrypoint: strings(config.Entrypoint),
      cmd: strings(config.Cmd),
      env: strings(config.Env),
      labels: Object.fromEntries(
        Object.entries(isJsonObject(config.Labels) ? config.Labels : {}).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      ),
    },
    platforms: platform,
  };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function platformText({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? '' : `/${variant}`}`;
}

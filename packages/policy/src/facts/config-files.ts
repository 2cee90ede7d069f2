import { isJsonObject, type JsonObject, parseJson } from '@pratique/crypto';
import type { ManifestContent, Repository } from '@pratique/oci';
import { policyErrors } from '../errors.ts';

const limits = {
  /** Real configurations are a few kilobytes; some carry a long history. */
  configBytes: 8 * 1024 * 1024,
  /** Of all configurations of an image together. */
  totalBytes: 32 * 1024 * 1024,
  manifests: 64,
  /** An index in an index is allowed (OCI image-spec), and nobody has more. */
  depth: 3,
} as const;

/**
 * The whole configuration of an image, or of every image of an index, by platform as policy-controller names it:
 * `os/architecture[/variant][:os.version]`. All of them, or a fault.
 *
 * @throws CONFIG_FILES_UNREADABLE, and what the repository throws
 */
export async function readConfigFiles(
  repository: Repository,
  image: ManifestContent,
  signal: AbortSignal,
): Promise<Readonly<Record<string, JsonObject>>> {
  const files = new Map<string, JsonObject>();
  const left = { bytes: limits.totalBytes, manifests: limits.manifests };
  const read = async ({ manifest }: ManifestContent, depth: number): Promise<void> => {
    if (--left.manifests < 0 || depth > limits.depth) {
      throw unreadable(
        `the index holds more than ${limits.manifests} manifests, or lies ${limits.depth} deep`,
      );
    }
    if (manifest.kind === 'index') {
      for (const { digest } of manifest.manifests)
        await read(await repository.getManifest(digest, { signal }), depth + 1);
      return;
    }
    left.bytes -= manifest.config.size;
    if (left.bytes < 0) throw unreadable(`the configurations are larger than ${limits.totalBytes} bytes`);
    const bytes = await repository.getBlob(manifest.config, { signal, maxBytes: limits.configBytes });
    const file = parseJson(bytes, 'the image configuration', { maxBytes: limits.configBytes });
    if (!isJsonObject(file)) throw unreadable('a configuration is no JSON object');
    const platform = platformOf(file);
    // Attestations of BuildKit are such manifests, one for each platform; what is not for any runs nowhere.
    if (files.has(platform) && platform !== 'unknown/unknown')
      throw unreadable(`two configurations are for ${platform}, and only one could be seen`);
    files.set(platform, file);
  };
  await read(image, 0);
  return Object.fromEntries(files);
}

function platformOf(file: JsonObject): string {
  const text = (name: string): string => {
    const value = file[name];
    return typeof value === 'string' ? value : '';
  };
  const os = text('os');
  if (os === '') return '';
  const parts = [os, text('architecture'), text('variant')].filter((part) => part !== '');
  const version = text('os.version');
  return `${parts.join('/')}${version === '' ? '' : `:${version}`}`;
}

function unreadable(message: string) {
  return policyErrors.error('CONFIG_FILES_UNREADABLE', { message });
}

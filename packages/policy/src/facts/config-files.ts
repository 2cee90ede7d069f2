import type { JsonObject } from '@pratique/crypto';
import {
  type ManifestContent,
  maxConfigBytes,
  type Platform,
  parseConfigDocument,
  type Repository,
} from '@pratique/oci';
import { policyErrors } from '../errors.ts';

const limits = {
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
  const files = new Map<string, { readonly file: JsonObject; readonly runsNowhere: boolean }>();
  const left = { bytes: limits.totalBytes, manifests: limits.manifests };
  const read = async (
    { manifest }: ManifestContent,
    depth: number,
    wanted: Platform | undefined,
  ): Promise<void> => {
    if (--left.manifests < 0 || depth > limits.depth) {
      throw unreadable(
        `the index holds more than ${limits.manifests} manifests, or lies ${limits.depth} deep`,
      );
    }
    if (manifest.kind === 'index') {
      for (const { digest, platform } of manifest.manifests)
        await read(await repository.getManifest(digest, { signal }), depth + 1, platform);
      return;
    }
    left.bytes -= manifest.config.size;
    if (left.bytes < 0) throw unreadable(`the configurations are larger than ${limits.totalBytes} bytes`);
    const file = parseConfigDocument(
      await repository.getBlob(manifest.config, { signal, maxBytes: maxConfigBytes }),
    );
    const platform = platformOf(file);
    // Attestations of BuildKit are such manifests, one for each platform. That it runs nowhere, the index says: a node
    // goes by it, and not by the configuration.
    const runsNowhere = wanted?.os === 'unknown' && wanted.architecture === 'unknown';
    const before = files.get(platform);
    if (before !== undefined && !(runsNowhere && before.runsNowhere))
      throw unreadable(`two configurations are for ${platform}, and only one could be seen`);
    files.set(platform, { file, runsNowhere });
  };
  await read(image, 0, undefined);
  return Object.fromEntries([...files].map(([platform, { file }]) => [platform, file]));
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

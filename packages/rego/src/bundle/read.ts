import { gunzipSync } from 'node:zlib';
import type { RegoVersion } from '../ast/types.ts';
import { RegoObject, type Value } from '../values/index.ts';
import { mergeDocuments, nest } from './documents.ts';
import { BundleError } from './errors.ts';
import { type BundleLimits, DEFAULT_LIMITS } from './limits.ts';
import {
  DEFAULT_MANIFEST,
  type Manifest,
  overlappingRoots,
  parseManifest,
  rootsContain,
  versionOfFile,
} from './manifest.ts';
import { decodeText, parseJsonFile, parseJsonOrYaml } from './parse-documents.ts';
import { type VerificationKey, verifyBundle } from './signature.ts';
import { type BundleFile, readTar } from './tar.ts';

/** A policy of a bundle. */
export interface BundleModule {
  /** Within the bundle, without leading slash. */
  readonly path: string;
  readonly text: string;
  readonly regoVersion: RegoVersion;
}

export interface Bundle {
  readonly manifest: Manifest;
  /** The documents that `data` has from this bundle. */
  readonly data: RegoObject;
  readonly modules: readonly BundleModule[];
  readonly hasSignatures: boolean;
}

export interface ReadBundleOptions {
  /** Language of policies where the manifest says nothing; `v1` unless given. */
  readonly regoVersion?: RegoVersion;
  /** With it, a bundle that this key did not sign is refused. Without it, signatures are not looked at. */
  readonly verification?: VerificationKey;
  readonly limits?: BundleLimits;
  /**
   * What stands before a file's path in signatures. OPA signs files of a directory under the directory's path as it was
   * given on the command line, and files of an archive under their path in it.
   */
  readonly signedPrefix?: string;
}

/** Reads a bundle from the bytes of a `.tar.gz`. Throws {@link BundleError}. */
export function readBundleArchive(bytes: Uint8Array, options: ReadBundleOptions = {}): Bundle {
  return readBundle(unpackArchive(bytes, options.limits), options);
}

/** The files of a `.tar.gz`. */
export function unpackArchive(bytes: Uint8Array, limits: BundleLimits = DEFAULT_LIMITS): BundleFile[] {
  if (bytes.length > limits.archiveBytes) throw tooLarge(limits.archiveBytes);
  let tar: Uint8Array;
  try {
    tar = gunzipSync(bytes, { maxOutputLength: limits.totalBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limits.totalBytes);
    throw new BundleError('bundle_invalid', 'bundle read failed: not a complete gzip file', { cause: error });
  }
  return readTar(tar, limits);
}

/** Reads a bundle from its files. Throws {@link BundleError}. */
export function readBundle(files: readonly BundleFile[], options: ReadBundleOptions = {}): Bundle {
  const signatures = files.find(({ path }) => path === '.signatures.json');
  const content = files.filter((file) => file !== signatures);
  if (options.verification !== undefined) {
    const prefix = options.signedPrefix ?? '';
    const named = content.map(({ path, bytes }) => ({ path: prefix + path, bytes }));
    verifyBundle(named, signatures?.bytes, options.verification);
  }
  if (content.some(({ path }) => isNamed(path, 'patch.json'))) {
    throw new BundleError(
      'bundle_invalid',
      'delta bundles (patch.json) change what is loaded already; this reads whole bundles only',
    );
  }
  const manifests = content.filter(({ path }) => path.endsWith('.manifest'));
  if (manifests.length > 1) {
    throw new BundleError(
      'bundle_invalid',
      `bundle contains multiple manifest files: "${manifests[0]!.path}" and "${manifests[1]!.path}"`,
    );
  }
  const manifest =
    manifests[0] === undefined
      ? DEFAULT_MANIFEST
      : parseManifest(parseJsonFile(manifests[0].bytes, '.manifest'));
  let data = new RegoObject();
  const modules: BundleModule[] = [];
  for (const { path, bytes } of content) {
    if (path.endsWith('.rego')) {
      const regoVersion = versionOfFile(manifest, path, options.regoVersion ?? 'v1');
      modules.push({ path, text: decodeText(bytes, path), regoVersion });
    } else if (isNamed(path, 'data.json')) data = insert(data, path, parseJsonFile(bytes, path));
    else if (isNamed(path, 'data.yaml') || isNamed(path, 'data.yml')) {
      data = insert(data, path, parseJsonOrYaml(bytes, path));
    }
  }
  checkRoots(manifest.roots, data, []);
  return { manifest, data, modules, hasSignatures: signatures !== undefined };
}

/** The documents of several bundles, each of which owns its roots alone. Throws `bundle_conflict`. */
export function mergeBundles(
  bundles: readonly { readonly name: string; readonly bundle: Bundle }[],
): RegoObject {
  const roots = bundles.flatMap(({ bundle }) => bundle.manifest.roots);
  const overlap = overlappingRoots(roots);
  if (overlap !== undefined) {
    const owners = bundles
      .filter(({ bundle }) => overlap.some((root) => bundle.manifest.roots.includes(root)))
      .map(({ name }) => name);
    throw new BundleError(
      'bundle_conflict',
      `detected overlapping roots in bundle manifest with: [${owners.join(' ')}]`,
    );
  }
  let data = new RegoObject();
  for (const { bundle } of bundles) data = mergeDocuments(data, bundle.data) as RegoObject;
  return data;
}

function insert(data: RegoObject, path: string, value: Value): RegoObject {
  const document = nest(path.split('/').slice(0, -1), value);
  const merged = document === undefined ? undefined : mergeDocuments(data, document);
  if (merged === undefined)
    throw new BundleError(
      'bundle_conflict',
      `bundle load failed on ${path}: conflicts with another document`,
    );
  return merged;
}

/** Data outside the roots would be another bundle's. */
function checkRoots(roots: readonly string[], value: Value, path: readonly string[]): void {
  if (rootsContain(roots, path)) return;
  if (value instanceof RegoObject) {
    const leadsToRoot = path.length === 0 || roots.some((root) => root.startsWith(`${path.join('/')}/`));
    if (leadsToRoot) {
      for (const [key, member] of value.entries()) checkRoots(roots, member, [...path, String(key)]);
      return;
    }
  }
  throw new BundleError(
    'bundle_conflict',
    `manifest roots [${roots.join(' ')}] do not permit data at path '/${path.join('/')}' (hint: check bundle directory structure)`,
  );
}

function isNamed(path: string, base: string): boolean {
  return path === base || path.endsWith(`/${base}`);
}

function tooLarge(bytes: number): BundleError {
  return new BundleError('bundle_limit', `the bundle has more than ${bytes} bytes`);
}

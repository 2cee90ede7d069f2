import { RE2JS } from 're2js';
import type { RegoVersion } from '../ast/types.ts';
import { globToRegex } from '../builtins/glob/pattern.ts';
import { BuiltinError } from '../builtins/types.ts';
import { isNumber, RegoArray, RegoObject, toDouble, type Value } from '../values/index.ts';
import { BundleError } from './errors.ts';
import type { GoJson } from './json.ts';

/** `.manifest` of a bundle. */
export interface Manifest {
  readonly revision: string;
  /** Paths below `data` that the bundle owns, with `/` between segments; the empty path owns everything. */
  readonly roots: readonly string[];
  readonly regoVersion: 0 | 1 | undefined;
  /** Language by glob of file path. */
  readonly fileRegoVersions: ReadonlyMap<string, 0 | 1>;
  readonly metadata: RegoObject | undefined;
}

export const DEFAULT_MANIFEST: Manifest = {
  revision: '',
  roots: [''],
  regoVersion: undefined,
  fileRegoVersions: new Map(),
  metadata: undefined,
};

/** Reads a `.manifest`. Unknown members (`wasm`) are of no use here and ignored. */
export function parseManifest(document: Value): Manifest {
  if (!(document instanceof RegoObject)) throw wrong('it is not an object');
  const revision = document.get('revision') ?? null;
  if (revision !== null && typeof revision !== 'string') throw wrong('revision is not a string');
  const metadata = document.get('metadata') ?? null;
  if (metadata !== null && !(metadata instanceof RegoObject)) throw wrong('metadata is not an object');
  const regoVersion = document.get('rego_version') ?? null;
  const files = document.get('file_rego_versions') ?? null;
  if (files !== null && !(files instanceof RegoObject)) throw wrong('file_rego_versions is not an object');
  const manifest: Manifest = {
    revision: revision ?? '',
    roots: parseRoots(document.get('roots') ?? null),
    regoVersion: regoVersion === null ? undefined : version(regoVersion, 'the bundle'),
    fileRegoVersions: new Map(
      files?.entries().map(([glob, value]) => [glob as string, version(value, `file '${String(glob)}'`)]),
    ),
    metadata: metadata ?? undefined,
  };
  const overlap = overlappingRoots(manifest.roots);
  if (overlap !== undefined) {
    throw new BundleError(
      'bundle_conflict',
      `manifest has overlapped roots: '${overlap[0]}' and '${overlap[1]}'`,
    );
  }
  return manifest;
}

/** The language a file of the bundle is written in; `fallback` where the manifest does not say. */
export function versionOfFile(manifest: Manifest, path: string, fallback: RegoVersion): RegoVersion {
  for (const glob of [...manifest.fileRegoVersions.keys()].sort()) {
    try {
      // OPA's paths start with a slash within archives; patterns are written either way.
      const pattern = RE2JS.compile(globToRegex(glob, []));
      if (pattern.matches(path) || pattern.matches(`/${path}`))
        return manifest.fileRegoVersions.get(glob) === 0 ? 'v0' : 'v1';
    } catch (error) {
      if (!(error instanceof BuiltinError)) throw error;
      throw wrong(`failed to compile glob pattern ${glob}`);
    }
  }
  if (manifest.regoVersion === undefined) return fallback;
  return manifest.regoVersion === 0 ? 'v0' : 'v1';
}

/** Whether `path` (segments below `data`) is within one of the roots. */
export function rootsContain(roots: readonly string[], path: readonly string[]): boolean {
  return roots.some((root) => contains(root === '' ? [] : root.split('/'), path));
}

/** Two roots one of which is within the other. */
export function overlappingRoots(roots: readonly string[]): readonly [string, string] | undefined {
  for (const [index, a] of roots.entries()) {
    for (const b of roots.slice(index + 1)) {
      const [left, right] = [a, b].map((root) => (root === '' ? [] : root.split('/'))) as [
        string[],
        string[],
      ];
      if (contains(left, right) || contains(right, left)) return [a, b];
    }
  }
  return undefined;
}

/** The manifest as OPA writes it: members in this order, empty ones left out. */
export function manifestJson(manifest: Manifest): GoJson {
  return {
    revision: manifest.revision,
    roots: manifest.roots,
    rego_version: manifest.regoVersion,
    file_rego_versions:
      manifest.fileRegoVersions.size === 0 ? undefined : RegoObject.of(manifest.fileRegoVersions),
    metadata: manifest.metadata === undefined || manifest.metadata.size === 0 ? undefined : manifest.metadata,
  };
}

function contains(outer: readonly string[], inner: readonly string[]): boolean {
  return outer.length <= inner.length && outer.every((segment, index) => segment === inner[index]);
}

function parseRoots(value: Value): string[] {
  if (value === null) return [''];
  if (!(value instanceof RegoArray)) throw wrong('roots is not an array');
  if (value.items.length > 1000)
    throw new BundleError('bundle_limit', 'the manifest has more than 1000 roots');
  return value.items.map((root) => {
    if (typeof root !== 'string') throw wrong('a root is not a string');
    return root.replace(/^\/+|\/+$/g, '');
  });
}

function version(value: Value, of: string): 0 | 1 {
  const number = isNumber(value) ? toDouble(value) : Number.NaN;
  if (number === 0 || number === 1) return number;
  throw wrong(`unknown bundle rego-version for ${of}`);
}

function wrong(message: string): BundleError {
  return new BundleError('bundle_invalid', `bundle load failed on manifest decode: ${message}`);
}

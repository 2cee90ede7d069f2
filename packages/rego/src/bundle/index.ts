/** Bundles: policies and documents in one file, signed or not; and policies and documents loaded from files. */
export { mergeDocuments } from './documents.ts';
export { BundleError, type BundleErrorCode } from './errors.ts';
export { type GoJson, goJson, indentJson } from './json.ts';
export { type BundleLimits, DEFAULT_LIMITS } from './limits.ts';
export {
  bundleDirectory,
  type LoadedFiles,
  type LoadOptions,
  loadBundle,
  loadFiles,
  splitPrefix,
} from './load.ts';
export { DEFAULT_MANIFEST, type Manifest, manifestJson, parseManifest, rootsContain } from './manifest.ts';
export { type Optimized, type OptimizeOptions, optimize } from './optimize.ts';
export { parseJsonFile, parseJsonOrYaml } from './parse-documents.ts';
export {
  type Bundle,
  type BundleModule,
  mergeBundles,
  type ReadBundleOptions,
  readBundle,
  readBundleArchive,
  unpackArchive,
} from './read.ts';
export { type SigningKey, signBundle, type VerificationKey, verifyBundle } from './signature.ts';
export type { BundleFile } from './tar.ts';
export { type BundleContent, writeBundle } from './write.ts';

export { environmentKeychain } from './auth/docker-config.ts';
export { anonymous, type Credentials, type Keychain } from './auth/keychain.ts';
export {
  kubernetesKeychain,
  type NamespaceSecrets,
  namespaceSecrets,
  pullSecretKeychain,
  readServiceAccount,
  type ServiceAccount,
} from './auth/kubernetes.ts';
export { logIn, logOut } from './auth/log-in.ts';
export type { LayerCompression } from './build/compress.ts';
export type { FileContent } from './build/content.ts';
export type { LayerEntry } from './build/entries.ts';
export {
  buildFileImage,
  buildFileIndex,
  type FileImageOptions,
  fileConfig,
} from './build/file-image.ts';
export {
  type BuiltImage,
  buildImage,
  type ImageInput,
  machinePlatform,
  pushImage,
  type RunConfig,
} from './build/image.ts';
export { buildLayer, type Layer, type LayerOptions, layerFromTar, sourceDateEpoch } from './build/layer.ts';
export { nodeBase, type RootFileSystem } from './build/node-base.ts';
export { sniffContent } from './build/sniff.ts';
export { tarEnd, tarHeader, tarPadding } from './build/tar.ts';
export { type CopyOptions, copyImage } from './copy/copy.ts';
export { readElf } from './elf/file.ts';
export { type LinkedProgram, sharedLibraries } from './elf/libraries.ts';
export { type ByteSource, type ElfFile, parseElf } from './elf/parse.ts';
export { isNotFound, ociErrors } from './errors.ts';
export { addressProblem, shownAddress } from './http/address.ts';
export { readAll } from './http/body.ts';
export { type ConnectionOptions, createExchange } from './http/exchange.ts';
export { type FetchExchange, fetchChannel } from './http/fetch-exchange.ts';
export { defaultLimits, defaultRetry, type HttpLimits, type RetryPolicy } from './http/options.ts';
export { isLocal, isLoopback } from './http/redirect.ts';
export { pause, withRetry } from './http/retry.ts';
export { type ArchiveRepository, openArchive } from './layout/archive.ts';
export { openLayout } from './layout/directory.ts';
export { type LayoutRepository, refName } from './layout/repository.ts';
export { type SaveOptions, saveArchive } from './layout/save.ts';
export {
  isZeroBlock,
  parseTarHeader,
  paxNumber,
  paxRecords,
  type TarHeader,
  tarBlock,
  tarText,
  unsafeArchive,
} from './layout/tar-header.ts';
export {
  type BuiltManifest,
  buildImageManifest,
  buildIndex,
  describeBytes,
  emptyDescriptor,
  emptyJson,
} from './manifest/build.ts';
export { maxConfigBytes, parseConfigDocument } from './manifest/config.ts';
export { buildGoImageManifest } from './manifest/go-manifest.ts';
export {
  imageMediaTypes,
  indexMediaTypes,
  isMediaType,
  manifestMediaTypes,
  mediaTypes,
} from './manifest/media-types.ts';
export { maxManifestBytes, maxManifestEntries, parseManifest, parseStrictJson } from './manifest/parse.ts';
export { mapPool } from './pool.ts';
export {
  createDigester,
  type DigestAlgorithm,
  type Digester,
  digestAlgorithm,
  digestHex,
  digestOf,
  isDigest,
  parseDigest,
} from './reference/digest.ts';
export {
  dockerHub,
  familiarReference,
  formatReference,
  isRegistryHost,
  isRepositoryName,
  isTag,
  parseReference,
} from './reference/reference.ts';
export {
  createRegistryClient,
  openRepository,
  type RegistryClient,
  type RegistryOptions,
} from './registry/client.ts';
export { referrersTag } from './registry/referrers.ts';
export type { RegistryRepository } from './registry/repository.ts';
export { createTransport, type Transport } from './registry/transport.ts';
export type * from './types.ts';

export type { Addition } from './add/addition.ts';
export { openArchive } from './add/archive.ts';
export type { OpenedImage } from './add/image.ts';
export { alpineKeyFile } from './alpine/key-file.ts';
export type { AlpineKey } from './alpine/segments.ts';
export { openDeb } from './debian/deb.ts';
export { type AptPackage, PackageIndex } from './debian/package-index.ts';
export { acceptsVersion, parseRelations, type Relation, type Relations } from './debian/relations.ts';
export type { Keyring, Release } from './debian/release.ts';
export {
  fetchPackage,
  machineKeyrings,
  type OpenedSource,
  openSource,
  type RepositoryOptions,
} from './debian/repository.ts';
export { type Installed, solve } from './debian/solve.ts';
export { type AptSource, parseAptSources } from './debian/sources.ts';
export { hardenErrors } from './errors.ts';
export { DecompressionError } from './fetch/decompress.ts';
export { createFetcher, type Fetcher, type FetcherOptions } from './fetch/fetcher.ts';
export { strippedEntries } from './image/stripped.ts';
export { type Hardened, type HardenInput, harden } from './pipeline/harden.ts';
export type { Change, Repositories } from './pipeline/packages.ts';
export { choosePlatforms, hardenedIndex, type Platforms, platformName } from './pipeline/platforms.ts';
export {
  indexProvenance,
  type Making,
  provenance,
  provenanceType,
  removalsPredicate,
  removalsType,
  reportPredicate,
  reportType,
  testResultPredicate,
  testResultType,
} from './pipeline/provenance.ts';
export type { GoneFinding, HardenReport, PolicyVerdict } from './pipeline/report.ts';
export { type HardenSettings, parseSettings } from './pipeline/settings.ts';
export type { Summary } from './pipeline/summary.ts';
export type { TestFile, TestReport } from './pipeline/test.ts';
export { type Reachable, type RunContext, reach } from './reach/closure.ts';
export type { Removal } from './strip/plan.ts';
export { checkStripped, planStrip, type StripOptions, type StripPlan } from './strip/plan.ts';
export { type Profile, profiles } from './strip/profile.ts';

export { openDeb } from './debian/deb.ts';
export { createFetcher, type Fetcher, type FetcherOptions } from './debian/fetch.ts';
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
export { strippedEntries } from './image/stripped.ts';
export { type Reachable, type RunContext, reach } from './reach/closure.ts';
export { checkStripped, planStrip, type StripOptions, type StripPlan } from './strip/plan.ts';
export { type Profile, profiles } from './strip/profile.ts';

export { inspectErrors } from './errors.ts';
export type { Distro, Package, PackageLocation, PackageType } from './packages/package.ts';
export { compareVersions } from './versions/versions.ts';

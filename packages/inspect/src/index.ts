export { type Rating, type Severity, severities } from './advisories/advisory.ts';
export { AdvisoryDatabase, type DatabaseStatus } from './advisories/database.ts';
export { type ImportReport, importAdvisories } from './advisories/import.ts';
export { inspectErrors } from './errors.ts';
export type { Distro, Package, PackageLocation, PackageType } from './packages/package.ts';
export { compareVersions } from './versions/versions.ts';

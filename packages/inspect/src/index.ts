export { type Rating, type Severity, severities } from './advisories/advisory.ts';
export { databaseArtifactType, fetchDatabase, publishDatabase } from './advisories/artifact.ts';
export { changelogOf } from './advisories/changelog-file.ts';
export { AdvisoryDatabase, type DatabaseStatus } from './advisories/database.ts';
export type { SourceChangelog } from './advisories/formats/changelog.ts';
export { type ImportReport, importAdvisories, importChangelogs } from './advisories/import.ts';
export { codenameDistro, distroKey } from './advisories/names.ts';
export { type CheckSeverity, type CheckSubject, checkSeverities, type Occurrence } from './checks/check.ts';
export { checkFiles } from './checks/file-checks.ts';
export { type CheckResult, checks, runChecks } from './checks/run-checks.ts';
export { inspectErrors } from './errors.ts';
export type { LayerCache } from './filesystem/cache.ts';
export { expandsTooFar } from './filesystem/expansion.ts';
export { keepAny } from './filesystem/keep.ts';
export { type TarEntry, TarStream, type TarVisitor } from './filesystem/tar-stream.ts';
export { mergeLayers } from './filesystem/tree.ts';
export type * from './filesystem/types.ts';
export { ZstdFrames } from './filesystem/zstd-frames.ts';
export { type HistoryStep, type ImageConfig, parseImageConfig } from './image/config.ts';
export { parsePlatform } from './image/platform.ts';
export { type Image, type ReadImageOptions, type ReadOptions, readImage } from './image/read-image.ts';
export { readRootArchive, readRootDirectory } from './image/read-root.ts';
export { apkNames, type InstalledApk, readApkInstalled } from './packages/apk-database.ts';
export { type Catalog, catalogPackages, packageFiles } from './packages/catalog.ts';
export {
  ControlError,
  controlBlocks,
  type Paragraph,
  paragraphs,
  parseParagraph,
} from './packages/control.ts';
export { unreadableDatabase } from './packages/database-content.ts';
export { type DpkgPackage, dpkgDirectory, readDpkg } from './packages/dpkg-database.ts';
export { endOfLife } from './packages/end-of-life.ts';
export { formatPurl, type PurlParts } from './packages/format-purl.ts';
export type { Checksum, Distro, Package, PackageLocation, PackageType } from './packages/package.ts';
export { type PackageUrl, parsePurl } from './packages/parse-purl.ts';
export { hasRpmDatabase, type RpmDatabase, readRpmDatabase } from './packages/rpm-database.ts';
export { parseRpmHeader, type RpmHeader } from './packages/rpm-header.ts';
export {
  parseRpmInstalled,
  type RpmFile,
  type RpmInstalled,
  type RpmRelation,
} from './packages/rpm-installed.ts';
export { adler32, ndbRows } from './packages/rpm-ndb.ts';
export { openSqlite, sqliteFault } from './packages/rpm-sqlite.ts';
export { toCyclonedxSbom } from './sbom/cyclonedx.ts';
export type { SbomInput } from './sbom/document.ts';
export {
  maxSbomBytes,
  readSbom,
  readSbomDocument,
  type SbomContents,
  type UnidentifiedComponent,
} from './sbom/read.ts';
export { toSpdxSbom } from './sbom/spdx.ts';
export { findSecrets, type SecretFinding } from './secrets/find-secrets.ts';
export { notSearched, secretRules } from './secrets/rules/index.ts';
export { secretFiles } from './secrets/shipped.ts';
export { parseStructureTests, type StructureTests, type TestSurroundings } from './structure/parse.ts';
export {
  type CommandOutcome,
  missingContents,
  runStructureTests,
  type Sandbox,
  type StructureSubject,
  type StructureTestResult,
  structureFiles,
} from './structure/run.ts';
export { findSandbox, type OpenSandbox, openSandbox, type UsableRuntime } from './structure/sandbox.ts';
export type { SandboxRuntime } from './structure/sandbox-runtime.ts';
export {
  compareVersions,
  isPackageType,
  satisfies,
  type VersionOperator,
} from './versions/versions.ts';
export { parseVex } from './vex/parse-vex.ts';
export type { VexStatement } from './vex/statement.ts';
export type {
  Finding,
  SeverityChoice,
  SuppressedFinding,
  Suppression,
  Uncovered,
} from './vulnerabilities/finding.ts';
export { type IgnoreRule, parseIgnoreFile } from './vulnerabilities/ignore.ts';
export { toCosignVuln } from './vulnerabilities/outputs/cosign-vuln.ts';
export { toCyclonedx } from './vulnerabilities/outputs/cyclonedx.ts';
export { toMarkdown } from './vulnerabilities/outputs/markdown.ts';
export { toSarif } from './vulnerabilities/outputs/sarif.ts';
export {
  reaches,
  type ScanOptions,
  type ScanReport,
  type ScanSubject,
  type SuppressedSecret,
  scan,
} from './vulnerabilities/scan.ts';

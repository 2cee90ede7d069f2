import { printable } from '@pratique/errors';
import {
  type Catalog,
  type FileSystem,
  type Finding,
  packageFiles,
  readImage,
  readRootArchive,
  type ScanReport,
} from '@pratique/inspect';
import {
  type BuiltImage,
  buildImage,
  buildLayer,
  type Digest,
  type FileContent,
  type LayerEntry,
  type Platform,
  type Repository,
  type RunConfig,
} from '@pratique/oci';
import { hardenErrors } from '../errors.ts';
import { strippedEntries } from '../image/stripped.ts';
import type { RunContext } from '../reach/closure.ts';
import { checkStripped, planStrip, type StripPlan } from '../strip/plan.ts';
import { type Change, changePackages, type Repositories } from './packages.ts';
import type { GoneFinding, HardenReport } from './report.ts';
import type { HardenSettings } from './settings.ts';
import { type Surveyed, survey } from './summary.ts';

export interface HardenInput {
  /** For people, and for the label that names the base. */
  readonly name: string;
  readonly repository: Repository;
  /** Tag or digest of the base. */
  readonly version: string;
  readonly settings: HardenSettings;
  /** What `add.files` names, read by the caller. */
  readonly file: (path: string) => FileContent;
  readonly repositories: Repositories;
  /** What is known of the packages of an image; null where there is nothing to ask. */
  readonly scan: ((catalog: Catalog) => ScanReport) | null;
  readonly platform?: Platform;
  /** Of the layer. Default `gzip`. */
  readonly compression?: 'none' | 'gzip';
  /** The plan is enough: nothing is built. */
  readonly dryRun?: boolean;
  /** What is done next, for people. */
  readonly progress?: (step: string) => void;
  readonly signal: AbortSignal;
}

/** A hardened image, not pushed yet. */
export interface Hardened {
  readonly report: HardenReport;
  /** Null after a dry run. */
  readonly image: BuiltImage | null;
  /** What is in the image that is left. */
  readonly after: Surveyed;
  /** Lets go of the contents; the image can be pushed until then. */
  close(): void;
}

/** Not root: the user of distroless images. */
const nobody = '65532:65532';

/**
 * The base-image flow up to the push: read → scan → upgrade and add → strip → scan again → build. Nothing outside this
 * process is changed. What cannot be said for certain stops it.
 *
 * @throws HARDEN_… and what reading images, repositories of packages and the scan throw
 */
export async function harden(input: HardenInput): Promise<Hardened> {
  const { repository, version, settings, signal, scan, progress = () => {} } = input;
  progress('reading the base');
  const base = await readImage(repository, version, {
    keep: { id: 'everything-1', keep: () => 'whole' },
    signal,
    ...(input.platform === undefined ? {} : { platform: input.platform }),
  });
  const { config } = base;
  try {
    progress('scanning the base');
    const before = await survey(base.fileSystem, scan);
    if (settings.upgrade || settings.add.packages.length > 0) progress('upgrading and adding packages');
    const changed = await changePackages(base.fileSystem, settings, input.repositories);
    signal.throwIfAborted();
    const run = runOf(config, settings);
    const files = addedFiles(settings, input.file);
    progress('looking for what is not needed');
    const plan = planOf(changed.fileSystem, run, settings, files);
    const removed = new Set(plan.removals.map(({ path }) => path));
    checkStripped(changed.fileSystem, (path) => !removed.has(path));
    progress('building the image');
    const given = new Set(files.map(({ path }) => path));
    const entries = strippedEntries(changed.fileSystem, plan).filter(({ path }) => !given.has(path));
    const layer = await buildLayer([...entries, ...files], {
      compression: input.dryRun === true ? 'none' : (input.compression ?? 'gzip'),
    });
    progress('scanning what was built');
    // The bytes that will be pushed, not what they should be.
    const built = await readRootArchive(layer.open(), { keep: packageFiles, signal });
    const after = await survey(built, scan).finally(() => built.close());
    const findingsGone = explainGone(before.report, after.report, plan, changed.changes);
    const image =
      input.dryRun === true
        ? null
        : buildImage({
            layers: [layer],
            platform: {
              os: config.os || 'linux',
              architecture: config.architecture || 'amd64',
              ...(config.variant === '' ? {} : { variant: config.variant }),
            },
            run: { ...run, labels: labelsOf(config.labels, settings, input.name, base.descriptor.digest) },
            annotations: baseAnnotations(input.name, base.descriptor.digest),
          });
    const report: HardenReport = {
      schemaVersion: 1,
      base: { name: input.name, digest: base.descriptor.digest },
      image: image === null ? null : { digest: image.descriptor.digest, diffId: layer.diffId },
      before: before.summary,
      after: after.summary,
      packages: { changed: changed.changes, kept: plan.kept, removed: plan.removed },
      removals: plan.removals,
      bits: plan.bits,
      findingsGone,
      scriptsNotRun: changed.skipped,
      missingLibraries: plan.missing,
      mayRunShell: plan.mayRunShell,
    };
    return { report, image, after, close: () => base.fileSystem.close() };
  } catch (error) {
    base.fileSystem.close();
    throw error;
  }
}

type BaseConfig = Awaited<ReturnType<typeof readImage>>['config'];

/** How the hardened image runs: as the base, but for what the settings say, and not as root unless they say so. */
function runOf(config: BaseConfig, { run }: HardenSettings): RunConfig & RunContext {
  const env = new Map(config.env.map((one) => [one.slice(0, one.indexOf('=')), one] as const));
  for (const [name, value] of Object.entries(run.env ?? {})) env.set(name, `${name}=${value}`);
  const isRoot = /^(|0|root)(:|$)/.test(config.user);
  const check = config.healthcheck[0];
  return {
    entrypoint: run.entrypoint ?? config.entrypoint,
    // A command of the base is an argument of the entrypoint it had.
    cmd: run.cmd ?? (run.entrypoint === undefined ? config.cmd : []),
    env: [...env.values()],
    user: run.user ?? (isRoot ? nobody : config.user),
    workingDir: run.workingDir ?? config.workingDir,
    exposedPorts: config.exposedPorts,
    volumes: config.volumes,
    ...(config.stopSignal === '' ? {} : { stopSignal: config.stopSignal }),
    healthcheck: check === 'CMD' || check === 'CMD-SHELL' ? config.healthcheck : [],
  };
}

function planOf(
  fileSystem: FileSystem,
  run: RunConfig & RunContext,
  { strip }: HardenSettings,
  files: readonly LayerEntry[],
): StripPlan {
  if (strip === false)
    return { database: null, kept: [], removed: [], removals: [], bits: [], missing: [], mayRunShell: [] };
  const [kind, ...words] = run.healthcheck;
  const healthcheck = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words;
  // A program that is added is not in the image yet: what it needs is looked for by its arguments and `keep` alone.
  const added = (program: string | undefined) => files.some(({ path }) => `/${path}` === program);
  const context = {
    ...run,
    healthcheck,
    entrypoint: added(run.entrypoint[0]) ? [] : run.entrypoint,
    cmd: added(run.entrypoint[0]) ? run.entrypoint.slice(1) : run.cmd,
  };
  return planStrip(fileSystem, context, strip);
}

function addedFiles({ add }: HardenSettings, file: HardenInput['file']): readonly LayerEntry[] {
  return add.files.map(({ from, to, mode = '0644' }) => ({
    type: 'file',
    path: to.replace(/^\/+/, ''),
    mode: Number.parseInt(mode, 8),
    content: file(from),
  }));
}

/** Every finding that disappears must have a stated reason. @throws HARDEN_FINDING_UNEXPLAINED */
function explainGone(
  before: ScanReport | null,
  after: ScanReport | null,
  plan: StripPlan,
  changes: readonly Change[],
): readonly GoneFinding[] {
  if (before === null || after === null) return [];
  const keyOf = (finding: Finding) =>
    `${finding.vulnerability} ${finding.package.type} ${finding.package.name} ${finding.package.version}`;
  const left = new Set(after.findings.map(keyOf));
  const removed = new Set(plan.removed.map(({ name }) => name));
  const upgraded = new Set(changes.map(({ name }) => name));
  const removedPaths = new Set(plan.removals.map(({ path }) => path));
  return before.findings
    .filter((finding) => !left.has(keyOf(finding)))
    .map((finding): GoneFinding => {
      const { vulnerability: id, severity, package: one } = finding;
      const isRemoved = removed.has(one.name) || removedPaths.has(one.location.path.split('!', 1)[0]!);
      if (!isRemoved && !upgraded.has(one.name)) {
        throw hardenErrors.error('HARDEN_FINDING_UNEXPLAINED', {
          message: `${printable(id)} in ${printable(one.name)} ${printable(one.version)} is not found any more`,
          expected: 'the package removed or upgraded',
          found: 'neither',
        });
      }
      return {
        id,
        package: one.name,
        version: one.version,
        severity: severity.severity,
        reason: isRemoved ? 'removed' : 'upgraded',
      };
    });
}

function baseAnnotations(name: string, digest: Digest): Readonly<Record<string, string>> {
  return { 'org.opencontainers.image.base.name': name, 'org.opencontainers.image.base.digest': digest };
}

function labelsOf(
  labels: Readonly<Record<string, string>>,
  settings: HardenSettings,
  name: string,
  digest: Digest,
): Readonly<Record<string, string>> {
  return { ...labels, ...baseAnnotations(name, digest), ...settings.labels };
}

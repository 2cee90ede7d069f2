import {
  type Catalog,
  checkFiles,
  type FileSystem,
  type KeepRule,
  keepAny,
  packageFiles,
  parseImageConfig,
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
  type Layer,
  type LayerEntry,
  type Platform,
  type Repository,
  type RunConfig,
} from '@pratique/oci';
import { strippedEntries } from '../image/stripped.ts';
import type { RunContext } from '../reach/closure.ts';
import { checkStripped, planStrip, type StripPlan } from '../strip/plan.ts';
import { explainGone } from './gone.ts';
import { changePackages, type Repositories } from './packages.ts';
import type { HardenReport } from './report.ts';
import type { HardenSettings } from './settings.ts';
import { type Surveyed, survey } from './summary.ts';
import { checkImage, type TestFile, type TestReport, testImage } from './test.ts';

export interface HardenInput {
  /** For people, and for the label that names the base. */
  readonly name: string;
  readonly repository: Repository;
  /** Tag or digest of the base. */
  readonly version: string;
  readonly settings: HardenSettings;
  /** What `add.files` names, read by the caller. */
  readonly file: (path: string) => FileContent;
  /** What `tests.files` names, read by the caller. */
  readonly tests: readonly TestFile[];
  readonly repositories: Repositories;
  /**
   * What is known of the packages of an image; null where there is nothing to ask. The base is scanned without what VEX
   * documents say, so that what they take off the result is told.
   */
  readonly scan: ((catalog: Catalog, subject: 'base' | 'result') => ScanReport) | null;
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

const everything: KeepRule = { id: 'everything-1', keep: () => 'whole' };

/**
 * The base-image flow up to the policy: read → scan → upgrade and add → strip → build → scan again → test. Nothing
 * outside this process is changed. What cannot be said for certain stops it.
 *
 * @throws HARDEN_… and what reading images, repositories of packages and the scan throw
 */
export async function harden(input: HardenInput): Promise<Hardened> {
  const { repository, version, settings, signal, scan, progress = () => {} } = input;
  progress('reading the base');
  const base = await readImage(repository, version, {
    keep: everything,
    signal,
    ...(input.platform === undefined ? {} : { platform: input.platform }),
  });
  const { config } = base;
  try {
    progress('scanning the base');
    const before = await survey(base.fileSystem, scan && ((catalog) => scan(catalog, 'base')));
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
    progress('scanning what was built');
    // The bytes that will be pushed, not what they should be.
    const built = await readRootArchive(layer.open(), { keep: keepAny(checkFiles, packageFiles), signal });
    const { after, checks } = await surveyBuilt(built, image, scan).finally(() => built.close());
    const findingsGone = explainGone(before.report, after.report, plan, changed.changes);
    const tests = image === null ? null : { checks, ...(await testBuilt(layer, image, input)) };
    const report: HardenReport = {
      schemaVersion: 1,
      base: { name: input.name, digest: base.descriptor.digest },
      image: image === null ? null : { digest: image.descriptor.digest, diffId: layer.diffId },
      before: before.summary,
      after: after.summary,
      packages: { changed: changed.changes, kept: plan.kept, removed: plan.removed },
      removals: plan.removals,
      bits: plan.bits,
      tests,
      policy: null,
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

async function surveyBuilt(built: FileSystem, image: BuiltImage | null, scan: HardenInput['scan']) {
  const after = await survey(built, scan && ((catalog) => scan(catalog, 'result')));
  return { after, checks: image === null ? [] : checkImage(built, parseImageConfig(image.config.bytes)) };
}

/** The tests of the settings on the layer that was built, read once more and whole. */
async function testBuilt(
  layer: Layer,
  image: BuiltImage,
  { tests, settings, signal, progress = () => {} }: HardenInput,
): Promise<Pick<TestReport, 'files' | 'structureTests'>> {
  if (tests.length === 0) return { files: [], structureTests: [] };
  progress('testing what was built');
  const whole = await readRootArchive(layer.open(), { keep: everything, signal });
  try {
    const config = parseImageConfig(image.config.bytes);
    const structureTests = await testImage(whole, config, tests, settings.tests.allowNotRun);
    return { files: tests.map(({ name, sha256 }) => ({ name, sha256 })), structureTests };
  } finally {
    whole.close();
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
    return {
      database: null,
      staying: [],
      kept: [],
      removed: [],
      removals: [],
      bits: [],
      missing: [],
      mayRunShell: [],
    };
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

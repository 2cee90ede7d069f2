import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Catalog,
  checkFiles,
  type FileSystem,
  type KeepRule,
  keepAny,
  mergeLayers,
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
  type Layer,
  type LayerEntry,
  type Platform,
  type Repository,
  type RunConfig,
} from '@pratique/oci';
import type { Contents } from '../add/addition.ts';
import { applyAdditions } from '../add/apply.ts';
import { gather } from '../add/gather.ts';
import type { OpenedImage } from '../add/image.ts';
import { runStripTriggers } from '../debian/triggers.ts';
import { baseLayers } from '../image/base-layers.ts';
import { diffEntries } from '../image/diff.ts';
import { strippedEntries } from '../image/stripped.ts';
import type { RunContext } from '../reach/closure.ts';
import { directoryOf } from '../reach/resolve.ts';
import { readDatabase } from '../strip/installed.ts';
import { checkStripped, planStrip, type StripPlan } from '../strip/plan.ts';
import { explainGone } from './gone.ts';
import { changePackages, type Repositories } from './packages.ts';
import { platformName } from './platforms.ts';
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
  /** Path on this machine of a path that `add` names. */
  readonly path: (path: string) => string;
  /** Opens an image that `add.images` names. */
  readonly openImage: (reference: string) => Promise<OpenedImage>;
  /** What `tests.files` names, read by the caller. */
  readonly tests: readonly TestFile[];
  readonly repositories: Repositories;
  /**
   * What is known of the packages of an image; null where there is nothing to ask. The base is scanned without what VEX
   * documents say, so that what they take off the result is told.
   */
  readonly scan: ((catalog: Catalog, subject: 'base' | 'result') => ScanReport) | null;
  readonly platform?: Platform;
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
  readonly platform: Platform;
  /** What is in the image that is left. */
  readonly after: Surveyed;
  /** Lets go of the contents; the image can be pushed until then. */
  close(): void;
}

/** Not root: the user of distroless images. */
const nobody = '65532:65532';

const everything: KeepRule = { id: 'everything-1', keep: () => 'whole' };

/**
 * The base-image flow up to the policy: read → scan → upgrade and add packages → add the rest →
 * strip → build → scan again → test. Nothing
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
  const platform: Platform = {
    os: config.os || 'linux',
    architecture: config.architecture || 'amd64',
    ...(config.variant === '' ? {} : { variant: config.variant }),
  };
  let contents: readonly Contents[] = [];
  // The layer is compressed once, and then read for the scan, for the tests and for the push.
  const scratch = mkdtempSync(join(tmpdir(), 'pratique-harden-'));
  const close = () => {
    for (const one of contents) one.close();
    base.fileSystem.close();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    progress(scan === null ? 'listing the packages of the base' : 'scanning the base');
    const before = await survey(base.fileSystem, scan && ((catalog) => scan(catalog, 'base')));
    if (settings.upgrade || settings.add.packages.length > 0) progress('upgrading and adding packages');
    const changed = await changePackages(base.fileSystem, settings, input.repositories);
    signal.throwIfAborted();
    if (addsContents(settings)) progress('adding files, archives, images and npm packages');
    contents = await gather(settings, {
      path: input.path,
      image: input.openImage,
      fetcher: input.repositories.fetcher,
      platform,
      signal,
    });
    const { fileSystem, additions, paths, replaced } = applyAdditions(
      changed.fileSystem,
      contents,
      contents.length === 0 ? null : readDatabase(changed.fileSystem),
      settings.add.replaces,
    );
    const run = runOf(config, settings);
    progress('looking for what is not needed');
    const plan = keeping(paths, planOf(fileSystem, run, settings));
    const removed = new Set(plan.removals.map(({ path }) => path));
    checkStripped(fileSystem, (path) => !removed.has(path));
    progress('building the image');
    const left = runStripTriggers(fileSystem, plan, settings.add.scriptsNotNeeded);
    const entries = strippedEntries(left.fileSystem, plan);
    const isDiff = settings.layers === 'diff';
    const layer = await buildLayer(isDiff ? diffEntries(base.fileSystem, entries) : entries, {
      ...(input.dryRun === true
        ? { compression: 'none' }
        : { compression: settings.compression, file: join(scratch, 'layer') }),
    });
    const below = isDiff ? baseLayers(repository, base.manifest, config, signal) : [];
    const image =
      input.dryRun === true
        ? null
        : buildImage({
            layers: [...below, layer],
            platform,
            run: { ...run, labels: labelsOf(config.labels, settings, input.name, base.descriptor.digest) },
            annotations: baseAnnotations(input.name, base.descriptor.digest),
          });
    progress(scan === null ? 'listing the packages of what was built' : 'scanning what was built');
    // The bytes that will be pushed, not what they should be.
    const lower = isDiff ? base.fileSystem.layers : [];
    const { after, checks } = await onBuilt(
      layer,
      lower,
      keepAny(checkFiles, packageFiles),
      signal,
      (built) => surveyBuilt(built, image, scan),
    );
    const findingsGone = explainGone(before.report, after.report, plan, changed.changes);
    const tests = image === null ? null : { checks, ...(await testBuilt(layer, lower, image, input)) };
    const report: HardenReport = {
      schemaVersion: 1,
      base: { name: input.name, digest: base.descriptor.digest },
      platform: platformName(platform),
      image: image === null ? null : { digest: image.descriptor.digest, diffId: layer.diffId },
      before: before.summary,
      after: after.summary,
      packages: { changed: changed.changes, kept: plan.kept, removed: plan.removed },
      additions,
      replaced,
      removals: plan.removals,
      layers: settings.layers,
      below: isDiff ? hidden(base.fileSystem, entries) : { files: 0, bytes: 0 },
      bits: plan.bits,
      tests,
      policy: null,
      findingsGone,
      scriptsNotRun: [...changed.skipped, ...contents.flatMap(({ skipped }) => skipped), ...left.skipped],
      notMade: [...changed.notMade, ...left.notMade],
      missingLibraries: plan.missing,
      mayRunShell: plan.mayRunShell,
      keepUnmatched: plan.keepUnmatched,
      untouched: plan.untouched,
    };
    return { report, image, platform, after, close };
  } catch (error) {
    close();
    throw error;
  }
}

function addsContents({ add }: HardenSettings): boolean {
  const { files, directories, tars, images, npm } = add;
  return npm !== undefined || [files, directories, tars, images].some(({ length }) => length > 0);
}

/** Reads the layer that was built, on those it lies on. */
async function onBuilt<T>(
  layer: Layer,
  lower: FileSystem['layers'],
  keep: KeepRule,
  signal: AbortSignal,
  look: (built: FileSystem) => Promise<T>,
): Promise<T> {
  const own = await readRootArchive(layer.open(), { keep, signal });
  try {
    return await look(lower.length === 0 ? own : mergeLayers([...lower, ...own.layers]));
  } finally {
    own.close();
  }
}

/** What was added stays, also where nothing of that kind would: whoever adds a manual wants it. */
function keeping(paths: ReadonlySet<string>, plan: StripPlan): StripPlan {
  if (paths.size === 0) return plan;
  const needed = new Set(paths);
  for (const path of paths)
    for (let above = directoryOf(path); above !== '' && !needed.has(above); above = directoryOf(above))
      needed.add(above);
  return { ...plan, removals: plan.removals.filter(({ path }) => !needed.has(path)) };
}

/** Files of the base that are not in the image as they were: in its layers they still are. */
function hidden(base: FileSystem, entries: readonly LayerEntry[]): { files: number; bytes: number } {
  const left = new Map(entries.map((entry) => [entry.path, entry]));
  let [files, bytes] = [0, 0];
  for (const { path, type, size, content } of base.nodes()) {
    const entry = left.get(path);
    const isThere =
      entry?.type === 'hardlink' || (entry?.type === 'file' && (size === 0 || entry.content === content));
    if (type !== 'file' || isThere) continue;
    files++;
    bytes += size;
  }
  return { files, bytes };
}

async function surveyBuilt(built: FileSystem, image: BuiltImage | null, scan: HardenInput['scan']) {
  const after = await survey(built, scan && ((catalog) => scan(catalog, 'result')));
  return { after, checks: image === null ? [] : checkImage(built, parseImageConfig(image.config.bytes)) };
}

/** The tests of the settings on the layer that was built, read once more and whole. */
async function testBuilt(
  layer: Layer,
  lower: FileSystem['layers'],
  image: BuiltImage,
  { tests, settings, signal, progress = () => {} }: HardenInput,
): Promise<Pick<TestReport, 'files' | 'structureTests'>> {
  if (tests.length === 0) return { files: [], structureTests: [] };
  progress('testing what was built');
  return await onBuilt(layer, lower, everything, signal, async (whole) => {
    const config = parseImageConfig(image.config.bytes);
    const structureTests = await testImage(whole, config, tests, settings.tests.allowNotRun);
    return { files: tests.map(({ name, sha256 }) => ({ name, sha256 })), structureTests };
  });
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

function planOf(fileSystem: FileSystem, run: RunConfig & RunContext, { strip }: HardenSettings): StripPlan {
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
      keepUnmatched: [],
      untouched: null,
    };
  const [kind, ...words] = run.healthcheck;
  const healthcheck = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words;
  return planStrip(fileSystem, { ...run, healthcheck }, strip);
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

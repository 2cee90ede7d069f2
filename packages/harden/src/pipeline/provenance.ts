import type { Removal } from '../strip/plan.ts';
import type { HardenReport } from './report.ts';
import type { HardenSettings } from './settings.ts';
import type { TestReport } from './test.ts';

export const provenanceType = 'https://slsa.dev/provenance/v1';
export const reportType = 'https://pratique.dev/attestations/harden/v1';
export const removalsType = 'https://pratique.dev/attestations/removals/v1';
/** https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md */
export const testResultType = 'https://in-toto.io/attestation/test-result/v0.1';

/** What made the image, and what it went by. */
export interface Making {
  /** Of this program. */
  readonly version: string;
  readonly startedOn: Date;
  readonly finishedOn: Date;
  /** Of the policies that accepted the image, and all they read; null where none were asked. */
  readonly policyDigest: string | null;
  /** Of the advisory database; null where nothing was scanned. */
  readonly databaseDigest: string | null;
}

/**
 * How the image came to be, as SLSA provenance (https://slsa.dev/spec/v1.0/provenance): base, packages, everything else that
 * was added and test files by digest, the settings, and the digests of policies and advisory database.
 */
export function provenance(report: HardenReport, settings: HardenSettings, made: Making): unknown {
  const [algorithm, hex] = report.base.digest.split(':');
  const iso = (date: Date) => date.toISOString();
  return {
    buildDefinition: {
      buildType: 'https://pratique.dev/harden/v1',
      externalParameters: { base: report.base.name, settings },
      internalParameters: { policyDigest: made.policyDigest, databaseDigest: made.databaseDigest },
      resolvedDependencies: [
        { uri: report.base.name, digest: { [algorithm!]: hex }, name: 'base' },
        ...report.packages.changed.map(({ name, uri, sha256 }) => ({ uri, digest: { sha256 }, name })),
        ...report.additions.map(({ name, uri, digest }) => ({ uri, digest, name })),
        ...(report.tests?.files ?? []).map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
      ],
    },
    runDetails: {
      builder: { id: 'https://pratique.dev/harden', version: { pratique: made.version } },
      metadata: { startedOn: iso(made.startedOn), finishedOn: iso(made.finishedOn) },
    },
  };
}

/** How an index of hardened images came to be: the index it was made from, and the images in it. */
export function indexProvenance(
  base: HardenReport['base'],
  reports: readonly HardenReport[],
  settings: HardenSettings,
  made: Pick<Making, 'version' | 'startedOn' | 'finishedOn' | 'policyDigest'>,
): unknown {
  const digestSet = (digest: string) => Object.fromEntries([digest.split(':')]);
  return {
    buildDefinition: {
      buildType: 'https://pratique.dev/harden/v1',
      externalParameters: { base: base.name, settings },
      internalParameters: { policyDigest: made.policyDigest, databaseDigest: null },
      resolvedDependencies: [
        { uri: base.name, digest: digestSet(base.digest), name: 'base' },
        ...reports.flatMap(({ image, platform }) =>
          image === null ? [] : [{ name: platform, digest: digestSet(image.digest) }],
        ),
      ],
    },
    runDetails: {
      builder: { id: 'https://pratique.dev/harden', version: { pratique: made.version } },
      metadata: { startedOn: made.startedOn.toISOString(), finishedOn: made.finishedOn.toISOString() },
    },
  };
}

/** The report without the list of files, which has an attestation of its own, and without policies, which it is shown to. */
export function reportPredicate(report: HardenReport): unknown {
  const { removals, policy: _, ...rest } = report;
  return { ...rest, removals: totals(removals) };
}

/** Every path that was removed, by package and reason, with its size in bytes. */
export function removalsPredicate({ base, removals }: HardenReport, { strip }: HardenSettings): unknown {
  const groups = new Map<string, Removal[]>();
  for (const removal of removals) {
    const key = JSON.stringify([removal.package, removal.reason]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [removal]);
    else group.push(removal);
  }
  return {
    schemaVersion: 1,
    base,
    strip,
    ...totals(removals),
    removals: [...groups.values()].map((group) => ({
      package: group[0]!.package,
      reason: group[0]!.reason,
      ...totals(group),
      paths: group.map(({ path, size }) => ({ path, size })),
    })),
  };
}

function totals(removals: readonly Removal[]): { readonly files: number; readonly bytes: number } {
  return { files: removals.length, bytes: removals.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * What was tested, as in-toto’s test result: structure tests, and configuration checks, which only warn. A test that
 * was not run is in none of the three lists, so that nobody takes it for passed, and named by an extension.
 */
export function testResultPredicate({ files, structureTests, checks }: TestReport, version: string): unknown {
  const tests = (status: string) =>
    structureTests.filter((one) => one.status === status).map(({ file, name }) => `${file}: ${name}`);
  const ofChecks = (status: string) => checks.filter((one) => one.status === status).map(({ id }) => id);
  const [failed, warned, notRun] = [tests('failed'), ofChecks('failed'), tests('not-run')];
  return {
    result: failed.length > 0 ? 'FAILED' : warned.length + notRun.length > 0 ? 'WARNED' : 'PASSED',
    configuration: [
      { uri: `pkg:npm/pratique@${version}`, name: 'configuration checks' },
      ...files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    ],
    passedTests: [...tests('passed'), ...ofChecks('passed')],
    warnedTests: warned,
    failedTests: failed,
    ...(notRun.length === 0 ? {} : { 'https://pratique.dev/attestations/test-result/not-run': notRun }),
  };
}

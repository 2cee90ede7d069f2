import type { HardenReport } from './report.ts';
import type { HardenSettings } from './settings.ts';

export const provenanceType = 'https://slsa.dev/provenance/v1';
export const reportType = 'https://pratique.dev/attestations/harden/v1';

/** How the image came to be, as SLSA provenance (https://slsa.dev/spec/v1.0/provenance): base, packages, settings. */
export function provenance(
  report: HardenReport,
  settings: HardenSettings,
  made: { readonly version: string; readonly startedOn: Date; readonly finishedOn: Date },
): unknown {
  const [algorithm, hex] = report.base.digest.split(':');
  const iso = (date: Date) => date.toISOString();
  return {
    buildDefinition: {
      buildType: 'https://pratique.dev/harden/v1',
      externalParameters: { base: report.base.name, settings },
      internalParameters: {},
      resolvedDependencies: [
        { uri: report.base.name, digest: { [algorithm!]: hex }, name: 'base' },
        ...report.packages.changed.map(({ name, uri, sha256 }) => ({ uri, digest: { sha256 }, name })),
      ],
    },
    runDetails: {
      builder: { id: 'https://pratique.dev/harden', version: { pratique: made.version } },
      metadata: { startedOn: iso(made.startedOn), finishedOn: iso(made.finishedOn) },
    },
  };
}

/** The report without the list of files, which would be larger than the image’s manifest could ever be. */
export function reportPredicate(report: HardenReport): unknown {
  const { removals, ...rest } = report;
  return {
    ...rest,
    removals: { files: removals.length, bytes: removals.reduce((sum, { size }) => sum + size, 0) },
  };
}

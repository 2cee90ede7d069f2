import type { ScanReport } from '../scan.ts';

/** The predicate `https://cosign.sigstore.dev/attestation/vuln/v1`; its `scanner.result` is the whole report. */
export function toCosignVuln(report: ScanReport): unknown {
  return {
    invocation: { parameters: [], uri: '', event_id: '', 'builder.id': '' },
    scanner: {
      uri: `pkg:npm/${report.tool.name}@${report.tool.version}`,
      version: report.tool.version,
      db: { uri: '', version: report.database.digest, lastUpdate: report.database.builtAt },
      result: report,
    },
    metadata: { scanStartedOn: report.createdAt, scanFinishedOn: report.createdAt },
  };
}

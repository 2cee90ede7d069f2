import * as v from 'valibot';
import type { ImportItem } from '../advisory.ts';
import { cvssBaseScore, severityOfScore } from '../cvss.ts';

const metric = v.object({
  type: v.string(),
  cvssData: v.object({ vectorString: v.pipe(v.string(), v.maxLength(300)) }),
});
const metrics = v.optional(v.array(metric));

/** A feed or answer of NVD's API 2.0. Only its ratings are taken: it knows products, not packages. */
export const nvdFeed = v.object({
  format: v.literal('NVD_CVE'),
  vulnerabilities: v.array(
    v.object({
      cve: v.object({
        id: v.pipe(v.string(), v.regex(/^CVE-\d{4}-\d{4,}$/)),
        metrics: v.optional(v.object({ cvssMetricV31: metrics, cvssMetricV30: metrics })),
      }),
    }),
  ),
});

/** One rating for each CVE: NVD's own (`Primary`) before that of whoever reported it, 3.1 before 3.0. */
export function* fromNvd(feed: v.InferOutput<typeof nvdFeed>): Generator<ImportItem> {
  for (const { cve } of feed.vulnerabilities) {
    const all = [...(cve.metrics?.cvssMetricV31 ?? []), ...(cve.metrics?.cvssMetricV30 ?? [])];
    const chosen = all.find(({ type }) => type === 'Primary') ?? all[0];
    const score = chosen === undefined ? undefined : cvssBaseScore(chosen.cvssData.vectorString);
    if (chosen === undefined || score === undefined) continue;
    yield {
      kind: 'rating',
      source: 'nvd',
      vulnerability: cve.id,
      rating: { by: 'nvd', severity: severityOfScore(score), score, vector: chosen.cvssData.vectorString },
    };
  }
}

import * as v from 'valibot';
import type { PackageType } from '../../packages/package.ts';
import { compareVersions } from '../../versions/versions.ts';
import {
  type Advisory,
  type AffectedPackage,
  cveOf,
  type ImportItem,
  type Rating,
  type Severity,
  type VersionRange,
} from '../advisory.ts';
import { cvssBaseScore, severityOfScore } from '../cvss.ts';
import { advisoryName, advisoryVersion, osvEcosystem } from '../names.ts';

const text = v.pipe(v.string(), v.maxLength(1024));
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const list = <T extends v.GenericSchema>(item: T, max: number) =>
  v.optional(v.nullable(v.pipe(v.array(item), v.maxLength(max))));

const severity = v.object({ type: text, score: text });
const event = v.object({
  introduced: v.optional(text),
  fixed: v.optional(text),
  last_affected: v.optional(text),
  limit: v.optional(text),
});
const specific = v.optional(
  v.nullable(v.object({ severity: v.optional(v.unknown()), urgency: v.optional(v.unknown()) })),
);

/** The parts of https://ossf.github.io/osv-schema/ that matching and reporting need. */
export const osvRecord = v.object({
  id,
  modified: v.optional(text),
  published: v.optional(text),
  withdrawn: v.optional(v.nullable(text)),
  aliases: list(id, 1000),
  upstream: list(id, 5000),
  related: list(id, 5000),
  summary: v.optional(v.nullable(v.string())),
  severity: list(severity, 100),
  affected: list(
    v.object({
      package: v.optional(v.object({ ecosystem: text, name: text })),
      ranges: list(v.object({ type: text, events: v.pipe(v.array(event), v.maxLength(10_000)) }), 1000),
      versions: list(text, 100_000),
      severity: list(severity, 100),
      ecosystem_specific: specific,
      database_specific: specific,
    }),
    20_000,
  ),
  database_specific: specific,
});
export type OsvRecord = v.InferOutput<typeof osvRecord>;

type OsvAffected = NonNullable<NonNullable<OsvRecord['affected']>[number]>;

/** Takes one record apart: one advisory for each ecosystem and vulnerability it is about. */
export function* fromOsv(record: OsvRecord): Generator<ImportItem> {
  const publisher = record.id.split('-')[0]!;
  const byEcosystem = Map.groupBy(record.affected ?? [], (affected) => affected.package?.ecosystem ?? 'GIT');
  const sources = new Map<string, { packages: AffectedPackage[]; ratings: Rating[] }>();
  for (const [ecosystem, entries] of byEcosystem) {
    const place = osvEcosystem(ecosystem);
    if (place === undefined) {
      yield { kind: 'unsupported', ecosystem };
      continue;
    }
    const source = `osv:${ecosystem.split(':')[0]}/${publisher}`;
    const parts = sources.get(source) ?? { packages: [], ratings: [] };
    sources.set(source, parts);
    for (const entry of entries) {
      const name = advisoryName(place.type, entry.package!.name);
      const versions = (entry.versions ?? []).map((version) => advisoryVersion(place.type, version));
      parts.packages.push({ ...place, name, ranges: rangesOf(entry, place.type), versions });
      parts.ratings.push(...ratingsOf(record, entry, ecosystem));
    }
  }
  for (const [source, { packages, ratings }] of sources) {
    if (record.withdrawn) {
      yield { kind: 'withdrawn', source, id: record.id };
      continue;
    }
    for (const vulnerability of vulnerabilitiesOf(record)) {
      yield { kind: 'advisory', source, advisory: advisoryOf(record, vulnerability, packages, ratings) };
    }
  }
}

function advisoryOf(
  record: OsvRecord,
  vulnerability: string,
  affected: readonly AffectedPackage[],
  ratings: readonly Rating[],
): Advisory {
  const others = [record.id, ...(record.aliases ?? [])].filter((name) => name !== vulnerability);
  return {
    vulnerability,
    id: record.id,
    aliases: [...new Set(others)],
    title: record.summary?.slice(0, 300) || undefined,
    url: `https://osv.dev/vulnerability/${record.id}`,
    published: record.published,
    modified: record.modified,
    ratings: [...new Map(ratings.map((rating) => [JSON.stringify(rating), rating])).values()],
    affected,
  };
}

/** Aliases are names of the same vulnerability; `upstream` are the vulnerabilities a distribution's notice is about. */
function vulnerabilitiesOf(record: OsvRecord): readonly string[] {
  const own = cveOf(record.id);
  if (own !== undefined) return [own];
  const upstream = cves(record.upstream);
  if (upstream.length > 0) return upstream;
  const aliases = cves(record.aliases);
  if (aliases.length > 0) return aliases.slice(0, 1);
  // Notices from before `upstream` existed list their vulnerabilities as related.
  const related = /^(?:DSA|DLA|DTSA|USN|ALSA|ALBA|RLSA|RXSA|RHSA)-/.test(record.id)
    ? cves(record.related)
    : [];
  return related.length > 0 ? related : [record.id];
}

function cves(ids: readonly string[] | null | undefined): readonly string[] {
  return [...new Set((ids ?? []).flatMap((name) => cveOf(name) ?? []))].sort();
}

/** Turns the events of each range, which stand in any order, into intervals. GIT ranges name commits. */
function rangesOf(affected: OsvAffected, type: PackageType): readonly VersionRange[] {
  return (affected.ranges ?? [])
    .filter((range) => range.type !== 'GIT')
    .flatMap(({ events }) => {
      const ranges: VersionRange[] = [];
      let introduced: string | undefined;
      for (const { change, version } of sorted(events, type)) {
        if (change === 'introduced') introduced ??= version;
        else if (introduced !== undefined) {
          ranges.push(range(introduced, change === 'fixed' ? { fixed: version } : { lastAffected: version }));
          introduced = undefined;
        }
      }
      if (introduced !== undefined) ranges.push(range(introduced, {}));
      return ranges;
    });
}

interface Change {
  readonly change: 'introduced' | 'fixed' | 'last_affected';
  readonly version: string;
}

/** `introduced: 0` is before every version. */
function sorted(events: readonly v.InferOutput<typeof event>[], type: PackageType): readonly Change[] {
  const changes = events.flatMap((one) =>
    (['introduced', 'fixed', 'last_affected'] as const).flatMap((change): Change[] => {
      const version = one[change];
      return version === undefined ? [] : [{ change, version: advisoryVersion(type, version) }];
    }),
  );
  return changes.sort((a, b) =>
    a.version === '0' || b.version === '0'
      ? Number(b.version === '0') - Number(a.version === '0')
      : compareVersions(type, a.version, b.version),
  );
}

function range(introduced: string, end: Omit<VersionRange, 'introduced'>): VersionRange {
  return introduced === '0' ? end : { introduced, ...end };
}

/** What the record, its database and the entry of the package say about how bad it is. */
function ratingsOf(record: OsvRecord, affected: OsvAffected, ecosystem: string): Rating[] {
  const base = ecosystem.split(':')[0]!.toLowerCase();
  const by = record.id.startsWith('GHSA-') ? 'ghsa' : base;
  const scored = [...(affected.severity ?? []), ...(record.severity ?? [])].flatMap(
    ({ type, score }): Rating[] => {
      if (!type.startsWith('CVSS')) {
        const word = severityOfWord(score);
        return word === undefined ? [] : [{ by: type.toLowerCase(), severity: word }];
      }
      const points = cvssBaseScore(score);
      return points === undefined
        ? []
        : [{ by, severity: severityOfScore(points), score: points, vector: score }];
    },
  );
  const words = [affected.ecosystem_specific, affected.database_specific, record.database_specific].flatMap(
    (place): Rating[] => {
      const word = severityOfWord(place?.severity) ?? severityOfWord(place?.urgency);
      return word === undefined ? [] : [{ by, severity: word }];
    },
  );
  // The publisher's word counts before a score computed from a vector; the vector is kept with it.
  const [word] = words;
  const vector = scored.find((rating) => rating.by === by);
  if (word === undefined) return scored;
  return [{ ...vector, ...word }, ...scored.filter((rating) => rating.by !== by)];
}

const words: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  important: 'high',
  high: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
  negligible: 'negligible',
  unimportant: 'negligible',
};

/** The words of GitHub, Ubuntu, Debian and the Red Hat family; undefined for others, such as `not yet assigned`. */
export function severityOfWord(word: unknown): Severity | undefined {
  if (typeof word !== 'string') return undefined;
  const key = word.toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

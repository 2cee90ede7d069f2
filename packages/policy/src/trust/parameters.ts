import type { VersionOperator } from '@pratique/inspect';
import * as v from 'valibot';
import { compileGlob } from './glob.ts';
import { digest, glob, globs, mapping, text } from './schema-parts.ts';

/** What an image can be required to have been attested: `parameters.require`. */
const evidenceKinds = ['sbom', 'provenance', 'scan', 'checks'] as const;
/** What happens where something is not known that a rule asks for. */
const onUnknown = ['deny', 'warn'] as const;
type OnUnknown = (typeof onUnknown)[number];
const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
type Severity = (typeof severities)[number];

/** A bound of a version range. */
export interface VersionBound {
  readonly operator: VersionOperator;
  readonly version: string;
}

/** Selects packages for which everything holds that is not null. `*` in texts stands for any characters. */
export interface PackageRule {
  readonly type: string | null;
  /** Of the package, or of the source package it was built from. */
  readonly name: string | null;
  /** By the rules of the package's own ecosystem; all bounds must hold. */
  readonly version: readonly VersionBound[];
  readonly purl: string | null;
  /** One of the licences the package's expression names, or the whole expression. */
  readonly license: string | null;
  readonly supplier: string | null;
  readonly reason: string | null;
}

/** What is let pass although a policy refuses it, by whom, why and until when. */
export interface PolicyException {
  /** `exceptions[0]` */
  readonly entry: string;
  /** Patterns over image names, for Rego's `glob.match`. */
  readonly match: readonly string[];
  /** The finding of CVE-2024-1234, say, and not the package itself; null: the package, and not its findings. */
  readonly vulnerability: string | null;
  /** The name of a package, `*` standing for any characters; null: any. */
  readonly package: string | null;
  readonly reason: string;
  readonly owner: string;
  /** `YYYY-MM-DD`: the last day it holds. */
  readonly expires: string;
}

/** Parameters of the policies that come with Pratique: `data.pratique.parameters`. */
export interface PolicyParameters {
  readonly environment: {
    readonly annotation: string;
    readonly expected: string | null;
    readonly namespaces: Readonly<Record<string, string>>;
  };
  readonly digests: Readonly<Record<string, readonly string[]>>;
  /** Digests of base images, one of which signed provenance must name; empty: any will do. */
  readonly bases: readonly string[];
  readonly registries: readonly string[];
  readonly requireDigest: boolean;
  readonly forbiddenTags: readonly string[];
  /** What must have been attested. */
  readonly require: readonly (typeof evidenceKinds)[number][];
  /** Null: findings do not matter. */
  readonly vulnerabilities: {
    /** By severity: how many days a vulnerability that has a fix may be left. */
    readonly fixOlderThanDays: Readonly<Record<string, number>>;
    readonly refuseExploited: boolean;
    /** How old a scan may be; null: any age. */
    readonly scanOlderThanDays: number | null;
    /** How old the advisory database of a scan may be by now; null: any age. */
    readonly databaseOlderThanDays: number | null;
    /** What happens where the scan does not know what the others ask for. */
    readonly unknown: OnUnknown;
  } | null;
  readonly packages: {
    readonly deny: readonly PackageRule[];
    readonly allow: readonly PackageRule[];
    /** What happens where it is not known whether a rule of `deny` selects a package. */
    readonly unknown: OnUnknown;
  };
  readonly exceptions: readonly PolicyException[];
}

const unknown = v.optional(v.picklist(onUnknown, `one of ${onUnknown.join(', ')}`));
const days = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(36_500));
const pattern = v.pipe(v.string(), v.minLength(1, 'a non-empty string'), v.maxLength(500));

/** `>=1.2, <2`: bounds with commas between them; a version alone is that one. */
const bound = /^\s*(<=|>=|<|>|=)?\s*([^\s<>=,][^\s,]*)\s*$/;
const range = v.pipe(
  v.string(),
  v.maxLength(500),
  v.check((text) => text.split(',').every((part) => bound.test(part)), 'a range such as ">=1.2, <2"'),
);

const packageRule = v.pipe(
  v.strictObject({
    type: v.optional(pattern),
    name: v.optional(pattern),
    version: v.optional(range),
    purl: v.optional(pattern),
    license: v.optional(pattern),
    supplier: v.optional(pattern),
    reason: v.optional(text),
  }),
  v.check(
    (rule) => Object.keys(rule).some((key) => key !== 'reason'),
    'one of type, name, version, purl, license and supplier',
  ),
);

const exception = v.pipe(
  v.strictObject({
    match: v.optional(globs, '**'),
    vulnerability: v.optional(text),
    package: v.optional(pattern),
    reason: text,
    owner: text,
    expires: v.pipe(v.string('a date in quotes, YYYY-MM-DD'), v.isoDate('a date, YYYY-MM-DD')),
  }),
  v.check(
    (given) => given.vulnerability !== undefined || given.package !== undefined,
    'vulnerability, package or both',
  ),
);

/** `parameters:` of the trust file (docs/reference/trust.md). */
export const parametersSchema = v.strictObject({
  environment: v.optional(
    v.union(
      [
        text,
        v.strictObject({
          annotation: v.optional(text),
          expected: v.optional(text),
          namespaces: v.optional(
            mapping(v.pipe(v.string(), v.regex(/^[a-z0-9*?-]+$/, 'a pattern over namespace names')), text),
          ),
        }),
      ],
      'an environment, or {annotation, expected, namespaces}',
    ),
  ),
  digests: v.optional(
    v.union(
      [v.array(digest), mapping(glob, v.array(digest))],
      'a list of digests, or lists by image pattern',
    ),
  ),
  bases: v.optional(v.array(digest)),
  registries: v.optional(v.array(glob)),
  requireDigest: v.optional(v.boolean()),
  forbiddenTags: v.optional(v.array(v.string('a string (quote numbers)'))),
  require: v.optional(v.array(v.picklist(evidenceKinds, `one of ${evidenceKinds.join(', ')}`))),
  vulnerabilities: v.optional(
    v.strictObject({
      fixOlderThanDays: v.optional(
        v.partial(
          v.strictObject(
            Object.fromEntries(severities.map((severity) => [severity, days])) as Record<
              Severity,
              typeof days
            >,
          ),
        ),
      ),
      refuseExploited: v.optional(v.boolean()),
      scanOlderThanDays: v.optional(days),
      databaseOlderThanDays: v.optional(days),
      unknown,
    }),
  ),
  packages: v.optional(
    v.strictObject({
      deny: v.optional(v.array(packageRule)),
      allow: v.optional(v.array(packageRule)),
      unknown,
    }),
  ),
  exceptions: v.optional(v.array(exception)),
});

type Given = v.InferOutput<typeof parametersSchema>;

/** Fills in what was not given, and brings patterns into the form that policies use. */
export function parametersOf(given: Given): PolicyParameters {
  const { environment, digests = {}, vulnerabilities, packages = {} } = given;
  const wanted = typeof environment === 'string' ? { expected: environment } : (environment ?? {});
  return {
    environment: {
      annotation: wanted.annotation ?? 'env',
      expected: wanted.expected ?? null,
      namespaces: wanted.namespaces ?? {},
    },
    digests: Object.fromEntries(
      Object.entries(Array.isArray(digests) ? { '**': digests } : digests).map(([images, approved]) => [
        regoGlob(images),
        approved,
      ]),
    ),
    bases: given.bases ?? [],
    registries: (given.registries ?? []).map(regoGlob),
    requireDigest: given.requireDigest ?? false,
    forbiddenTags: given.forbiddenTags ?? [],
    require: given.require ?? [],
    vulnerabilities:
      vulnerabilities === undefined
        ? null
        : {
            fixOlderThanDays: Object.fromEntries(
              Object.entries(vulnerabilities.fixOlderThanDays ?? {}).filter(
                (entry): entry is [string, number] => entry[1] !== undefined,
              ),
            ),
            refuseExploited: vulnerabilities.refuseExploited ?? false,
            scanOlderThanDays: vulnerabilities.scanOlderThanDays ?? null,
            databaseOlderThanDays: vulnerabilities.databaseOlderThanDays ?? null,
            unknown: vulnerabilities.unknown ?? 'deny',
          },
    packages: {
      deny: (packages.deny ?? []).map(ruleOf),
      allow: (packages.allow ?? []).map(ruleOf),
      unknown: packages.unknown ?? 'deny',
    },
    exceptions: (given.exceptions ?? []).map((one, index) => ({
      entry: `exceptions[${index}]`,
      match: [one.match].flat().map(regoGlob),
      vulnerability: one.vulnerability ?? null,
      package: one.package ?? null,
      reason: one.reason,
      owner: one.owner,
      expires: one.expires,
    })),
  };
}

function ruleOf(given: v.InferOutput<typeof packageRule>): PackageRule {
  const { type = null, name = null, purl = null, license = null, supplier = null, reason = null } = given;
  const version = (given.version?.split(',') ?? []).map((part): VersionBound => {
    const [, operator = '=', version = ''] = bound.exec(part) ?? [];
    return { operator: operator as VersionBound['operator'], version };
  });
  return { type, name, version, purl, license, supplier, reason };
}

/** For Rego's `glob.match`, which takes brackets for a class of characters and not for an IPv6 address. */
function regoGlob(images: string): string {
  return compileGlob(images).canonical.replace(/[[\]]/g, '\\$&');
}

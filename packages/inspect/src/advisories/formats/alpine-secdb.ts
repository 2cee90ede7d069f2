import * as v from 'valibot';
import type { ImportItem } from '../advisory.ts';

const text = v.pipe(v.string(), v.maxLength(1024));

/** https://secdb.alpinelinux.org: `packages[].pkg.secfixes`, version → ids. Wolfi and Chainguard publish the same. */
export const alpineSecdb = v.object({
  distroversion: v.optional(text),
  reponame: text,
  urlprefix: v.optional(text),
  packages: v.nullable(
    v.array(
      v.object({
        pkg: v.object({
          name: text,
          secfixes: v.nullable(v.record(text, v.nullable(v.array(v.nullable(v.string()))))),
        }),
      }),
    ),
  ),
});

/** One advisory for each package, fixing version and id. Version `0` says that the package was never affected. */
export function* fromAlpineSecdb(secdb: v.InferOutput<typeof alpineSecdb>): Generator<ImportItem> {
  const release = secdb.distroversion?.replace(/^v/, '');
  const host = secdb.urlprefix ?? '';
  const distro = host.includes('wolfi.dev')
    ? 'wolfi'
    : host.includes('cgr.dev')
      ? 'chainguard'
      : release === undefined
        ? undefined
        : `alpine:${release}`;
  if (distro === undefined) {
    yield { kind: 'unsupported', ecosystem: `secdb ${secdb.reponame}` };
    return;
  }
  for (const { pkg } of secdb.packages ?? []) {
    for (const [fixed, entries] of Object.entries(pkg.secfixes ?? {})) {
      if (fixed === '0') continue;
      // One line may name the same vulnerability several ways: `CVE-2020-1234 GHSA-…`.
      for (const names of (entries ?? []).map((entry) => (entry ?? '').split(/\s+/).filter(Boolean))) {
        const vulnerability = names.find((name) => /^CVE-\d{4}-\d{4,}$/.test(name)) ?? names[0];
        if (vulnerability === undefined || vulnerability.length > 200) continue;
        yield {
          kind: 'advisory',
          source: `secdb:${distro}/${secdb.reponame}`,
          advisory: {
            vulnerability,
            id: vulnerability,
            aliases: names.filter((name) => name !== vulnerability),
            url: `https://security.alpinelinux.org/vuln/${encodeURIComponent(vulnerability)}`,
            ratings: [],
            affected: [{ type: 'apk', distro, name: pkg.name, ranges: [{ fixed }], versions: [] }],
          },
        };
      }
    }
  }
}

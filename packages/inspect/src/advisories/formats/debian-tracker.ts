import * as v from 'valibot';
import type { ImportItem } from '../advisory.ts';
import { debianDistro } from '../names.ts';
import { severityOfWord } from './osv.ts';

const text = v.pipe(v.string(), v.maxLength(1024));

/** https://security-tracker.debian.org/tracker/data/json: source package → vulnerability → release. */
export const debianTracker = v.record(
  text,
  v.record(
    text,
    v.object({
      description: v.optional(v.string()),
      releases: v.record(
        text,
        v.object({
          status: v.picklist(['resolved', 'open', 'undetermined']),
          fixed_version: v.optional(text),
          urgency: v.optional(text),
        }),
      ),
    }),
  ),
);

/** One advisory for each source package and vulnerability, with every release that is, or was, affected. */
export function* fromDebianTracker(tracker: v.InferOutput<typeof debianTracker>): Generator<ImportItem> {
  for (const [name, vulnerabilities] of Object.entries(tracker)) {
    for (const [vulnerability, { description, releases }] of Object.entries(vulnerabilities)) {
      const affected = Object.entries(releases).flatMap(([codename, { status, fixed_version: fixed }]) => {
        const distro = debianDistro(codename);
        // Version 0 says that the release was never affected; undetermined says nothing yet.
        if (distro === undefined || status === 'undetermined' || fixed === '0') return [];
        const range = status === 'resolved' && fixed !== undefined ? { fixed } : {};
        return [{ type: 'deb' as const, distro, name, ranges: [range], versions: [] }];
      });
      if (affected.length === 0) continue;
      const urgencies = Object.values(releases).flatMap(({ urgency }) => severityOfWord(urgency) ?? []);
      yield {
        kind: 'advisory',
        source: 'debian-tracker',
        advisory: {
          vulnerability,
          id: vulnerability,
          aliases: [],
          title: description?.slice(0, 300),
          url: `https://security-tracker.debian.org/tracker/${vulnerability}`,
          ratings: urgencies.slice(0, 1).map((severity) => ({ by: 'debian', severity })),
          affected,
        },
      };
    }
  }
}

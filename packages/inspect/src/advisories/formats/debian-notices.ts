import type { AffectedPackage, ImportItem } from '../advisory.ts';
import { debianDistro } from '../names.ts';

const heading = /^\[\d{1,2} [A-Z][a-z]{2} (\d{4})\] ((DSA|DLA)-[0-9]+(?:-[0-9]+)?) (.{0,500})$/;

/** Whether a text is `data/DSA/list` or `data/DLA/list` of Debian's security tracker. */
export function isDebianNotices(text: string): boolean {
  return heading.test(text.slice(0, 1000).split('\n')[0] ?? '');
}

/**
 * The notices of Debian's security team: a heading with date, id and package, a line `{CVE-… CVE-…}`, and lines
 * `[codename] - source version`. A notice without a CVE counts under its own id.
 */
export function* fromDebianNotices(text: string): Generator<ImportItem> {
  let notice:
    | { id: string; kind: string; title: string; cves: string[]; affected: AffectedPackage[] }
    | undefined;
  for (const line of [...text.split('\n'), undefined]) {
    const start = line === undefined ? null : heading.exec(line);
    if (line === undefined || start !== null) {
      if (notice !== undefined && notice.affected.length > 0) yield* itemsOf(notice);
      if (start === null) return;
      notice = { id: start[2]!, kind: start[3]!, title: start[4]!, cves: [], affected: [] };
      continue;
    }
    const cves = /^\s+\{(.*)\}\s*$/.exec(line)?.[1];
    if (cves !== undefined)
      notice?.cves.push(...cves.split(/\s+/).filter((id) => /^CVE-\d{4}-\d{4,}$/.test(id)));
    const [, codename = '', name = '', fixed = ''] =
      /^\s+\[([a-z]+)\] - (\S{1,200}) (\S{1,200})/.exec(line) ?? [];
    const distro = debianDistro(codename);
    // `<not-affected>`, `<end-of-life>` and the like are no versions.
    if (distro !== undefined && !fixed.startsWith('<'))
      notice?.affected.push({ type: 'deb', distro, name, ranges: [{ fixed }], versions: [] });
  }
}

function* itemsOf(notice: {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly cves: readonly string[];
  readonly affected: readonly AffectedPackage[];
}): Generator<ImportItem> {
  for (const vulnerability of notice.cves.length > 0 ? new Set(notice.cves) : [notice.id]) {
    yield {
      kind: 'advisory',
      source: `debian-${notice.kind.toLowerCase()}`,
      advisory: {
        vulnerability,
        id: notice.id,
        aliases: vulnerability === notice.id ? [] : [notice.id],
        title: notice.title,
        url: `https://security-tracker.debian.org/tracker/${notice.id}`,
        ratings: [],
        affected: notice.affected,
      },
    };
  }
}

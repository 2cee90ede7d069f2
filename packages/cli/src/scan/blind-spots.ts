import { printable } from '@pratique/errors';
import type { ScanReport } from '@pratique/inspect';

/** What the database cannot say of a subject, a line each: where there are any, no finding does not mean no vulnerability. */
export function blindSpots(report: ScanReport): string[] {
  const lines = report.uncovered.map(({ type, distro, packages }) => {
    const place =
      distro === undefined ? 'of a distribution that is not known' : distro && `of ${printable(distro)}`;
    return `${packages} ${[type, 'packages', place].filter(Boolean).join(' ')} are not covered by the database`;
  });
  if (report.packages === 0)
    lines.push('no packages were found, so nothing can be said about vulnerabilities');
  return lines;
}

/** Since when a distribution has had no security updates; undefined where it still has them, or nothing is known of it. */
export function endOfUpdates({ endOfLife, createdAt }: ScanReport): string | undefined {
  if (endOfLife === null || endOfLife >= createdAt.slice(0, 10)) return undefined;
  return `the distribution has had no security updates since ${endOfLife}: what is not known is not fixed either`;
}

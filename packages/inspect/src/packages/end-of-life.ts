import type { Distro } from './package.ts';

/**
 * The last day of security support by the distribution's own team, by `ID` and `VERSION_ID` (of Alpine the branch).
 * Sources: wiki.debian.org/DebianReleases, ubuntu.com/about/release-cycle, alpinelinux.org/releases. What is paid for
 * or done by others afterwards does not count here.
 */
const lastDays: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  debian: {
    '8': '2018-06-17',
    '9': '2020-07-18',
    '10': '2022-09-10',
    '11': '2024-08-14',
    '12': '2026-06-10',
    '13': '2028-08-09',
  },
  ubuntu: {
    '16.04': '2021-04-30',
    '18.04': '2023-05-31',
    '20.04': '2025-05-31',
    '22.04': '2027-06-01',
    '24.04': '2029-05-31',
  },
  alpine: {
    '3.8': '2020-05-01',
    '3.9': '2020-11-01',
    '3.10': '2021-05-01',
    '3.11': '2021-11-01',
    '3.12': '2022-05-01',
    '3.13': '2022-11-01',
    '3.14': '2023-05-01',
    '3.15': '2023-11-01',
    '3.16': '2024-05-23',
    '3.17': '2024-11-22',
    '3.18': '2025-05-09',
    '3.19': '2025-11-01',
    '3.20': '2026-04-01',
    '3.21': '2026-11-01',
    '3.22': '2027-05-01',
  },
};

/** The last day, `YYYY-MM-DD`, on which a release gets security updates; undefined where it is not known. */
export function endOfLife({ id, versionId = '', supportEnd }: Distro): string | undefined {
  if (supportEnd !== undefined) return supportEnd;
  const release = id === 'alpine' ? versionId.split('.').slice(0, 2).join('.') : versionId;
  return Object.hasOwn(lastDays, id) && Object.hasOwn(lastDays[id]!, release)
    ? lastDays[id]![release]
    : undefined;
}

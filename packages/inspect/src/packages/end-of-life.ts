import type { Distro } from './package.ts';

/**
 * The last day of security support by the distribution's own team, by `ID` and `VERSION_ID` (of Alpine the branch).
 * Sources: wiki.debian.org/DebianReleases, ubuntu.com/about/release-cycle, alpinelinux.org/releases,
 * access.redhat.com/support/policy/updates/errata, wiki.almalinux.org, wiki.rockylinux.org, en.opensuse.org/Lifetime,
 * suse.com/lifecycle. What is paid for or done by others afterwards does not count here.
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
  rhel: {
    '6': '2020-11-30',
    '7': '2024-06-30',
    '8': '2029-05-31',
    '9': '2032-05-31',
  },
  centos: { '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
  almalinux: { '8': '2029-03-01', '9': '2032-05-31', '10': '2035-05-31' },
  rocky: { '8': '2029-05-31', '9': '2032-05-31' },
  sles: {
    '12.5': '2024-10-31',
    '15.2': '2021-12-31',
    '15.3': '2022-12-31',
    '15.4': '2023-12-31',
    '15.5': '2024-12-31',
  },
  'opensuse-leap': {
    '15.2': '2022-01-04',
    '15.3': '2022-12-31',
    '15.4': '2023-12-07',
    '15.5': '2024-12-31',
    '15.6': '2026-04-30',
    '16.0': '2027-10-31',
  },
};

/** How many numbers of `VERSION_ID` name a release here; all of them where it does not say. */
const numbers: Readonly<Record<string, number>> = { alpine: 2, rhel: 1, centos: 1, almalinux: 1, rocky: 1 };

/** The last day, `YYYY-MM-DD`, on which a release gets security updates; undefined where it is not known. */
export function endOfLife({ id, versionId = '', prettyName = '', supportEnd }: Distro): string | undefined {
  if (supportEnd !== undefined) return supportEnd;
  // CentOS Stream has releases of the same numbers, with days of their own.
  if (id === 'centos' && /stream/i.test(prettyName)) return undefined;
  if (!Object.hasOwn(lastDays, id)) return undefined;
  const count = Object.hasOwn(numbers, id) ? numbers[id] : undefined;
  const release = versionId.split('.').slice(0, count).join('.');
  return Object.hasOwn(lastDays[id]!, release) ? lastDays[id]![release] : undefined;
}

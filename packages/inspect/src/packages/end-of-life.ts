import { isCentosStream } from '../advisories/names.ts';
import type { Distro } from './package.ts';

/**
 * The last day of security support by the distribution's own team, by `ID` and `VERSION_ID` (of Alpine the branch).
 * Sources: wiki.debian.org/DebianReleases, ubuntu.com/about/release-cycle, distro-info-data, alpinelinux.org/releases,
 * access.redhat.com/support/policy/updates/errata, wiki.almalinux.org, wiki.rockylinux.org, en.opensuse.org/Lifetime,
 * suse.com/lifecycle (of SLES 16 by way of Trivy), centos.org, oracle.com (lifetime support policy), aws.amazon.com, docs.fedoraproject.org, learn.microsoft.com (release cadence of Azure Linux), openeuler.org. What is paid for or done by others afterwards does not count here.
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
    '24.10': '2025-07-10',
    '25.04': '2026-01-15',
    '25.10': '2026-07-09',
    '26.04': '2031-05-29',
  },
  alpine: {
    '3.5': '2018-11-01',
    '3.6': '2019-05-01',
    '3.7': '2019-11-01',
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
    '3.23': '2027-11-01',
  },
  rhel: {
    '6': '2020-11-30',
    '7': '2024-06-30',
    '8': '2029-05-31',
    '9': '2032-05-31',
    '10': '2035-05-31',
  },
  centos: { '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
  'centos-stream': { '8': '2024-05-31', '9': '2027-05-31', '10': '2030-01-01' },
  ol: { '6': '2021-03-31', '7': '2024-12-31', '8': '2029-07-31', '9': '2032-06-30' },
  amzn: { '2018.03': '2023-12-31', '2': '2026-06-30', '2023': '2029-06-30' },
  mariner: { '1.0': '2023-08-31', '2.0': '2025-07-31' },
  azurelinux: { '3.0': '2027-08-31' },
  fedora: {
    '34': '2022-06-07',
    '35': '2022-12-13',
    '36': '2023-05-16',
    '37': '2023-12-05',
    '38': '2024-05-21',
    '39': '2024-11-26',
    '40': '2025-05-13',
    '41': '2025-12-15',
    '42': '2026-05-13',
    '43': '2026-12-09',
  },
  openeuler: {
    '20.03-LTS': '2021-03-31',
    '20.03-LTS-SP1': '2022-12-31',
    '20.03-LTS-SP2': '2022-04-30',
    '20.03-LTS-SP3': '2023-12-31',
    '20.03-LTS-SP4': '2025-11-30',
    '22.03-LTS': '2024-03-31',
    '22.03-LTS-SP1': '2024-12-31',
    '22.03-LTS-SP2': '2024-03-31',
    '22.03-LTS-SP3': '2025-12-31',
    '22.03-LTS-SP4': '2026-06-30',
    '24.03-LTS': '2026-05-31',
    '24.03-LTS-SP1': '2026-12-31',
    '24.03-LTS-SP2': '2026-03-31',
    '24.03-LTS-SP3': '2027-12-31',
    '24.03-LTS-SP4': '2027-03-31',
  },
  almalinux: { '8': '2029-03-01', '9': '2032-05-31', '10': '2035-05-31' },
  rocky: { '8': '2029-05-31', '9': '2032-05-31', '10': '2035-05-31' },
  sles: {
    '12': '2016-06-30',
    '12.1': '2017-05-31',
    '12.2': '2018-03-31',
    '12.3': '2019-06-30',
    '12.4': '2020-06-30',
    '12.5': '2024-10-31',
    '15': '2019-12-31',
    '15.1': '2021-01-31',
    '15.2': '2021-12-31',
    '15.3': '2022-12-31',
    '15.4': '2023-12-31',
    '15.5': '2024-12-31',
    '15.6': '2025-12-31',
    '15.7': '2031-07-31',
    '16.0': '2027-11-30',
    '16.1': '2028-11-30',
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
const numbers: Readonly<Record<string, number>> = {
  alpine: 2,
  rhel: 1,
  centos: 1,
  almalinux: 1,
  rocky: 1,
  ol: 1,
  'centos-stream': 1,
};

/** The last day, `YYYY-MM-DD`, on which a release gets security updates; undefined where it is not known. */
export function endOfLife(distro: Distro): string | undefined {
  if (distro.supportEnd !== undefined) return distro.supportEnd;
  const id = isCentosStream(distro) ? 'centos-stream' : distro.id;
  if (!Object.hasOwn(lastDays, id)) return undefined;
  const count = Object.hasOwn(numbers, id) ? numbers[id] : undefined;
  const release = (distro.versionId ?? '').split('.').slice(0, count).join('.');
  return Object.hasOwn(lastDays[id]!, release) ? lastDays[id]![release] : undefined;
}

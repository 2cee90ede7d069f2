/** rpm's databases of distributions as they are: the test data of go-rpmdb, which took them from images. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { fetchGoModule } from '../tools/go.ts';
import type { Context } from './context.ts';
import type { Backend } from './rpm.ts';

const testData = {
  module: 'github.com/knqyf263/go-rpmdb',
  version: '0.1.1',
  sum: 'h1:oh68mTCvp1XzxdU7EfafcWzzfstUZAEa3MW0IJye584=',
};

/** An image's database; the file in which Trivy looks for the release, where that is not os-release. */
export interface Database {
  readonly name: string;
  readonly backend: Backend;
  readonly osRelease: string;
  readonly release?: readonly [path: string, text: string];
  /** As many packages as it has for rpm, keys too. */
  readonly count: number;
}

/** What each format is called. */
export const files: Readonly<Record<Backend, string>> = {
  bdb_ro: 'Packages',
  ndb: 'Packages.db',
  sqlite: 'rpmdb.sqlite',
};
const centos = (version: string) => ({
  backend: 'bdb_ro' as const,
  osRelease: `ID="centos"\nVERSION_ID="${version}"\n`,
  release: ['etc/centos-release', `CentOS Linux release ${version}.1 (Core)\n`] as const,
});
const fedora = {
  backend: 'sqlite' as const,
  osRelease: 'ID=fedora\nVERSION_ID=35\n',
  release: ['etc/fedora-release', 'Fedora release 35 (Thirty Five)\n'] as const,
};
const ubi8 = {
  backend: 'bdb_ro' as const,
  osRelease: 'ID="rhel"\nVERSION_ID="8.6"\n',
  release: ['etc/redhat-release', 'Red Hat Enterprise Linux release 8.6 (Ootpa)\n'] as const,
};
export const databases: readonly Database[] = [
  { name: 'centos5-plain', ...centos('5'), count: 110 },
  { name: 'centos6-devtools', ...centos('6'), count: 263 },
  { name: 'centos6-many', ...centos('6'), count: 326 },
  { name: 'centos6-plain', ...centos('6'), count: 129 },
  { name: 'centos7-devtools', ...centos('7'), count: 264 },
  { name: 'centos7-httpd24', ...centos('7'), count: 225 },
  { name: 'centos7-many', ...centos('7'), count: 396 },
  { name: 'centos7-plain', ...centos('7'), count: 144 },
  { name: 'centos7-python35', ...centos('7'), count: 344 },
  { name: 'centos8-modularitylabel', ...centos('8'), count: 518 },
  { name: 'libuuid', ...ubi8, count: 1 },
  // Big-endian.
  { name: 'ubi8-s390x', ...ubi8, count: 183 },
  { name: 'sle15-bci', backend: 'ndb', osRelease: 'ID="sles"\nVERSION_ID="15.3"\n', count: 35 },
  { name: 'cbl-mariner-2.0', backend: 'sqlite', osRelease: 'ID=mariner\nVERSION_ID="2.0"\n', count: 129 },
  { name: 'fedora35', ...fedora, count: 138 },
  { name: 'fedora35-plus-mongo', ...fedora, count: 142 },
];
/** One of them. */
export const named = (name: string) => databases.find((one) => one.name === name)!;

/** A root file system with nothing but a database and what says whose it is. */
export async function rootOf(context: Context, database: Database): Promise<string> {
  const { module, version, sum } = testData;
  const home = await fetchGoModule(join(cacheDirectory(), 'tools'), module, version, sum);
  const root = join(context.scratch(), 'root');
  for (const path of ['etc', 'var/lib/rpm']) mkdirSync(join(root, path), { recursive: true });
  const file = files[database.backend];
  // rpm writes beside it; what a cache of Go has is read-only.
  const copy = join(root, 'var/lib/rpm', file);
  writeFileSync(copy, readFileSync(join(home, 'pkg/testdata', database.name, file)));
  writeFileSync(join(root, 'etc/os-release'), database.osRelease);
  if (database.release !== undefined) writeFileSync(join(root, database.release[0]), database.release[1]);
  return root;
}

/** A real image, as `docker save` wrote it: the packages Alpine 3.10.4 installs. */
import { join } from 'node:path';
import { catalogPackages, packageFiles, readImage } from '../../packages/inspect/src/index.ts';
import { openArchive } from '../../packages/oci/src/index.ts';
import type { SuiteResult } from './expectations.ts';

/** `apk info -v` in the image. */
const alpine = [
  'alpine-baselayout 3.1.2-r0',
  'alpine-keys 2.1-r2',
  'apk-tools 2.10.4-r2',
  'busybox 1.30.1-r3',
  'ca-certificates-cacert 20190108-r0',
  'libc-utils 0.7.1-r0',
  'libcrypto1.1 1.1.1d-r2',
  'libssl1.1 1.1.1d-r2',
  'libtls-standalone 2.9.1-r0',
  'musl 1.1.22-r3',
  'musl-utils 1.1.22-r3',
  'scanelf 1.2.3-r0',
  'ssl_client 1.30.1-r3',
  'zlib 1.2.11-r1',
];

export async function run(corpora: string): Promise<SuiteResult[]> {
  await using archive = await openArchive(join(corpora, 'images/alpine-3.10.4-docker-archive.tar.gz'));
  const [image] = await archive.entries();
  const { fileSystem } = await readImage(archive, image!.digest, { keep: packageFiles });
  const { packages, distro, owners } = await catalogPackages(fileSystem);
  fileSystem.close();
  const found = new Set(packages.map(({ type, name, version }) => `${type} ${name} ${version}`));
  const failures = [
    ...alpine.filter((one) => !found.has(`apk ${one}`)).map((one) => `${one}: not found`),
    ...[...found].filter((one) => !alpine.includes(one.slice(4))).map((one) => `${one}: not in the image`),
  ];
  if (distro?.id !== 'alpine' || distro.versionId !== '3.10.4')
    failures.push(`the release is ${distro?.prettyName}`);
  const busybox = owners.get('bin/busybox')?.name;
  if (busybox !== 'busybox') failures.push(`bin/busybox belongs to ${busybox}`);
  return [
    { suite: 'images', passed: alpine.length + 2 - failures.length, failed: failures.length, failures },
  ];
}

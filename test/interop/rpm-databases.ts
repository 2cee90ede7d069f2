/**
 * rpm's databases of distributions as they are, in all three formats: what `pratique` reads is what rpm lists, and what
 * Syft and Trivy find. They are the test data of go-rpmdb, which took them from images.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFiles, readRootDirectory } from '../../packages/inspect/src/index.ts';
import { readRpmDatabase } from '../../packages/inspect/src/packages/rpm-database.ts';
import { osv } from '../../packages/inspect/src/testing/database.ts';
import { rpmBerkeley, rpmHeader, rpmNdb } from '../../packages/inspect/src/testing/rpm.ts';
import { ourFindings } from '../support/advisories.ts';
import type { Context, Scenario } from '../support/context.ts';
import { grypeFindings, writeGrypeDatabase } from '../support/grype.ts';
import { pushedImage } from '../support/images.ts';
import {
  type Backend,
  compareWithOthers,
  compareWithRpm,
  convert,
  listed,
  machine,
  rpm,
} from '../support/rpm.ts';
import { databases, files, named, rootOf } from '../support/rpm-databases.ts';

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    {
      name: `the databases of ${databases.length} images: packages and their files, beside rpm`,
      run: async () => {
        let [packages, paths] = [0, 0];
        for (const database of databases) {
          const root = await rootOf(context, database);
          packages += (await compareAll(context, root, database.backend, database.count)).length;
          paths += await compareFiles(context, root, database.backend);
        }
        process.stdout.write(`       ${packages} packages with ${paths} files in both\n`);
      },
    },
    {
      name: 'each format and byte order beside Syft and Trivy',
      run: async () => {
        for (const name of [
          'centos5-plain',
          'centos8-modularitylabel',
          'ubi8-s390x',
          'sle15-bci',
          'fedora35',
        ]) {
          const database = named(name);
          const root = await rootOf(context, database);
          const document = await compareWithRpm(
            context,
            `rootfs:${root}`,
            await listed(context, join(root, 'var/lib/rpm'), database.backend),
          );
          await compareWithOthers(context, document, { syft: `dir:${root}`, trivy: ['rootfs', root] });
        }
      },
    },
    {
      name: 'databases of Berkeley DB that rpm has written anew in ndb and SQLite are the same packages and files',
      run: async () => {
        for (const name of ['ubi8-s390x', 'centos8-modularitylabel', 'centos7-many']) {
          const root = await rootOf(context, named(name));
          const before = await compareAll(context, root, 'bdb_ro', named(name).count);
          for (const backend of ['ndb', 'sqlite'] as const) {
            await convert(context, join(root, 'var/lib/rpm'), backend);
            deepEqual(await compareAll(context, root, backend, named(name).count), before);
            await compareFiles(context, root, backend);
          }
        }
      },
    },
    {
      name: 'what the unit tests write, rpm reads: that it is the format is not only our word',
      run: async () => {
        const headers = Array.from({ length: 600 }, (_, number) =>
          rpmHeader({
            1000: `p${number}`,
            1001: '1',
            1002: '2',
            1022: 'noarch',
            1116: [0],
            1117: ['f'.repeat(1 + number * 10)],
            1118: ['/'],
          }),
        );
        const expected = headers.map((_, number) => `p${number} 1-2 noarch (none) (none)`).sort();
        const written: readonly (readonly [Backend, Uint8Array])[] = [
          ['ndb', rpmNdb(headers)],
          ['bdb_ro', rpmBerkeley(headers)],
          ['bdb_ro', rpmBerkeley(headers, { byteOrder: 'big', pageBytes: 512, buckets: 16 })],
          ['bdb_ro', rpmBerkeley(headers, { pageBytes: 65_536, buckets: 1 })],
        ];
        for (const [backend, bytes] of written) {
          const directory = context.scratch();
          writeFileSync(join(directory, files[backend]), bytes);
          deepEqual(await listed(context, directory, backend), expected);
        }
      },
    },
    {
      name: 'an image of CentOS 8: its bill of materials beside Syft and Trivy, advisories of Red Hat beside Grype',
      run: async () => {
        const root = await rootOf(context, named('centos8-modularitylabel'));
        const layout = await layoutOf(context, root);
        const installed = await listed(context, join(root, 'var/lib/rpm'), 'bdb_ro');
        const document = await compareWithRpm(context, `oci:${layout}`, installed);
        await compareWithOthers(context, document, {
          syft: `oci-dir:${layout}`,
          trivy: ['image', '--input', layout],
        });
        const directory = context.scratch();
        const database = join(directory, 'advisories.db');
        const records = join(directory, 'records');
        mkdirSync(records);
        // Each of its own, with a fix that is newer than what is installed, the same, or older: of one vulnerability with
        // fixes in several packages, Grype would leave out all where one is fixed.
        for (const [index, line] of installed.entries()) {
          const [name = '', version = ''] = line.split(' ');
          const release = (text: string) => version.replace(/-[^-]*$/, `-${text}`);
          const fixed = [release('9999.el8'), version, release('0.el8')][index % 3]!;
          if (version.includes('.module')) continue;
          const document = osv(
            `RHSA-2024:${1000 + index}`,
            'Red Hat:enterprise_linux:8::baseos',
            name,
            [{ introduced: '0' }, { fixed }],
            { upstream: [`CVE-2024-${10_000 + index}`] },
          );
          writeFileSync(join(records, `${index}.json`), JSON.stringify(document));
        }
        await context.ok('pratique', ['db', 'import', records, '--db', database]);
        const scan = ['scan', `oci:${layout}`, '--db', database, '--allow-uncovered', '-o', 'json'];
        const ours = ourFindings(await context.ok('pratique', scan));
        const cache = join(directory, 'grype');
        await writeGrypeDatabase(context, database, cache);
        const theirs = await grypeFindings(context, `oci-dir:${layout}`, cache);
        deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
        ok(ours.size > 100, `${ours.size} findings`);
        process.stdout.write(`       ${ours.size} findings in both\n`);
      },
    },
    {
      name: 'an image of Amazon Linux 2 is not covered by advisories of others, and never clean',
      run: async () => {
        const root = await rootOf(context, named('centos7-plain'));
        writeFileSync(
          join(root, 'etc/os-release'),
          'ID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"\n',
        );
        const directory = context.scratch();
        const database = join(directory, 'advisories.db');
        const record = join(directory, 'RHSA-2024:1.json');
        const bash = osv('RHSA-2024:1', 'Red Hat:enterprise_linux:7', 'bash', [
          { introduced: '0' },
          { fixed: '9-1' },
        ]);
        writeFileSync(record, JSON.stringify(bash));
        await context.ok('pratique', ['db', 'import', record, '--db', database]);
        const args = ['scan', `oci:${await layoutOf(context, root)}`, '--db', database];
        const { stdout, stderr } = await context.exits(1, 'pratique', args);
        match(stderr, /14\d rpm packages of amzn:2 are not covered by the database/);
        equal(/CVE|RHSA/.test(stdout), false);
      },
    },
    {
      name: 'the packages of a base of Berkeley DB are not changed by a hardening, which says why',
      run: async () => {
        const layout = await layoutOf(context, await rootOf(context, named('ubi8-s390x')));
        const settings = join(context.scratch(), 'harden.yaml');
        writeFileSync(settings, 'upgrade: true\nstrip: false\n');
        const args = ['harden', `oci:${layout}`, '-f', settings, '--scan=false', '--dry-run'];
        const { stderr } = await context.exits(2, 'pratique', args);
        match(stderr, /HARDEN_MANAGER_UNSUPPORTED/);
        match(stderr, /the database of rpm/);
      },
    },
    {
      name: 'cut off or with a changed page, a database of Berkeley DB is no image without packages',
      run: async () => {
        const root = await rootOf(context, named('centos7-many'));
        const path = join(root, 'var/lib/rpm/Packages');
        const bytes = readFileSync(path);
        const damaged = [bytes.subarray(0, bytes.length / 2), Buffer.from(bytes), Buffer.from(bytes)];
        // The first bucket, and the chain that begins in it.
        damaged[1]!.fill(0, 4096, 8192);
        damaged[2]!.fill(0, 3 * 4096 + 16, 3 * 4096 + 20);
        for (const one of damaged) {
          writeFileSync(path, one);
          const { stderr } = await context.exits(1, 'pratique', ['sbom', `rootfs:${root}`]);
          match(stderr, /INSPECT_PACKAGE_DATABASE_UNREADABLE/);
        }
      },
    },
  ];
}

async function compareAll(
  context: Context,
  root: string,
  backend: Backend,
  count: number,
): Promise<readonly string[]> {
  const directory = join(root, 'var/lib/rpm');
  equal((await rpm(context, directory, backend, ['-qa'])).trim().split('\n').length, count);
  const installed = await listed(context, directory, backend);
  await compareWithRpm(context, `rootfs:${root}`, installed);
  return installed;
}

/** The files of every package, as rpm names them. Returns how many there are. */
async function compareFiles(context: Context, root: string, backend: Backend): Promise<number> {
  const format = '[%{=NAME} %{FILENAMES}\n]';
  const output = await rpm(context, join(root, 'var/lib/rpm'), backend, ['-qa', '--qf', format]);
  const fileSystem = readRootDirectory(root, { keep: packageFiles });
  const { headers } = readRpmDatabase(fileSystem)!;
  fileSystem.close();
  const ours = headers.flatMap(({ name, files }) => files.map((path) => `${name} ${path}`));
  deepEqual(ours.sort(), output.trim().split('\n').sort(), 'files');
  return ours.length;
}

/** An image with one layer of this root. */
async function layoutOf(context: Context, root: string): Promise<string> {
  const tar = `${root}.tar`;
  await machine('tar', ['-C', root, '--owner=0', '--group=0', '-cf', tar, '.']);
  const image = await pushedImage(context, `${context.unique('rpm')}:v1`, [tar]);
  const layout = join(context.scratch(), 'layout');
  await context.ok('crane', ['pull', '--insecure', '--format', 'oci', image, layout]);
  return layout;
}

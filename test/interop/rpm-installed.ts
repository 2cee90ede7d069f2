/** rpm's own database, written by rpm: `pratique sbom` lists what `rpm -qa` lists, and what Syft and Trivy find. */
import { deepEqual, match, ok } from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ourFindings } from '../support/advisories.ts';
import type { Context, Scenario } from '../support/context.ts';
import { grypeFindings, writeGrypeDatabase } from '../support/grype.ts';
import { compareWithOthers, compareWithRpm, listed, machine, rpm } from '../support/rpm.ts';

/** What may stand in a version; their epoch is the main package's, or one of their own. */
const subpackages: readonly { readonly name: string; readonly fields: readonly string[] }[] = [
  { name: 'tool-libs', fields: ['License: LGPL-2.1-or-later'] },
  { name: 'plain', fields: ['Version: 3.0', 'Release: 7.el9_4.2'] },
  { name: 'before', fields: ['Version: 1.0~rc2', 'Release: 1', 'Epoch: 2'] },
  { name: 'after', fields: ['Version: 1.0^git20240101', 'Release: 1', 'BuildArch: noarch'] },
  { name: 'zero', fields: ['Version: 1', 'Release: 1', 'Epoch: 0'] },
  { name: 'c++-headers', fields: ['Version: 13', 'Release: 1.module_el9+1+abc'] },
];

const spec = `
Name: tool
Epoch: 1
Version: 2.0
Release: 3.el9
Summary: A tool
License: MIT AND BSD-3-Clause
Vendor: Example
Requires: tool-libs >= 1:2.0
%description
A tool.
${subpackages.map(({ name, fields }) => `%package -n ${name}\nSummary: A part\n${fields.join('\n')}\n%description -n ${name}\nA part.\n`).join('')}
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/parts
echo tool > %{buildroot}/usr/bin/tool
${subpackages.map(({ name }) => `echo part > %{buildroot}/usr/share/parts/${name}`).join('\n')}
%files
/usr/bin/tool
${subpackages.map(({ name }) => `%files -n ${name}\n/usr/share/parts/${name}`).join('\n')}
`;

const osRelease = `NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
SUPPORT_END="2032-05-31"
`;

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  return [
    {
      name: 'what is installed, in both places of the database, beside rpm, Syft and Trivy',
      run: async () => {
        const root = await rockyRoot(context);
        const installed = await compare(context, root);
        // As Fedora has it since 36, with a link from where it was.
        mkdirSync(join(root, 'usr/lib/sysimage'), { recursive: true });
        cpSync(join(root, 'var/lib/rpm'), join(root, 'usr/lib/sysimage/rpm'), { recursive: true });
        rmSync(join(root, 'var/lib/rpm'), { recursive: true });
        symlinkSync('../../usr/lib/sysimage/rpm', join(root, 'var/lib/rpm'));
        deepEqual(await compare(context, root), installed);
        process.stdout.write(`       ${installed.length} packages in all four\n`);
      },
    },
    {
      name: 'the same in ndb, also with what was erased again, beside rpm, Syft and Trivy',
      run: async () => {
        const root = await rockyRoot(context, 'ndb');
        const database = join(root, 'var/lib/rpm');
        ok(existsSync(join(database, 'Packages.db')));
        const installed = await compare(context, root, 'ndb');
        await rpm(context, database, 'ndb', ['-e', '--justdb', 'plain', 'zero']);
        deepEqual((await compare(context, root, 'ndb')).length, installed.length - 2);
      },
    },
    {
      name: 'advisories of Rocky Linux, beside Grype',
      run: async () => {
        const root = await rockyRoot(context);
        const directory = context.scratch();
        const database = join(directory, 'advisories.db');
        const record = join(directory, 'RLSA-2024:1.json');
        // Of a fix that is installed, one that is not, and one of a stream of modules.
        const fixed = {
          tool: '1:2.0-3.el9',
          plain: '1:3.0-7.el9_4.3',
          before: '2:1.0-1',
          after: '1:1.0^git20240101-2',
        };
        const affected = Object.entries(fixed).map(([name, version]) => ({
          package: { ecosystem: 'Rocky Linux:9', name },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: version }] }],
        }));
        const document = {
          id: 'RLSA-2024:1',
          modified: '2024-01-01T00:00:00Z',
          upstream: ['CVE-2024-0001'],
          affected,
        };
        writeFileSync(record, JSON.stringify(document));
        await context.ok('pratique', ['db', 'import', record, '--db', database]);
        const scan = ['scan', `rootfs:${root}`, '--db', database, '--allow-uncovered', '-o', 'json'];
        const ours = ourFindings(await context.ok('pratique', scan));
        const cache = join(directory, 'grype');
        await writeGrypeDatabase(context, database, cache);
        const theirs = await grypeFindings(context, `dir:${root}`, cache);
        deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
        deepEqual([...ours].sort(), [
          ['CVE-2024-0001 after 1:1.0^git20240101-1', fixed.after],
          ['CVE-2024-0001 before 2:1.0~rc2-1', fixed.before],
          ['CVE-2024-0001 plain 1:3.0-7.el9_4.2', fixed.plain],
        ]);
      },
    },
    ...(['sqlite', 'ndb'] as const).map((backend) => ({
      name: `a database of ${backend} that was cut off is no image without packages`,
      run: async () => {
        const root = await rockyRoot(context, backend);
        const database = join(root, 'var/lib/rpm', backend === 'ndb' ? 'Packages.db' : 'rpmdb.sqlite');
        const bytes = readFileSync(database);
        writeFileSync(database, bytes.subarray(0, bytes.length / 2));
        const { stderr } = await context.exits(1, 'pratique', ['sbom', `rootfs:${root}`]);
        match(stderr, /INSPECT_PACKAGE_DATABASE_UNREADABLE/);
      },
    })),
  ];
}

/** A root file system with these packages in its database: rpm writes it, and would need root to write files too. */
async function rockyRoot(context: Context, backend: 'sqlite' | 'ndb' = 'sqlite'): Promise<string> {
  const directory = context.scratch();
  const root = join(directory, 'root');
  for (const path of ['etc', 'var/lib/rpm', 'usr/bin', 'usr/share/parts'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'etc/os-release'), osRelease);
  // Where Trivy looks.
  writeFileSync(join(root, 'etc/rocky-release'), 'Rocky Linux release 9.4 (Blue Onyx)\n');
  writeFileSync(join(root, 'usr/bin/tool'), 'tool\n');
  writeFileSync(join(directory, 'tool.spec'), spec);
  const top = join(directory, 'build');
  const build = [
    '-bb',
    '--target',
    'x86_64-linux',
    '--define',
    `_topdir ${top}`,
    '--define',
    'debug_package %{nil}',
  ];
  await machine('rpmbuild', [...build, join(directory, 'tool.spec')]);
  const packages = (await machine('find', [join(top, 'RPMS'), '-name', '*.rpm'])).trim().split('\n');
  const alone = ['--justdb', '--nodeps', '--ignorearch', '--ignoreos'];
  await rpm(context, join(root, 'var/lib/rpm'), backend, ['-i', ...alone, ...packages]);
  return root;
}

async function compare(
  context: Context,
  root: string,
  backend: 'sqlite' | 'ndb' = 'sqlite',
): Promise<readonly string[]> {
  const installed = await listed(context, join(root, 'var/lib/rpm'), backend);
  const document = await compareWithRpm(context, `rootfs:${root}`, installed);
  await compareWithOthers(context, document, { syft: `dir:${root}`, trivy: ['rootfs', root] });
  const { dependencies } = JSON.parse(document) as {
    dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  };
  const [needed = '', ...more] = dependencies.find(({ ref }) => ref.includes('/tool@'))?.dependsOn ?? [];
  ok(needed.includes('/tool-libs@') && more.length === 0, `tool needs ${[needed, ...more].join(', ')}`);
  return installed;
}

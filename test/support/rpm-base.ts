/** A base image of rpm with real programs: the files of Debian 12, in packages that rpmbuild makes and rpm installs. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bookwormBase, makeBase } from './bases.ts';
import { machine } from './rpm.ts';

const osRelease = `NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
`;

interface DebianPackage {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
}

/**
 * A tar of it. Every package of minbase is one of rpm, with its files, its configuration files, what it depends on (with
 * versions; alternatives are boolean dependencies), and what rpm itself finds that its programs need and provide.
 */
export async function rpmBase(): Promise<string> {
  const debian = await bookwormBase();
  const home = await makeBase('bookworm-as-rpm-1', async (staging) => {
    const tree = join(staging, 'tree');
    mkdirSync(tree);
    await machine('tar', ['-xf', debian, '-C', tree, '--exclude=./dev/*']);
    const packages = debianPackages(tree);
    for (const path of ['var/lib/dpkg', 'var/lib/apt', 'var/cache/apt'])
      rmSync(join(tree, path), { recursive: true });
    // Which is of a package, and a link.
    rmSync(join(tree, 'etc/os-release'));
    writeFileSync(join(tree, 'usr/lib/os-release'), osRelease);
    writeFileSync(join(tree, 'etc/os-release'), osRelease);
    // Where Trivy looks.
    writeFileSync(join(tree, 'etc/rocky-release'), 'Rocky Linux release 9.4 (Blue Onyx)\n');
    writeFileSync(join(staging, 'base.spec'), specOf(packages, tree));
    const top = join(staging, 'build');
    await machine('rpmbuild', [
      '-bb',
      '--quiet',
      ...['--target', 'x86_64-linux'],
      ...Object.entries({
        _topdir: top,
        tree,
        debug_package: '%{nil}',
        __os_install_post: '%{nil}',
        _build_id_links: 'none',
        _unpackaged_files_terminate_build: '0',
        _binary_payload: 'w1.gzdio',
      }).flatMap(([name, value]) => ['--define', `${name} ${value}`]),
      join(staging, 'base.spec'),
    ]);
    const built = (await machine('find', [join(top, 'RPMS'), '-name', '*.rpm'])).trim().split('\n');
    const database = join(tree, 'var/lib/rpm');
    rmSync(database, { recursive: true, force: true });
    mkdirSync(database);
    const alone = ['--justdb', '--nodeps', '--ignorearch', '--ignoreos', '--noscripts', '--notriggers'];
    await machine('rpm', [
      ...['--dbpath', database, '--define', '_db_backend sqlite', '-i'],
      ...[...alone, ...built],
    ]);
    rmSync(join(database, '.rpm.lock'), { force: true });
    await machine('tar', ['-cf', join(staging, 'root.tar'), '-C', tree, '.']);
    for (const path of [tree, top]) rmSync(path, { recursive: true });
  });
  return join(home, 'root.tar');
}

function debianPackages(tree: string): readonly DebianPackage[] {
  const status = readFileSync(join(tree, 'var/lib/dpkg/status'), 'utf8').trim().split('\n\n');
  const info = join(tree, 'var/lib/dpkg/info');
  const lists = new Set(readdirSync(info));
  return status.map((paragraph) => {
    const fields = new Map(
      paragraph
        .replace(/\n[ \t]+/g, '\u0001')
        .split('\n')
        .map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
        }),
    );
    const name = fields.get('Package')!;
    const list = [`${name}.list`, `${name}:amd64.list`].find((one) => lists.has(one))!;
    const paths = readFileSync(join(info, list), 'utf8').split('\n');
    return { name, fields, paths: paths.filter((path) => path.length > 2) };
  });
}

/** `1:2.3-4` in the characters that rpm takes. */
function versionOf(debian: string): { epoch: string; version: string; release: string } {
  const [, epoch = '', version = '', release = '1'] = /^(?:(\d+):)?(.+?)(?:-([^-]+))?$/.exec(debian)!;
  const clean = (text: string) => text.replace(/[^A-Za-z0-9._+~^]/g, '_');
  return { epoch, version: clean(version), release: clean(release) };
}

function specOf(packages: readonly DebianPackage[], tree: string): string {
  const parts = packages.map(({ name, fields, paths }) => {
    const { epoch, version, release } = versionOf(fields.get('Version')!);
    const configuration = new Set(
      (fields.get('Conffiles') ?? '').split('\u0001').map((line) => line.trim().split(' ')[0]!),
    );
    const header = [
      `%package -n ${name}`,
      `Summary: ${name}`,
      `Version: ${version}`,
      `Release: ${release}`,
      ...(epoch === '' ? [] : [`Epoch: ${epoch}`]),
      ...requirements(fields.get('Pre-Depends')),
      ...requirements(fields.get('Depends')),
      ...names(fields.get('Provides')).map((one) => `Provides: ${one}`),
    ];
    const files = paths.flatMap((path) => {
      const found = lstatSync(join(tree, path), { throwIfNoEntry: false });
      if (found === undefined || path.startsWith('/var/lib/apt') || path.startsWith('/var/lib/dpkg'))
        return [];
      const quoted = `"${path}"`;
      if (found.isDirectory()) return [`%dir ${quoted}`];
      return [configuration.has(path) ? `%config(noreplace) ${quoted}` : quoted];
    });
    return [...header, `%description -n ${name}`, name, `%files -n ${name}`, ...files, ''].join('\n');
  });
  return `
Name: base
Version: 12
Release: 1.el9
Summary: Debian 12
License: Various
%description
Debian 12.
${parts.join('\n')}
%install
mkdir -p %{buildroot}
cp -a %{tree}/. %{buildroot}/
`;
}

function names(field = ''): readonly string[] {
  return field
    .split(',')
    .map((one) => one.trim().split(/[ (:]/)[0]!)
    .filter((one) => one !== '');
}

function requirements(field = ''): readonly string[] {
  return field
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((group) => {
      const alternatives = group.split('|').map((one) => {
        const [, name, operator, version] = /^([^\s(:]+)(?::\w+)?\s*(?:\(([<>=]+)\s*([^)]+)\))?$/.exec(
          one.trim(),
        )!;
        if (operator === undefined) return name!;
        const { epoch, version: main, release } = versionOf(version!);
        const full = `${epoch === '' ? '' : `${epoch}:`}${main}${version!.includes('-') ? `-${release}` : ''}`;
        return `${name} ${operator.replace(/^([<>])\1$/, '$1')} ${full}`;
      });
      return `Requires: ${alternatives.length === 1 ? alternatives[0] : `(${alternatives.join(' or ')})`}`;
    });
}

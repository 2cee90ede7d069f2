/**
 * What we make of maintainer scripts, beside a Debian in which dpkg has run them: users, groups, alternatives, owners,
 * modes, links and contents. And how many of the packages that are often added are accepted at all.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { type Deb, openDeb } from '../../packages/harden/src/debian/deb.ts';
import { installPackages } from '../../packages/harden/src/debian/install.ts';
import type { AptPackage } from '../../packages/harden/src/debian/package-index.ts';
import { loaderCache, loaderCachePath } from '../../packages/harden/src/image/loader-cache.ts';
import {
  createFetcher,
  fetchPackage,
  machineKeyrings,
  openSource,
  parseAptSources,
  parseRelations,
  solve,
} from '../../packages/harden/src/index.ts';
import { readDatabase } from '../../packages/harden/src/strip/installed.ts';
import { type FileNode, type FileSystem, readRootArchive } from '../../packages/inspect/src/index.ts';
import { bookwormBase, serverPackages } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { run } from '../support/process.ts';
import { sourcesFor } from '../tools/debian.ts';

/** Often added as well; each is accepted by itself, with all it depends on. Without four large ones, for their time. */
const accepted =
  'acl at bash-completion busybox ca-certificates chrony curl dnsmasq dnsutils dovecot-core dropbear dumb-init file fontconfig fonts-dejavu gcc gdb gnupg golang-go gosu htop imagemagick iproute2 iptables jq keepalived krb5-user ldap-utils less libapache2-mod-php libpq-dev lighttpd logrotate lsof mosquitto nano net-tools openjdk-17-jre-headless openssl openvpn perl pgbouncer php-gd php-mysql php-xml poppler-utils postgresql-client procps python3-dev python3-pip python3-venv rabbitmq-server rsync rsyslog ruby socat sqlite3 strace stunnel4 subversion sudo supervisor tcpdump tini tor tzdata unbound unzip uwsgi vsftpd wget wireguard-tools xvfb xz-utils zip'.split(
    ' ',
  );

/** Not known: what their scripts do is more than is understood. More of these are told in docs/decisions/0013. */
const refused = ['graphviz', 'libgdk-pixbuf-2.0-0', 'postfix', 'slapd'];

type Install = (names: readonly string[]) => ReturnType<typeof installPackages>;

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const base = await readTar(await bookwormBase());
  const install = await installer(base);
  return [
    {
      name: `${serverPackages.length} packages of Debian 12 come to what dpkg makes of them by running their scripts`,
      run: async () => {
        const theirs = await readTar(await bookwormBase(serverPackages));
        const { fileSystem: ours, skipped, notMade } = await install(serverPackages);
        deepEqual(skipped, []);
        const kinds = new Set(notMade.map((one) => `${one.package} ${one.kind}`));
        deepEqual([...kinds].sort(), [
          'bind9 key',
          'mariadb-server database',
          'openssh-server key',
          'postgresql-15 database',
          'ssl-cert certificate',
          'ssl-cert key',
        ]);
        for (const { path, kind } of notMade)
          ok(kind === 'database' || ours.get(path.slice(1)) === undefined, `${path} is there`);
        deepEqual(describe(ours, 'users'), describe(theirs, 'users'));
        deepEqual(describe(ours, 'groups'), describe(theirs, 'groups'));
        deepEqual(describe(ours, 'alternatives'), describe(theirs, 'alternatives'));
        // What is left to the first start, the directories for it, and the name that OpenSSL looks a certificate up by.
        const isLeft = (path: string) =>
          notMade.some((one) => `/${path}/`.startsWith(`${one.path}/`) || one.path.startsWith(`/${path}/`)) ||
          theirs.get(path)?.linkname === 'ssl-cert-snakeoil.pem';
        const differences = difference(ours, theirs, isLeft);
        deepEqual(differences, []);
      },
    },
    {
      name: 'the loader’s cache has every library that ldconfig puts there, in its order',
      run: async () => {
        const theirs = await readTar(await bookwormBase(serverPackages));
        const directory = context.scratch();
        const listed = async (name: string, bytes: Uint8Array) => {
          const file = join(directory, name);
          writeFileSync(file, bytes);
          const { code, stdout, stderr } = await run('/sbin/ldconfig', ['-p', '-C', file]);
          deepEqual(code, 0, stderr);
          return stdout.split('\n').filter((line) => line.includes('=>'));
        };
        const { content } = theirs.get(loaderCachePath)!;
        const ldconfig = await listed('theirs', content!.read(0, content!.size));
        ok(ldconfig.length > 100, `${ldconfig.length} libraries`);
        deepEqual(await listed('ours', loaderCache(theirs, () => true)!), ldconfig);
      },
    },
    {
      name: `${accepted.length} more packages of Debian 12 that are often added are accepted`,
      run: async () => {
        const problems: string[] = [];
        for (const name of accepted)
          await install([name]).catch((error) => problems.push(`${name}: ${error.found ?? error.stack}`));
        deepEqual(problems, []);
      },
    },
    {
      name: `${refused.length} are refused, and why is said`,
      run: async () => {
        for (const name of refused) {
          const error = await install([name]).then(
            () => undefined,
            (thrown: unknown) => thrown as { code: string; found: string },
          );
          deepEqual(error?.code, 'DEB_SCRIPT_UNKNOWN', name);
          ok(/\(postinst: /.test(error!.found), error!.found);
        }
      },
    },
  ];
}

async function readTar(tar: string): Promise<FileSystem> {
  return await readRootArchive(createReadStream(tar), { keep: { id: 'whole', keep: () => 'whole' } });
}

async function installer(base: FileSystem): Promise<Install> {
  const text = sourcesFor('bookworm');
  const fetcher = createFetcher({ cache: `${cacheDirectory()}/apt` });
  const options = { fetcher, architecture: 'amd64', keyrings: machineKeyrings, now: new Date() };
  const sources = parseAptSources(text, /^Types:/m.test(text) ? 'release.sources' : 'release.list');
  const opened = await Promise.all(sources.map((source) => openSource(source, options)));
  const indexes = opened.flatMap((one) => one.indexes);
  const database = readDatabase(base)!;
  const open = keptDebs(async (found: AptPackage) => await openDeb(await fetchPackage(found, fetcher)));
  return async (names) => {
    const chosen = solve(
      names.flatMap((name) => parseRelations(name).flat()),
      database.packages,
      indexes,
    );
    const fetched = [];
    for (const found of chosen) fetched.push({ found, deb: await open(found) });
    return await installPackages(base, database, fetched, { scriptsNotNeeded: [] });
  };
}

const maxKept = 600 * 1024 * 1024;

/** What was opened last is kept: to decompress what most packages depend on takes longer than all else. */
function keptDebs(open: (found: AptPackage) => Promise<Deb>): (found: AptPackage) => Promise<Deb> {
  const kept = new Map<string, Deb>();
  let bytes = 0;
  return async (found) => {
    const deb = kept.get(found.sha256) ?? (await open(found));
    if (!kept.delete(found.sha256)) bytes += deb.data.length;
    kept.set(found.sha256, deb);
    for (const [digest, { data }] of kept) {
      if (bytes <= maxKept) break;
      kept.delete(digest);
      bytes -= data.length;
    }
    return deb;
  };
}

function lines(fileSystem: FileSystem, path: string): readonly string[] {
  const content = fileSystem.get(path)?.content;
  if (content === undefined) throw new Error(`no ${path}`);
  return Buffer.from(content.read(0, content.size)).toString().trimEnd().split('\n');
}

/** Without numbers, which depend on the order in which packages are configured. */
function describe(fileSystem: FileSystem, what: 'users' | 'groups' | 'alternatives'): readonly string[] {
  switch (what) {
    case 'users':
      return lines(fileSystem, 'etc/passwd')
        .map((line) => line.split(':'))
        .map(
          ([name, , , gid, comment, home, shell]) =>
            `${name} of ${names(fileSystem, 'group').get(gid!)} "${comment}" ${home} ${shell}`,
        )
        .sort();
    case 'groups':
      return lines(fileSystem, 'etc/group')
        .map((line) => line.replace(/:x:\d+:/, ': '))
        .sort();
    default:
      return (
        fileSystem
          .list('var/lib/dpkg/alternatives')
          // Of manuals: the base has none.
          .filter(({ path }) => !/\.\d\.gz$/.test(path))
          .map(({ path }) => `${path}\n${lines(fileSystem, path).join('\n')}`)
      );
  }
}

function names(fileSystem: FileSystem, file: 'passwd' | 'group'): ReadonlyMap<string, string> {
  return new Map(lines(fileSystem, `etc/${file}`).map((line) => [line.split(':')[2]!, line.split(':')[0]!]));
}

/** What differs of files, links and directories, but for what an image does without and what is left to its start. */
function difference(
  ours: FileSystem,
  theirs: FileSystem,
  isLeft: (path: string) => boolean,
): readonly string[] {
  const [a, b] = [nodesOf(ours), nodesOf(theirs)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((path) => !leftOut.test(path) && !isLeft(path) && a.get(path) !== b.get(path))
    .map((path) => `${path}: ours ${a.get(path) ?? 'none'}, dpkg ${b.get(path) ?? 'none'}`);
}

/**
 * Records and caches of apt, dpkg, debconf and systemd; byte code; documentation; logs; devices; the cache of the
 * loader, services; what is written at the time of installation; links to manuals, of which the base has none; what
 * Python’s scripts leave for byte code, and its empty directories below /usr/local; man-db’s index, and places for changes of
 * AppArmor’s profiles; indexes of fonts for an X server; what mmdebstrap itself writes and takes away.
 */
const leftOut =
  /^(dev|proc|sys|run|tmp|boot)(\/|$)|^var\/(lib\/(man-db|apt|dpkg|systemd|ucf|python|pam|fontconfig|ca-certificates-java)|cache|log\/(apt|dpkg|alternatives|bootstrap|fontconfig))|__pycache__|^usr\/share\/(doc|man|locale|info|lintian)(\/|$)|^etc\/(rc.\.d|systemd|ld\.so\.cache|apt|hostname|resolv\.conf|.*-$|machine-id)|^etc\/(passwd|group|shadow|gshadow)|^etc\/alternatives\/.*\d\.gz$|^etc\/python3(\/|$)|^etc\/apparmor\.d\/local(\/|$)|^usr\/local\/lib\/python3|^etc\/runit(\/|$)|^usr\/share\/fonts\/X11\/.*\/(fonts|encodings)\.\w+$|^var\/lib\/dbus\/machine-id$|99mmdebstrap$/;

function nodesOf(fileSystem: FileSystem): ReadonlyMap<string, string> {
  const [users, groups] = [names(fileSystem, 'passwd'), names(fileSystem, 'group')];
  const text = (node: FileNode) => {
    const { path, type, mode, uid, gid, linkname } = node;
    if (type === 'symlink') return `-> ${linkname}`;
    const owned = `${type} ${mode.toString(8)} ${users.get(String(uid))}:${groups.get(String(gid))}`;
    return type === 'file' && !leftOut.test(path) ? `${owned} ${digestOf(node)}` : owned;
  };
  return new Map([...fileSystem.nodes()].map((node) => [node.path, text(node)]));
}

function digestOf({ path, content, size }: FileNode): string {
  const bytes = content?.read(0, size) ?? new Uint8Array();
  // Shells are in it in the order in which packages are configured.
  const serverPackages =
    path === 'etc/shells' ? Buffer.from(Buffer.from(bytes).toString().split('\n').sort().join('\n')) : bytes;
  return createHash('sha256').update(serverPackages).digest('hex').slice(0, 16);
}

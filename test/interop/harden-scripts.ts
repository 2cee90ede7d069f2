/**
 * What we make of maintainer scripts, beside a Debian in which dpkg has run them: users, groups, alternatives, owners,
 * modes and links. And how many of the packages that are often added are accepted at all.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { openDeb } from '../../packages/harden/src/debian/deb.ts';
import { installPackages } from '../../packages/harden/src/debian/install.ts';
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
import { bookwormBase } from '../support/bases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { run } from '../support/process.ts';
import { sourcesFor } from '../tools/debian.ts';

/** Their scripts make users, groups, alternatives, directories and links. */
const compared = [
  'apache2',
  'cron',
  'fish',
  'gawk',
  'git',
  'haproxy',
  'iputils-ping',
  'mariadb-client',
  'memcached',
  'nginx',
  'nodejs',
  'openssh-client',
  'php-cli',
  'python3',
  'redis-server',
  'screen',
  'tmux',
];

/** Often added; each is accepted, with all it depends on. */
const accepted =
  'apache2 bash-completion ca-certificates cron curl dbus file fish fontconfig gcc git gnupg golang-go haproxy iproute2 iputils-ping jq less logrotate mariadb-client memcached nginx nodejs openjdk-17-jre-headless openssh-client openssl perl php-cli procps python3 python3-venv redis-server rsync ruby screen socat sqlite3 sudo supervisor tmux tor tzdata unzip wget xz-utils zip'.split(
    ' ',
  );

/** Not known: what their scripts do is more than is understood. */
const refused = ['graphviz', 'mariadb-server', 'openssh-server', 'postgresql'];

type Install = (names: readonly string[]) => ReturnType<typeof installPackages>;

export async function scenarios(context: Context): Promise<readonly Scenario[]> {
  const base = await readTar(await bookwormBase());
  const install = await installer(base);
  return [
    {
      name: `${compared.length} packages of Debian 12 come to what dpkg makes of them by running their scripts`,
      run: async () => {
        const theirs = await readTar(await bookwormBase(compared));
        const { fileSystem: ours, skipped } = await install(compared);
        deepEqual(skipped, []);
        deepEqual(describe(ours, 'users'), describe(theirs, 'users'));
        deepEqual(describe(ours, 'groups'), describe(theirs, 'groups'));
        deepEqual(describe(ours, 'alternatives'), describe(theirs, 'alternatives'));
        const differences = difference(ours, theirs);
        deepEqual(differences, []);
      },
    },
    {
      name: 'the loader’s cache has every library that ldconfig puts there, in its order',
      run: async () => {
        const theirs = await readTar(await bookwormBase(compared));
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
      name: `${accepted.length} packages of Debian 12 that are often added are accepted`,
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
  return async (names) => {
    const chosen = solve(
      names.flatMap((name) => parseRelations(name).flat()),
      database.packages,
      indexes,
    );
    const fetched = [];
    for (const found of chosen)
      fetched.push({ found, deb: await openDeb(await fetchPackage(found, fetcher)) });
    return await installPackages(base, database, fetched, { scriptsNotNeeded: [] });
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

/** What differs of files, links and directories, but for what an image does without. */
function difference(ours: FileSystem, theirs: FileSystem): readonly string[] {
  const [a, b] = [nodesOf(ours), nodesOf(theirs)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((path) => !leftOut.test(path) && a.get(path) !== b.get(path))
    .map((path) => `${path}: ours ${a.get(path) ?? 'none'}, dpkg ${b.get(path) ?? 'none'}`);
}

/**
 * Records and caches of apt, dpkg, debconf and systemd; byte code; documentation; logs; devices; the cache of the
 * loader, services; what is written at the time of installation; links to manuals, of which the base has none; what
 * Python’s scripts leave for byte code, and its empty directories below /usr/local; man-db’s index, and places for changes of
 * AppArmor’s profiles.
 */
const leftOut =
  /^(dev|proc|sys|run|tmp|boot)(\/|$)|^var\/(lib\/(man-db|apt|dpkg|systemd|ucf|python|pam|fontconfig|ca-certificates-java)|cache|log\/(apt|dpkg|alternatives|bootstrap|fontconfig))|__pycache__|^usr\/share\/(doc|man|locale|info|lintian)(\/|$)|^etc\/(rc.\.d|systemd|ld\.so\.cache|apt|hostname|resolv\.conf|.*-$|machine-id)|^etc\/(passwd|group|shadow|gshadow)|^etc\/alternatives\/.*\d\.gz$|^etc\/python3(\/|$)|^etc\/apparmor\.d\/local(\/|$)|^usr\/local\/lib\/python3/;

function nodesOf(fileSystem: FileSystem): ReadonlyMap<string, string> {
  const [users, groups] = [names(fileSystem, 'passwd'), names(fileSystem, 'group')];
  const text = ({ type, mode, uid, gid, linkname }: FileNode) =>
    type === 'symlink'
      ? `-> ${linkname}`
      : `${type} ${mode.toString(8)} ${users.get(String(uid))}:${groups.get(String(gid))}`;
  return new Map([...fileSystem.nodes()].map((node) => [node.path, text(node)]));
}

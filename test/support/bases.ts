/** Base images made on the spot from the archives that this machine's apt is configured with. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { sourcesFor } from '../tools/debian.ts';
import { withLock } from '../tools/lock.ts';

/** A root file system, and where newer packages for it come from. */
export interface Base {
  /** A tar archive. */
  readonly tar: string;
  /** deb822 sources with the security suite. */
  readonly sources: string;
}

/** A gigabyte of servers and tools. Their scripts make users, groups, alternatives, diversions, settings, directories and links. */
export const serverPackages =
  'apache2 bind9 cron dbus fish gawk ghostscript git haproxy iputils-ping locales mariadb-client mariadb-server memcached nginx nodejs openssh-client openssh-server php-cli php-fpm postgresql python3 redis-server screen snmpd tmux vim zsh'.split(
    ' ',
  );

/** The package with Ubuntu's keyring, in a release that is frozen. */
const keyring = {
  path: 'pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb',
  sha256: '0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f',
};

/** Ubuntu's archive: `PRATIQUE_UBUNTU_MIRROR`, else the host of this machine's Debian archive, where mirrors often have both. */
function ubuntuMirror(): string {
  const given = process.env.PRATIQUE_UBUNTU_MIRROR;
  if (given !== undefined) return given.replace(/\/$/, '');
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter((path) =>
    existsSync(path),
  );
  const debian = files.map(
    (path) => /https?:\/\/[^\s/]+\/debian(?=[\s/])/.exec(readFileSync(path, 'utf8'))?.[0],
  )[0];
  if (debian === undefined)
    throw new Error('No Debian archive in /etc/apt to guess from. Try: PRATIQUE_UBUNTU_MIRROR=URL');
  return debian.replace(/debian$/, 'ubuntu');
}

/**
 * Ubuntu 22.04 as it was released in April 2022, with minbase's packages and no documentation: its release pocket is
 * frozen, so it is made once and kept.
 */
export async function jammyBase(): Promise<Base> {
  const home = await makeBase('jammy-2022', async (staging, final) => {
    const mirror = ubuntuMirror();
    await writeKeyring(`${mirror}/${keyring.path}`, staging);
    const keys = 'keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg';
    bootstrap('jammy', staging, `deb [signed-by=${join(staging, keys)}] ${mirror} jammy main`);
    writeFileSync(
      join(staging, 'security.sources'),
      `Types: deb\nURIs: ${mirror}\nSuites: jammy jammy-security\nComponents: main\nSigned-By: ${join(final, keys)}\n`,
    );
  });
  return { tar: join(home, 'root.tar'), sources: join(home, 'security.sources') };
}

/** The `deb` lines of a base's deb822 sources, as settings have them. */
export function sourceLines(text: string): readonly string[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)![1]!;
  return field('Suites')
    .split(' ')
    .map((suite) => `deb [signed-by=${field('Signed-By')}] ${field('URIs')} ${suite} ${field('Components')}`);
}

/**
 * A tar of Debian 12 without its security suite, kept once it is made. What that suite has, this machine's sources name.
 *
 * @param packages that dpkg installs as well, their scripts run
 */
export async function bookwormBase(packages: readonly string[] = []): Promise<string> {
  const name = ['bookworm', ...packages].join('+');
  const home = await makeBase(name, async (staging) => {
    const sources = sourcesFor('bookworm');
    const file = join(staging, /^Types:/m.test(sources) ? 'release.sources' : 'release.list');
    writeFileSync(file, sources);
    bootstrap('bookworm', staging, file, packages);
  });
  return join(home, 'root.tar');
}

/** The directory of a base in the cache, made there whole or not at all. */
export async function makeBase(
  name: string,
  make: (staging: string, final: string) => Promise<void>,
): Promise<string> {
  const home = join(cacheDirectory(), 'bases', name);
  await withLock(`${home}.lock`, async () => {
    if (existsSync(home)) return;
    process.stderr.write(`Making the base ${name} (two minutes, once)\n`);
    const staging = mkdtempSync(`${home}.`);
    try {
      await make(staging, home);
      renameSync(staging, home);
    } catch (error) {
      rmSync(staging, { recursive: true, force: true });
      throw error;
    }
  });
  return home;
}

/** Minbase of a release, without documentation, as `root.tar`. */
function bootstrap(suite: string, directory: string, source: string, packages: readonly string[] = []): void {
  run('mmdebstrap', [
    // apt would read the keyring as a user that may not look into this one's home.
    '--aptopt=APT::Sandbox::User "root"',
    ...['--variant=minbase', '--architectures=amd64'],
    // Scripts of some packages need the directories of manuals.
    ...['doc', ...(packages.length === 0 ? ['man'] : []), 'locale'].map(
      (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
    ),
    ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
    ...[suite, join(directory, 'root.tar'), source],
  ]);
}

async function writeKeyring(url: string, directory: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok)
    throw new Error(
      `No Ubuntu archive where one was looked for (${response.status}). Try: PRATIQUE_UBUNTU_MIRROR=URL`,
    );
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (createHash('sha256').update(bytes).digest('hex') !== keyring.sha256)
    throw new Error("Ubuntu's keyring is another one");
  writeFileSync(join(directory, 'keyring.deb'), bytes);
  run('dpkg', ['-x', join(directory, 'keyring.deb'), join(directory, 'keyring')]);
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], timeout: 600_000 });
  if (status !== 0)
    throw new Error(
      `${command} failed (${error?.message ?? `exit ${status}`}). Where it is missing: apt-get install ${command}`,
    );
}

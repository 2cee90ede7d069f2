/** Base images made on the spot from the archives that this machine's apt is configured with. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../packages/cli/bin/node24.mjs';
import { withLock } from '../tools/lock.ts';

/** A root file system, and where newer packages for it come from. */
export interface Base {
  /** A tar archive. */
  readonly tar: string;
  /** deb822 sources with the security suite. */
  readonly sources: string;
}

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
  const home = join(cacheDirectory(), 'bases', 'jammy-2022');
  const base = { tar: join(home, 'root.tar'), sources: join(home, 'ubuntu.sources') };
  await withLock(`${home}.lock`, async () => {
    if (existsSync(base.sources)) return;
    process.stderr.write('Making a base of Ubuntu 22.04 (two minutes, once)\n');
    const mirror = ubuntuMirror();
    mkdirSync(join(home, '..'), { recursive: true });
    const staging = mkdtempSync(`${home}.`);
    try {
      await writeKeyring(`${mirror}/${keyring.path}`, staging);
      const keys = join(staging, 'keyring', 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
      const exclude = ['doc', 'man'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
      run('mmdebstrap', [
        // apt would read the keyring as a user that may not look into this one's home.
        '--aptopt=APT::Sandbox::User "root"',
        ...['--variant=minbase', '--architectures=amd64', ...exclude, 'jammy', join(staging, 'root.tar')],
        `deb [signed-by=${keys}] ${mirror} jammy main`,
      ]);
      const kept = join(home, 'keyring', 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
      writeFileSync(
        join(staging, 'ubuntu.sources'),
        `Types: deb\nURIs: ${mirror}\nSuites: jammy jammy-security\nComponents: main\nSigned-By: ${kept}\n`,
      );
      renameSync(staging, home);
    } catch (error) {
      rmSync(staging, { recursive: true, force: true });
      throw error;
    }
  });
  return base;
}

/** Debian 12 with minbase's packages, as this machine's archive has it today; made once and kept. */
export async function bookwormBase(): Promise<string> {
  const tar = join(cacheDirectory(), 'bases', 'bookworm-minbase.tar');
  await withLock(`${tar}.lock`, async () => {
    if (existsSync(tar)) return;
    process.stderr.write('Making a base of Debian 12 (two minutes, once)\n');
    mkdirSync(join(tar, '..'), { recursive: true });
    const staging = `${tar}.${process.pid}.tar`;
    run('mmdebstrap', ['--variant=minbase', 'bookworm', staging]);
    renameSync(staging, tar);
  });
  return tar;
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

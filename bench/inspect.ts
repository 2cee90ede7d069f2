/**
 * Images looked through, from their layers on the disk, beside other programs: a full scan (packages, vulnerabilities and
 * secrets) beside Trivy's, and packages alone, which is all that Syft does, beside both. Each is a process of its own, and
 * of each the time the same command takes for an empty image is taken off, except where a row says otherwise. Beside the
 * limit, too: every layer read, hashed, unzipped and walked once.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSbom, type ScanReport } from '../packages/inspect/src/index.ts';
import { writeTrivyDatabase } from '../test/support/trivy.ts';
import { installTools } from '../test/tools/install.ts';
import { baseLayout, emptyLayout, serversLayout } from './inspect/images.ts';
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

const programNames = [
  'our scan',
  'Trivy’s scan',
  'our packages',
  'Trivy’s packages',
  'Syft’s packages',
  'limit',
] as const;
type ProgramName = (typeof programNames)[number];

interface Outcome {
  readonly stdout: string;
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
      return {
        stdout: result.stdout,
        seconds,
        cpuSeconds: Number(cpu),
        memory: (Number(memory) * 1024) / 1e6,
      };
    };
    const out = (name: string) => join(directory, `${name}.json`);
    const ours = (...args: string[]) => start(process.execPath, [main, ...args]);
    const trivy = (layout: string, cache: string, ...args: string[]) => {
      // It remembers layers, which would be another race.
      rmSync(join(directory, cache, 'fanal'), { recursive: true, force: true });
      const image = [
        'image',
        '--input',
        layout,
        '--cache-dir',
        join(directory, cache),
        '--offline-scan',
        '-q',
      ];
      return start(tools.trivy, [...image, '-o', out(cache), ...args]);
    };
    const withoutUpdates = ['--skip-db-update', '--skip-java-db-update'];
    const database = join(directory, 'advisories.db');
    const programs: Readonly<Record<ProgramName, Program>> = {
      'our scan': (layout) =>
        ours('scan', '--no-cache', '--allow-uncovered', '--db', database, '-o', 'json', `oci:${layout}`),
      'Trivy’s scan': (layout) => trivy(layout, 'trivy', ...withoutUpdates, '-f', 'json'),
      'our packages': (layout) => ours('sbom', '--no-cache', '-o', 'cyclonedx-json', `oci:${layout}`),
      'Trivy’s packages': (layout) => trivy(layout, 'trivy-packages', '--list-all-pkgs', '-f', 'cyclonedx'),
      'Syft’s packages': (layout) =>
        start(tools.syft, ['scan', `oci-dir:${layout}`, '-q', '-o', `cyclonedx-json=${out('syft')}`]),
      limit: (layout) => start(process.execPath, [limit, layout]),
    };
    const measure = (layout: string): Readonly<Record<ProgramName, Outcome>> => {
      const all = programNames.map((name) => [name, [] as Outcome[]] as const);
      for (let round = 0; round < rounds; round++)
        for (const [name, outcomes] of all) outcomes.push(programs[name](layout));
      return Object.fromEntries(
        all.map(([name, outcomes]) => [
          name,
          {
            stdout: outcomes[0]!.stdout,
            seconds: median(outcomes.map(({ seconds }) => seconds)),
            cpuSeconds: median(outcomes.map(({ cpuSeconds }) => cpuSeconds)),
            memory: Math.max(...outcomes.map(({ memory }) => memory)),
          },
        ]),
      ) as Record<ProgramName, Outcome>;
    };
    // Of what is in the layers, uncompressed: eight times the base; then of another system.
    const images = [
      ['126 MB', await baseLayout(0)],
      ['1 GB', await baseLayout(7)],
      ['1.1 GB (servers)', await serversLayout()],
    ] as const;
    writeAdvisories(programs['our packages'](images[2][1]).stdout, join(directory, 'osv'));
    ours('db', 'import', '--db', database, join(directory, 'osv'));
    await writeTrivyDatabase({ directory }, database, join(directory, 'trivy'));
    const empty = measure(await emptyLayout(join(directory, 'empty')));
    const rows: Row[] = [];
    for (const [size, layout] of images) {
      const found = measure(layout);
      sameFindings(found['our scan'].stdout, out('trivy'));
      const net = (name: ProgramName, what: 'seconds' | 'cpuSeconds') =>
        Math.max(found[name][what] - empty[name][what], 0.001);
      const beside = (
        what: string,
        our: ProgramName,
        peers: readonly (readonly [ProgramName, number?])[],
      ) => {
        for (const [peer, goal] of peers)
          rows.push({
            what: `${what}, ${size}`,
            ours: net(our, 'seconds'),
            peer: net(peer, 'seconds'),
            unit: 's',
            ratio: net(peer, 'seconds') / net(our, 'seconds'),
            ...(goal === undefined ? {} : { goal }),
            peerName: peer,
          });
        for (const [peer] of peers)
          rows.push({
            what: `${what}, processor time, ${size}`,
            ours: net(our, 'cpuSeconds'),
            peer: net(peer, 'cpuSeconds'),
            unit: 's',
            ratio: net(peer, 'cpuSeconds') / net(our, 'cpuSeconds'),
            peerName: peer,
          });
        for (const [peer] of peers.filter(([name]) => name !== 'limit'))
          rows.push({
            what: `${what}, with starting the program, ${size}`,
            ours: found[our].seconds,
            peer: found[peer].seconds,
            unit: 's',
            ratio: found[peer].seconds / found[our].seconds,
            peerName: peer,
          });
        rows.push({
          what: `${what}, peak memory, ${size}`,
          ours: found[our].memory,
          peer: 300,
          unit: 'MB',
          ratio: 300 / found[our].memory,
          goal: 1,
          peerName: 'what it may take',
        });
      };
      beside('full scan', 'our scan', [
        ['Trivy’s scan', 3],
        ['limit', 0.7],
      ]);
      beside('packages', 'our packages', [['Syft’s packages', 3], ['Trivy’s packages'], ['limit', 0.7]]);
    }
    return rows;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** An advisory for each package of Debian in a bill of materials, which the next version fixes. */
function writeAdvisories(sbom: string, directory: string): void {
  mkdirSync(directory);
  const { packages } = readSbom(Buffer.from(sbom));
  const sources = new Map(
    packages.filter(({ type }) => type === 'deb').map((one) => [one.source?.name ?? one.name, one]),
  );
  for (const [name, { source, version }] of sources) {
    const events = [{ introduced: '0' }, { fixed: `${source?.version ?? version}+next` }];
    const affected = [{ package: { ecosystem: 'Debian:12', name }, ranges: [{ type: 'ECOSYSTEM', events }] }];
    const record = { id: `CVE-2000-${10_000 + sources.size}-${name}`, affected };
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(record));
  }
}

/** Both are at the same work only if they find the same. */
function sameFindings(ours: string, theirs: string): void {
  const trivy = JSON.parse(readFileSync(theirs, 'utf8')) as {
    readonly Results?: readonly { readonly Vulnerabilities?: unknown[]; readonly Secrets?: unknown[] }[];
  };
  const { findings, secrets } = JSON.parse(ours) as ScanReport;
  const count = (which: 'Vulnerabilities' | 'Secrets') =>
    (trivy.Results ?? []).reduce((sum, one) => sum + (one[which]?.length ?? 0), 0);
  const [found, peers] = [
    [findings.length, secrets?.length],
    [count('Vulnerabilities'), count('Secrets')],
  ];
  if (found[0] === 0 || found.join() !== peers.join())
    throw new Error(
      `vulnerabilities and secrets: ${found.join(', ')} are found here, ${peers.join(', ')} by Trivy`,
    );
}

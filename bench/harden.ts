/**
 * `pratique harden` end to end on Ubuntu 22.04 of April 2022, with every step there is: scanned, upgraded, added to,
 * stripped, built, scanned again, tested, described, judged, attested, signed and pushed to an OCI layout. Each step has
 * its share of the whole; where it is bound by bytes or by cryptography, the bare work stands beside it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createFetcher } from '../packages/harden/src/index.ts';
import { buildImage, layerFromTar, openLayout, pushImage } from '../packages/oci/src/index.ts';
import { jammyBase, sourceLines } from '../test/support/bases.ts';
import { command, type Flow, harden, pratique, prepare } from './harden/flow.ts';
import {
  copyDurably,
  gunzipAndHash,
  gzipToFile,
  signAll,
  unpackAndRun,
  unpackDebs,
} from './harden/limits.ts';
import { compare, median, time } from './measure.ts';
import type { Row } from './row.ts';

const rounds = 3;

export async function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-harden-'));
  try {
    const { tar, sources } = await jammyBase();
    const base = join(directory, 'base.tar.gz');
    shell(`gzip -nc '${tar}' > '${base}'`);
    const layout = await openLayout(join(directory, 'base'), { create: true });
    const platform = { os: 'linux', architecture: 'amd64' };
    const layers = [await layerFromTar({ file: base })];
    await pushImage(buildImage({ layers, platform }), layout, { tag: '1' });
    await prepare(directory, sourceLines(readFileSync(sources, 'utf8')));
    await pratique(directory, [
      ...['db', 'changelogs', `rootfs:${tar}`, '--sources', sources, '--db', 'advisories.db'],
    ]);
    // Fetches the packages, and is not counted.
    const warm = await harden(directory, 'warm');
    const flows: Flow[] = [];
    const limits: ReadonlyMap<string, Limit>[] = [];
    for (let round = 0; round < rounds; round++) {
      const flow = await harden(directory, `round-${round}`);
      flows.push(flow);
      limits.push(await limitsOf(flow, base, directory, `limit-${round}`));
    }
    return [...stepRows(flows, limits), await downloadRow(warm, join(directory, 'debs'))];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Limit {
  readonly name: string;
  readonly seconds: number;
}

/** The bare work of each step that has some. */
async function limitsOf(
  { report, layer, payloads }: Flow,
  base: string,
  directory: string,
  name: string,
): Promise<ReadonlyMap<string, Limit>> {
  const own = join(directory, name);
  shell(`mkdir '${own}' && gunzip -c '${layer}' > '${own}/layer.tar'`);
  const debs = report.packages.changed.map(({ sha256 }) => join(directory, 'debs', sha256));
  const limits = {
    'reading the base': {
      name: 'zlib and SHA-256 twice',
      seconds: await gunzipAndHash(base),
    },
    'upgrading and adding packages': {
      name: 'dpkg-deb --extract',
      seconds: await unpackDebs(debs, join(own, 'debs')),
    },
    'building the image': {
      name: 'zlib on one thread',
      seconds: await gzipToFile(join(own, 'layer.tar'), join(own, 'layer.tar.gz')),
    },
    'scanning what was built': {
      name: 'zlib and SHA-256 twice',
      seconds: await gunzipAndHash(layer),
    },
    'testing what was built': {
      name: 'tar and bwrap',
      seconds: await unpackAndRun(layer, join(own, 'root'), command),
    },
    attesting: { name: 'node:crypto sign', seconds: await signAll(payloads.slice(1)) },
    signing: { name: 'node:crypto sign', seconds: await signAll(payloads.slice(0, 1)) },
    pushing: { name: 'cp and fsync', seconds: await copyDurably(layer, own) },
  };
  rmSync(own, { recursive: true });
  return new Map(Object.entries(limits));
}

function stepRows(flows: readonly Flow[], limits: readonly ReadonlyMap<string, Limit>[]): Row[] {
  const whole = median(
    flows.map(({ steps }) => [...steps.values()].reduce((sum, seconds) => sum + seconds, 0)),
  );
  return [...flows[0]!.steps.keys()].map((what): Row => {
    const ours = median(flows.map(({ steps }) => steps.get(what)!));
    const limit = limits[0]!.get(what);
    const peer = limit === undefined ? whole : median(limits.map((one) => one.get(what)!.seconds));
    return {
      what,
      ours,
      peer,
      unit: 's',
      ratio: peer / ours,
      share: (ours / whole) * 100,
      peerName: limit?.name ?? 'all steps',
    };
  });
}

/** The packages again, from a server on loopback: ours checks each digest, `fetch` reads the bytes. */
async function downloadRow({ report }: Flow, debs: string): Promise<Row> {
  const server = createServer(({ url }, response) => {
    response.end(readFileSync(join(debs, basename(url!))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const wanted = report.packages.changed.map(({ sha256 }) => ({
    sha256,
    size: readFileSync(join(debs, sha256)).length,
    url: `http://127.0.0.1:${port}/${sha256}`,
  }));
  const megabytes = wanted.reduce((sum, { size }) => sum + size, 0) / 1e6;
  try {
    const fetcher = createFetcher();
    const { ours, peer } = await compare(
      rounds,
      () =>
        time(async () => {
          for (const { url, ...expected } of wanted) await fetcher.verified(url, expected);
        }),
      () =>
        time(async () => {
          for (const { url } of wanted) await (await fetch(url)).arrayBuffer();
        }),
    );
    return {
      what: `${wanted.length} packages downloaded and checked`,
      ours: (megabytes / ours) * 1000,
      peer: (megabytes / peer) * 1000,
      unit: 'MB/s',
      ratio: peer / ours,
      peerName: 'fetch alone',
    };
  } finally {
    server.close();
  }
}

function shell(script: string): void {
  const { status, stderr } = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
}

/** `harden` end to end on Debian 12, from an OCI layout to another one: all of it, and the share of each step. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alpineKeyFile, createFetcher, harden, parseSettings } from '../packages/harden/src/index.ts';
import { buildImage, layerFromTar, openLayout, pushImage } from '../packages/oci/src/index.ts';
import { bookwormBase } from '../test/support/bases.ts';
import { median } from './measure.ts';
import type { Row } from './row.ts';

const rounds = 3;

export async function run(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-harden-'));
  try {
    const base = await openLayout(join(directory, 'base'), { create: true });
    const layer = await layerFromTar({ file: await bookwormBase() });
    const platform = { os: 'linux', architecture: 'amd64' };
    await pushImage(buildImage({ layers: [layer], platform }), base, { tag: '1' });
    const settings = parseSettings(
      'strip: { profile: distroless }\nrun: { entrypoint: [/usr/bin/perl] }',
      'bench',
    );
    const taken: ReadonlyMap<string, number>[] = [];
    for (let round = 0; round < rounds; round++)
      taken.push(await once(join(directory, String(round)), base, settings));
    const steps = [...taken[0]!.keys()];
    const seconds = (step: string) => median(taken.map((times) => times.get(step)!));
    const whole = median(taken.map((times) => [...times.values()].reduce((sum, one) => sum + one, 0)));
    return steps.map(
      (step): Row => ({
        what: step,
        ours: seconds(step),
        peer: whole,
        unit: 's',
        ratio: whole / seconds(step),
        peerName: 'all steps',
      }),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Layout = Awaited<ReturnType<typeof openLayout>>;

/** Seconds of each step. */
async function once(
  target: string,
  repository: Layout,
  settings: ReturnType<typeof parseSettings>,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  let [step, started] = ['', performance.now()];
  const begin = (next: string): void => {
    const now = performance.now();
    if (step !== '') times.set(step, (times.get(step) ?? 0) + (now - started) / 1000);
    [step, started] = [next, now];
  };
  const { signal } = new AbortController();
  const hardened = await harden({
    name: 'debian',
    repository,
    version: '1',
    settings,
    path: (path) => path,
    openImage: () => Promise.reject(new Error('no image is added')),
    tests: [],
    repositories: {
      fetcher: createFetcher({ signal }),
      keyrings: () => [],
      alpineKey: alpineKeyFile,
      now: new Date(),
    },
    scan: null,
    progress: begin,
    signal,
  });
  try {
    begin('pushing');
    await pushImage(hardened.image!, await openLayout(target, { create: true }), { tag: '1' });
    begin('');
    return times;
  } finally {
    hardened.close();
  }
}

/** One `pratique harden` with every step there is, in this process, with the time each step took. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../packages/cli/src/program/run.ts';
import type { Terminal } from '../../packages/cli/src/program/terminal.ts';
import type { HardenReport } from '../../packages/harden/src/index.ts';

/** What is run to test the image, and what the image is for. */
export const command = ['/usr/bin/curl', '--version'];

export interface Flow {
  /** Seconds of each step, in order, by what the command calls it. */
  readonly steps: ReadonlyMap<string, number>;
  readonly report: HardenReport;
  /** The layer that was built, as it is stored. */
  readonly layer: string;
  /** What was signed. */
  readonly payloads: readonly Uint8Array[];
}

/** Settings, tests, policy and key in `directory`, as somebody has them who uses all there is. */
export async function prepare(directory: string, sources: readonly string[]): Promise<void> {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  const settings = {
    strip: { profile: 'distroless' },
    upgrade: true,
    add: { packages: ['curl', 'ca-certificates'] },
    run: { entrypoint: [command[0]] },
    tests: { files: ['tests.yaml'] },
    policy: { files: ['policy.rego'] },
    sources,
  };
  write('harden.yaml', JSON.stringify(settings));
  const test = { name: 'it runs', command: command[0], args: command.slice(1), expectedOutput: ['^curl '] };
  write('tests.yaml', JSON.stringify({ schemaVersion: '2.0.0', commandTests: [test] }));
  write(
    'policy.rego',
    'package pratique.image.shells\n' +
      'deny contains "a shell is left" if {\n' +
      '\tsome one in input.image.sbom.document.components\n' +
      '\tone.name == "dash"\n' +
      '}\n',
  );
  await pratique(directory, ['generate-key-pair']);
}

/** Hardens `oci:base:1` of `directory` to `oci:NAME:1`. */
export async function harden(directory: string, name: string): Promise<Flow> {
  const steps = new Map<string, number>();
  let [step, since] = ['', 0];
  const begin = (next: string): void => {
    const now = performance.now();
    if (step !== '') steps.set(step, (steps.get(step) ?? 0) + (now - since) / 1000);
    [step, since] = [next, performance.now()];
  };
  const heard = (text: string): void => {
    const begun = /^• (.*)\n$/.exec(text)?.[1];
    if (begun !== undefined) begin(begun);
  };
  const files = ['-f', 'harden.yaml', '--db', 'advisories.db', '--apt-cache', 'debs', '--key', 'cosign.key'];
  await pratique(
    directory,
    ['harden', 'oci:base:1', ...files, '-t', `oci:${name}:1`, '--report', `${name}.json`],
    heard,
  );
  begin('');
  const report = JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8')) as HardenReport;
  const blobs = join(directory, name, 'blobs/sha256');
  const manifest = json<{ layers: { digest: string }[] }>(join(blobs, hex(report.image!.digest)))!;
  const bundles = readdirSync(blobs).flatMap(
    (blob) => json<{ dsseEnvelope?: { payload: string } }>(join(blobs, blob))?.dsseEnvelope ?? [],
  );
  return {
    steps,
    report,
    layer: join(blobs, hex(manifest.layers[0]!.digest)),
    payloads: bundles.map(({ payload }) => Buffer.from(payload, 'base64')),
  };
}

export async function pratique(
  cwd: string,
  args: readonly string[],
  err: (text: string) => void = () => {},
): Promise<void> {
  let said = '';
  const terminal: Terminal = {
    out: () => {},
    err: (text) => {
      said += text;
      err(text);
      return true;
    },
    env: { PATH: process.env.PATH, XDG_CACHE_HOME: join(cwd, 'cache'), COSIGN_PASSWORD: 'bench' },
    cwd,
    ask: async () => '',
    stdin: () => new Uint8Array(),
    interactive: false,
    live: false,
    colour: { out: false, err: false },
  };
  const code = await run(args, terminal, new AbortController().signal);
  if (code !== 0) throw new Error(`pratique ${args[0]}: exit ${code}\n${said}`);
}

const hex = (digest: string): string => digest.slice('sha256:'.length);

/** Undefined for what is no JSON. */
function json<T>(file: string): T | undefined {
  const bytes = readFileSync(file);
  return bytes[0] === 0x7b ? (JSON.parse(bytes.toString()) as T) : undefined;
}

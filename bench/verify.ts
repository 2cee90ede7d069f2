/**
 * Verification: in process beside the bare signature check of node:crypto, which is the least anybody could do, and
 * `pratique verify` beside `cosign verify` as a user waits for them, on the same image in the same registry.
 */
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePublicKey, preAuthEncoding } from '@pratique/crypto';
import { openRepository, parseReference } from '@pratique/oci';
import { collectEvidence, type Evidence, verifyEvidence } from '@pratique/sigstore';
import { build } from '../scripts/build.ts';
import { buildExecutable } from '../scripts/build-executable.ts';
import { Context, type KeyPair } from '../test/support/context.ts';
import { pratique } from '../test/support/pratique.ts';
import { alice, identity, initialize, startSigstore, token } from '../test/support/private-sigstore.ts';
import type { TestImage } from '../test/support/registries.ts';
import { compare, time } from './measure.ts';
import type { Row } from './row.ts';

const FLAGS = ['--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '-y'];
const CALLS = 2000;
const ROUNDS = 9;
const COMMAND_RUNS = 21;
type Command = readonly string[];

/** At most seven tenths of cosign's time. */
const KEYLESS_GOAL = 1.43;

/** The signature and the bytes it is over, as a caller of node:crypto would have them at hand. */
function bareSignature(evidence: Evidence): { signed: Uint8Array; signature: Uint8Array } {
  const [item] = evidence.items;
  if (item?.kind === 'simple-signing') {
    const signature = item.annotations['dev.cosignproject.cosign/signature']!;
    return { signed: item.payload, signature: Buffer.from(signature, 'base64') };
  }
  if (item?.kind !== 'bundle') throw new Error('no bundle found');
  const { dsseEnvelope } = JSON.parse(Buffer.from(item.bytes).toString()) as {
    dsseEnvelope: { payloadType: string; payload: string; signatures: { sig: string }[] };
  };
  const payload = Buffer.from(dsseEnvelope.payload, 'base64');
  const signature = Buffer.from(dsseEnvelope.signatures[0]!.sig, 'base64');
  return { signed: preAuthEncoding(dsseEnvelope.payloadType, payload), signature };
}

async function inProcess(context: Context, format: 'bundle' | 'legacy', key: KeyPair): Promise<Row> {
  const image = await context.image(context.ours);
  const bundle = `--new-bundle-format=${format === 'bundle'}`;
  await context.ok('cosign', ['sign', '--key', key.privateKey, ...FLAGS, bundle, image.pinned]);
  const repository = openRepository(parseReference(image.pinned));
  const evidence = await collectEvidence(repository, await repository.resolve(image.digest));
  const pem = readFileSync(key.publicKey, 'utf8');
  const trust = { keys: [{ name: 'bench', key: parsePublicKey(pem) }], logs: [] };
  const publicKey = createPublicKey(pem);
  const { signed, signature } = bareSignature(evidence);
  const now = new Date();
  const { ours, peer } = await compare(
    ROUNDS,
    () =>
      time(() => {
        for (let i = 0; i < CALLS; i++) {
          if (verifyEvidence(evidence, trust, now).signatures.length !== 1) throw new Error('not verified');
        }
      }),
    () =>
      time(() => {
        for (let i = 0; i < CALLS; i++) {
          if (!verify('sha256', signed, publicKey, signature)) throw new Error('not verified');
        }
      }),
  );
  return {
    what: `verify evidence in process, ${format}`,
    ours: (ours / CALLS) * 1000,
    peer: (peer / CALLS) * 1000,
    unit: 'µs',
    ratio: peer / ours,
    goal: 0.8,
    peerName: 'bare node:crypto',
  };
}

/** A signed image, and the flags that say whose signature is asked for. */
interface Case {
  readonly what: string;
  readonly image: TestImage;
  readonly flags: readonly string[];
}

/** Images signed by cosign with a key, in both formats, and by somebody who showed a token, with log and timestamp. */
async function cases(
  context: Context,
  key: KeyPair,
): Promise<{ readonly byKey: Case[]; readonly keyless: Case }> {
  const byKey: Case[] = [];
  for (const format of ['bundle', 'legacy'] as const) {
    const image = await context.image(context.ours);
    const bundle = `--new-bundle-format=${format === 'bundle'}`;
    await context.ok('cosign', ['sign', '--key', key.privateKey, ...FLAGS, bundle, image.pinned]);
    byKey.push({ what: format, image, flags: ['--key', key.publicKey, '--insecure-ignore-tlog'] });
  }
  const sigstore = await startSigstore(context, context.scratch());
  try {
    await initialize(context, sigstore);
    const image = await context.image(context.ours);
    const services = [
      '--signing-config',
      sigstore.signingConfig,
      '--identity-token',
      await token(sigstore, alice),
    ];
    const { env } = sigstore;
    await context.ok('cosign', ['sign', '--allow-http-registry', '-y', ...services, image.pinned], { env });
    const flags = ['--trusted-root', sigstore.trustedRoot, ...identity(sigstore, alice)];
    return { byKey, keyless: { what: 'keyless, offline', image, flags } };
  } finally {
    await sigstore.server.stop();
  }
}

/** Runs its arguments and prints how many milliseconds that took. */
const stopwatch = [
  'import subprocess, sys, time',
  'began = time.perf_counter()',
  'code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)',
  'print((time.perf_counter() - began) * 1000)',
  'sys.exit(code)',
].join('\n');

/** How long a command takes. Asked of a small process: to start another one from this one takes milliseconds by itself. */
async function timeCommand(context: Context, command: Command, args: readonly string[]): Promise<number> {
  return Number(await context.ok(['python3', '-c', stopwatch, ...command], args));
}

/** `pratique verify` beside `cosign verify`, with the same arguments. */
async function command(
  context: Context,
  { what, image, flags }: Case,
  [how, pratique]: readonly [how: string, pratique: Command],
  goal: number,
): Promise<Row> {
  const args = ['verify', ...flags, '--allow-http-registry', image.pinned];
  const { ours, peer } = await compare(
    COMMAND_RUNS,
    () => timeCommand(context, pratique, args),
    () => timeCommand(context, [context.tools.cosign], args),
  );
  return {
    what: `verify command, ${how}, ${what}`,
    ours,
    peer,
    unit: 'ms',
    ratio: peer / ours,
    goal,
    peerName: 'cosign verify',
  };
}

/** What no program on Node can be faster than, beside the smallest thing cosign does. */
async function floor(context: Context): Promise<Row> {
  const { ours, peer } = await compare(
    COMMAND_RUNS,
    () => timeCommand(context, [process.execPath], ['--eval', '0']),
    () => timeCommand(context, [context.tools.cosign], ['version']),
  );
  return {
    what: 'start of Node with an empty program',
    ours,
    peer,
    unit: 'ms',
    ratio: peer / ours,
    peerName: 'cosign version',
  };
}

export async function run(): Promise<Row[]> {
  const context = await Context.open();
  try {
    const key = await context.keyPair('cosign');
    const rows: Row[] = [];
    for (const format of ['bundle', 'legacy'] as const) rows.push(await inProcess(context, format, key));
    const built = join(context.directory, 'built');
    await build(built);
    const directory = context.scratch();
    const executable = join(directory, await buildExecutable(directory));
    const commands = [
      ['executable', [executable]],
      ['built', [process.execPath, join(built, 'bin', 'pratique.cjs')]],
      ['from the sources', pratique],
    ] as const;
    const { byKey, keyless } = await cases(context, key);
    for (const how of commands) {
      for (const one of byKey) rows.push(await command(context, one, how, 1));
      rows.push(await command(context, keyless, how, KEYLESS_GOAL));
    }
    rows.push(await floor(context));
    return rows;
  } finally {
    await context.close();
  }
}

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
import { Context, type KeyPair, type Program } from '../test/support/context.ts';
import { compare, time } from './measure.ts';
import type { Row } from './row.ts';

const FLAGS = ['--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '-y'];
const CALLS = 2000;
const ROUNDS = 9;
const COMMAND_RUNS = 21;

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

async function command(
  context: Context,
  format: 'bundle' | 'legacy',
  key: KeyPair,
  [how, pratique]: readonly [how: string, pratique: Program],
): Promise<Row> {
  const image = await context.image(context.ours);
  const bundle = `--new-bundle-format=${format === 'bundle'}`;
  await context.ok('cosign', ['sign', '--key', key.privateKey, ...FLAGS, bundle, image.pinned]);
  const args = [
    'verify',
    '--key',
    key.publicKey,
    '--insecure-ignore-tlog',
    '--allow-http-registry',
    image.pinned,
  ];
  const { ours, peer } = await compare(
    COMMAND_RUNS,
    () => time(() => context.ok(pratique, args)),
    () => time(() => context.ok('cosign', args)),
  );
  return {
    what: `verify command, ${how}, ${format}`,
    ours,
    peer,
    unit: 'ms',
    ratio: peer / ours,
    goal: 1,
    peerName: 'cosign verify',
  };
}

/** What no program on Node can be faster than, beside the smallest thing cosign does. */
async function floor(context: Context): Promise<Row> {
  const { ours, peer } = await compare(
    COMMAND_RUNS,
    () => time(() => context.ok([process.execPath], ['--eval', '0'])),
    () => time(() => context.ok('cosign', ['version'])),
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
    const commands = [
      ['built', [process.execPath, join(built, 'bin', 'pratique.cjs')]],
      ['from the sources', 'pratique'],
    ] as const;
    for (const how of commands) {
      for (const format of ['bundle', 'legacy'] as const) rows.push(await command(context, format, key, how));
    }
    rows.push(await floor(context));
    return rows;
  } finally {
    await context.close();
  }
}

/**
 * `node power-cuts.ts CUTS SEED`: has a private Sigstore log entries and certificates on a disk that is recorded, then
 * cuts the power at as many moments, each time with another part of what was not synced, and when each checkpoint is
 * published, with that but nothing else of what was not. What is left must be sound as it lies there, for those who read
 * the files; and a server that starts on it must have everything that was acknowledged.
 */
import { equal } from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DiskRecorder } from './disk-recorder.ts';
import { leaveAfterPowerCut, type Random } from './power-cut.ts';

const [cuts, seed] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? Date.now() % 1e9)];
const base = mkdtempSync(join(tmpdir(), 'pratique-power-'));
const recorder = new DiskRecorder(join(base, 'recorded'));
recorder.install();
const crash = await import('./crash.ts');
const { alice, secretOf, start } = await import('./client.ts');

/** Long enough for a publication. */
const pauseMs = 1_500;
/** Entries of each log: a tile gets full on the way. */
const bursts = [90, 180, 40];

interface Answered {
  /** When the client had the answer. */
  readonly at: number;
  readonly acknowledged: ReturnType<typeof crash.nothingAcknowledged>;
}

try {
  const { answers, trustedRoot } = await record(join(base, 'recorded'));
  recorder.stop();
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const published = recorder.operations.filter((one) => one.what === 'move' && one.name === 'checkpoint');
  for (const [index, checkpoint] of published.entries()) {
    const left = join(base, `checkpoint-${index}`);
    leaveAfterPowerCut(recorder.root, recorder.operations, checkpoint.end, random, left, checkpoint);
    if (existsSync(join(left, 'trusted_root.json'))) await crash.audit(left);
    rmSync(left, { recursive: true });
  }
  for (let cut = 0; cut < cuts; cut++) {
    const choices = [
      () => 1 + Math.floor(random() * recorder.now()),
      () => pick(answers).at + 1,
      () => pick(published).begin + 1,
    ];
    const moment = choices[cut % choices.length]!();
    const left = join(base, `cut-${cut}`);
    leaveAfterPowerCut(recorder.root, recorder.operations, moment, random, left);
    try {
      await check(
        left,
        answers.filter(({ at }) => at < moment),
        trustedRoot,
      );
    } catch (error) {
      process.stderr.write(`cut ${cut} of seed ${seed}, at moment ${moment} of ${recorder.now()}\n`);
      throw error;
    }
    rmSync(left, { recursive: true });
  }
  process.stdout.write(
    `${cuts} power cuts among ${recorder.operations.length} operations, ${answers.length} acknowledged\n`,
  );
} finally {
  rmSync(base, { recursive: true, force: true });
}

async function record(directory: string) {
  const answers: Answered[] = [];
  const server = await start(directory);
  const secret = secretOf(server, alice);
  const acknowledge = async (act: (acknowledged: Answered['acknowledged']) => Promise<void>) => {
    const acknowledged = crash.nothingAcknowledged();
    await act(acknowledged);
    answers.push({ at: recorder.now(), acknowledged });
  };
  for (const [burst, count] of bursts.entries()) {
    const numbers = Array.from({ length: count }, (_, i) => `${burst}.${i}`).values();
    const client = async () => {
      for (const number of numbers) {
        await acknowledge((to) => crash.addToRekor(server.url, number, to));
        await acknowledge((to) => crash.addToRekorV2(server.url, number, to));
        if (number.endsWith('5')) await acknowledge((to) => crash.requestCertificate(server.url, secret, to));
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    await wait(pauseMs);
  }
  const trustedRoot = withoutPort(readFileSync(server.trustedRootFile, 'utf8'));
  await server.close();
  return { answers, trustedRoot };
}

async function check(directory: string, answers: readonly Answered[], trustedRoot: string): Promise<void> {
  const isPublished = existsSync(join(directory, 'trusted_root.json'));
  if (answers.length > 0 || isPublished) {
    // The keys that clients trust are the ones that are there.
    equal(withoutPort(readFileSync(join(directory, 'trusted_root.json'), 'utf8')), trustedRoot);
    await crash.audit(directory);
  }
  const server = await start(directory);
  try {
    if (isPublished) equal(withoutPort(readFileSync(server.trustedRootFile, 'utf8')), trustedRoot);
    const all = crash.acknowledgedTogether(answers.map(({ acknowledged }) => acknowledged));
    await crash.check(server.url, all);
  } finally {
    await server.close();
  }
  await crash.audit(directory);
}

function withoutPort(text: string): string {
  return text.replaceAll(/127\.0\.0\.1:\d+/g, '');
}

/** Mulberry32. */
function randomOf(start: number): Random {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

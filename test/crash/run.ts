/**
 * `npm run crash [-- ROUNDS]`: kills a private Sigstore with SIGKILL 200 times while four clients sign, and checks that
 * nothing acknowledged is lost and no log forked. Ends `N passed, N failed`, a round each.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killInRounds } from '../../packages/sigstore-server/src/testing/crash.ts';

const rounds = Number(process.argv[2] ?? 200);
const directory = mkdtempSync(join(tmpdir(), 'pratique-crash-'));
const started = performance.now();
let done = 0;
try {
  const acknowledged = await killInRounds({
    directory,
    rounds,
    onRound: (round, count) => {
      done = round;
      if (round % 20 === 0) process.stdout.write(`${round} kills, ${count} acknowledged\n`);
    },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `${acknowledged} acknowledged entries and certificates, all there, after ${seconds} s\n`,
  );
  process.stdout.write(`\n${rounds} passed, 0 failed\n`);
} catch (error) {
  process.exitCode = 1;
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.stdout.write(`\n${done} passed, ${rounds - done} failed\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/**
 * `npm run crash [-- ROUNDS]`: kills a private Sigstore with SIGKILL 200 times while four clients sign, cuts its power
 * (`power-cuts.ts`) as often, and checks that nothing acknowledged is lost and no log forked. Ends
 * `N passed, N failed`, one each.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killInRounds } from '../../packages/sigstore-server/src/testing/crash.ts';

const rounds = Number(process.argv[2] ?? 200);
const directory = mkdtempSync(join(tmpdir(), 'pratique-crash-'));
const started = performance.now();
const powerCuts = fileURLToPath(
  new URL('../../packages/sigstore-server/src/testing/power-cuts.ts', import.meta.url),
);
/** Each session is another one, with other moments between the same calls. */
const cutsPerSession = 40;
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
  while (done < 2 * rounds) {
    const cuts = Math.min(cutsPerSession, 2 * rounds - done);
    const { status } = spawnSync(process.execPath, [powerCuts, String(cuts)], { stdio: 'inherit' });
    if (status !== 0) throw new Error('a power cut lost or broke something');
    done += cuts;
  }
  process.stdout.write(`\n${done} passed, 0 failed\n`);
} catch (error) {
  process.exitCode = 1;
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.stdout.write(`\n${done} passed, ${2 * rounds - done} failed\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

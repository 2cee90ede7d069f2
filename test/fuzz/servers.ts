import { fuzz, targets } from './servers/fuzz.ts';
import { fuzzServices } from './servers/services.ts';

/**
 * Requests to each of the servers, and wrong answers to whoever signs, each for its part of the time. Throws at the first
 * broken promise.
 */
export async function fuzzServers(minutes: number, seed: number): Promise<void> {
  const each = (minutes * 60_000) / (Object.keys(targets).length + 1);
  for (const [name, start] of Object.entries(targets)) {
    const end = performance.now() + each;
    const { requests, accepted, refused, unanswered } = await fuzz(
      start,
      seed,
      () => performance.now() > end,
    );
    process.stdout.write(
      `${name}: ${requests} requests, ${accepted} accepted, ${refused} refused, ${unanswered} without an answer; seed ${seed}\n`,
    );
  }
  const end = performance.now() + each;
  const { rounds, signed, refused } = await fuzzServices(seed, () => performance.now() > end);
  process.stdout.write(
    `signing: ${rounds} wrong answers, ${signed} signed, ${refused} refused; seed ${seed}\n`,
  );
}

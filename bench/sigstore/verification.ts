/**
 * Keyless verifications a second: beside the bare signature checks that cannot be avoided with warm roots, as many by
 * node:crypto, and beside `@sigstore/verify`, on one thread and on two.
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startSigstoreServer } from '../../packages/sigstore-server/src/index.ts';
import { pratique } from '../../test/support/pratique.ts';
import { describe, run } from '../../test/support/process.ts';
import { installSigstoreJs } from '../../test/tools/sigstore-js.ts';
import { median } from '../measure.ts';
import type { Row } from '../row.ts';
import type { Contender, Count, Order, Subject } from './messages.ts';

const ROUNDS = 7;
const ROUND_MS = 400;
const WARM_UP_MS = 1500;
const LIMIT_GOAL = 0.75;
const person = 'alice@example.test';

const forms = [
  { what: 'SCT + log', timestamps: false, goal: 6 },
  { what: 'SCT + log + TSA', timestamps: true, goal: 15 },
];

export async function verificationRows(): Promise<Row[]> {
  const sigstoreJs = installSigstoreJs();
  const rows: Row[] = [];
  for (const { what, timestamps, goal } of forms) {
    const subject = { ...(await sign(timestamps)), sigstoreJs };
    for (const threads of [1, 2]) {
      const { rates, signatures } = await measure(subject, threads);
      const row = (contender: Contender, peerName: string, wanted: number): Row => ({
        what: `keyless verification, ${what}, ${threads} thread${threads === 1 ? '' : 's'}`,
        ours: rates.ours,
        peer: rates[contender],
        unit: 'per s',
        ratio: rates.ours / rates[contender],
        goal: wanted,
        peerName,
      });
      rows.push(row('limit', `node:crypto, ${summary(signatures)}`, LIMIT_GOAL));
      rows.push(row('sigstore-js', '@sigstore/verify', goal));
    }
  }
  return rows;
}

/** `4 prime256v1, 1 secp384r1` */
function summary(signatures: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of signatures) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** A file signed in a private Sigstore, with or without a timestamp. */
async function sign(timestamps: boolean): Promise<Omit<Subject, 'sigstoreJs'>> {
  const directory = mkdtempSync(join(tmpdir(), 'pratique-bench-verify-'));
  const sigstore = await startSigstoreServer({
    listen: '127.0.0.1:0',
    directory: join(directory, 'sigstore'),
    people: [person],
  });
  try {
    const services = JSON.parse(
      readFileSync(join(directory, 'sigstore', 'signing_config.v0.2.json'), 'utf8'),
    ) as Record<string, unknown>;
    if (!timestamps) for (const name of ['tsaUrls', 'tsaConfig']) delete services[name];
    const at = (name: string) => join(directory, name);
    writeFileSync(at('services.json'), JSON.stringify(services));
    const artifact = new TextEncoder().encode('a file that somebody signed');
    writeFileSync(at('file'), artifact);
    const [command, ...prefix] = pratique;
    const flags = ['--signing-config', at('services.json'), '--trusted-root', sigstore.trustedRootFile, '-y'];
    const token = ['--identity-token', await sigstore.issueToken(person)];
    const args = [...prefix, 'sign-blob', ...flags, ...token, '--bundle', at('bundle'), at('file')];
    const result = await run(command, args, { cwd: directory, env: { HOME: directory } });
    if (result.code !== 0) throw new Error(describe(command, args, result));
    return {
      bundle: readFileSync(at('bundle'), 'utf8'),
      artifact,
      trustedRoot: readFileSync(sigstore.trustedRootFile, 'utf8'),
      subject: person,
      issuer: `${sigstore.url}/oidc`,
      timestamps,
    };
  } finally {
    await sigstore.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Verifications a second of all threads together, the contenders taking turns. */
async function measure(
  subject: Subject,
  threads: number,
): Promise<{ rates: Record<Contender, number>; signatures: readonly string[] }> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: subject }),
  );
  const ask = async (order: Order): Promise<readonly Count[]> =>
    await Promise.all(
      workers.map(async (worker) => {
        worker.postMessage(order);
        const [count] = (await once(worker, 'message')) as [Count];
        return count;
      }),
    );
  try {
    const contenders: readonly Contender[] = ['ours', 'limit', 'sigstore-js'];
    const samples: Record<Contender, number[]> = { ours: [], limit: [], 'sigstore-js': [] };
    let signatures: readonly string[] = [];
    for (const contender of contenders) await ask({ contender, milliseconds: WARM_UP_MS });
    for (let round = 0; round < ROUNDS; round++) {
      for (const contender of contenders) {
        const counts = await ask({ contender, milliseconds: ROUND_MS });
        samples[contender].push(counts.reduce((sum, { perSecond }) => sum + perSecond, 0));
        signatures = counts[0]!.signatures;
      }
    }
    const rates = Object.fromEntries(
      contenders.map((contender) => [contender, median(samples[contender])]),
    ) as Record<Contender, number>;
    return { rates, signatures };
  } finally {
    for (const worker of workers) await worker.terminate();
  }
}

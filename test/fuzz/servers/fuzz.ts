/**
 * Generated and damaged requests to every route of the servers, started in this process. Whatever comes in, the server
 * answers in the form of its API and with no 5xx that is not documented, tells its log of no fault, hangs on nothing and
 * keeps what it acknowledged.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admissionTarget } from './admission.ts';
import { Random } from './random.ts';
import { registryTarget } from './registry.ts';
import { prepare, type Request, type Sent } from './request.ts';
import { sigstoreTarget } from './sigstore.ts';
import type { Target } from './target.ts';
import { type Answer, Hang, send } from './wire.ts';
import { witnessTarget } from './witness.ts';

const directory = (name: string) => mkdtempSync(join(tmpdir(), `pratique-fuzz-${name}-`));

export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  registry: () => registryTarget(directory('registry')),
  sigstore: () => sigstoreTarget(directory('sigstore')),
  admission: admissionTarget,
  witness: () => witnessTarget(directory('witness')),
};

/** What nobody may read in an answer: places in this machine’s files and in the source. */
const leaks = /node:internal|node_modules|\bat [\w.<>]+ \(|pratique-fuzz-|\.ts:\d+/;

export interface Tally {
  requests: number;
  accepted: number;
  refused: number;
  /** Connections that ended without an answer. */
  unanswered: number;
}

/**
 * Sends requests to one server until `enough` says so.
 *
 * @throws Error with the seed and the request that broke a promise
 */
export async function fuzz(
  start: () => Promise<Target>,
  seed: number,
  enough: (tally: Tally) => boolean,
): Promise<Tally> {
  const random = new Random(seed);
  const tally: Tally = { requests: 0, accepted: 0, refused: 0, unanswered: 0 };
  const unforeseen: unknown[] = [];
  const note = (error: unknown) => void unforeseen.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  try {
    const target = await start();
    try {
      while (!enough(tally)) {
        const request = await target.request(random);
        const sent = prepare(request, random);
        const { answer, problem } = await ask(target, request, sent);
        const [fault] = [...target.faults(), ...unforeseen];
        const broken = problem ?? (fault instanceof Error ? (fault.stack ?? fault.message) : fault);
        if (broken !== undefined) {
          const which = `${target.name}, seed ${seed}, request ${tally.requests}`;
          throw new Error(`${which}: ${broken}\n\n${answerShown(answer)}\n\n${shown(sent)}`);
        }
        tally.requests++;
        if (answer === undefined) tally.unanswered++;
        else if (answer.status < 400) tally.accepted++;
        else tally.refused++;
      }
    } catch (error) {
      // What it finds missing comes from what is told already.
      await target.finish().catch(() => {});
      throw error;
    }
    await target.finish();
    if (unforeseen.length > 0) throw unforeseen[0];
    return tally;
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note);
  }
}

async function ask(
  target: Target,
  request: Request,
  { sending, method, target: path, damaged }: Sent,
): Promise<{ readonly answer?: Answer | undefined; readonly problem?: string | undefined }> {
  try {
    const answer = await send(target.endpoint, sending, method === 'HEAD');
    return {
      answer,
      problem: problemOf(answer) ?? target.judge({ ...request, method, path }, answer, damaged),
    };
  } catch (error) {
    if (error instanceof Hang) return { problem: error.message };
    throw error;
  }
}

function problemOf(answer: Answer | undefined): string | undefined {
  if (answer === undefined) return undefined;
  if (!(answer.status >= 200 && answer.status < 600)) return 'the answer is no HTTP';
  if (answer.status >= 500) return 'the server failed';
  return leaks.test(answer.body.toString('latin1')) ? 'the answer tells of the inside' : undefined;
}

const shown = ({ head, body, sending }: Sent) =>
  `${JSON.stringify(head.slice(0, 3000))}\n${JSON.stringify(Buffer.from(body).toString('latin1').slice(0, 3000))}\n${sending.pieces.length} pieces${sending.cut ? ', then cut' : ''}`;

const answerShown = (answer: Answer | undefined) =>
  answer === undefined
    ? 'no answer'
    : `${answer.status} ${JSON.stringify(answer.headers)}\n${answer.body.toString('latin1').slice(0, 1000)}`;

import type { Digest } from '@pratique/oci';
import { type AdmissionAnswer, ask } from './ask.ts';
import type { DemoCase } from './case.ts';
import { cases } from './cases.ts';
import { admissionReview } from './objects.ts';
import type { Stage } from './stage.ts';

/** What happened in one case. */
export interface Outcome {
  readonly demo: DemoCase;
  /** The reference that was sent. */
  readonly image: string;
  readonly answer: AdmissionAnswer;
  readonly codes: readonly string[];
  readonly decisionId: string;
  /** What is wrong with the answer; empty when it is the expected one. */
  readonly problems: readonly string[];
}

/** Sends every case to the webhook and compares the answer with what is expected. */
export async function play(stage: Stage, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const demo of cases) outcomes.push(await playOne(demo, stage, signal));
  return outcomes;
}

async function playOne(demo: DemoCase, stage: Stage, signal: AbortSignal): Promise<Outcome> {
  const image = `${demo.stopped ? stage.stopped : stage.registry.address}/${demo.image}`;
  const initImage = demo.initImage && `${stage.registry.address}/${demo.initImage}`;
  const { url, caPem } = webhookFor(demo, stage);
  const review = admissionReview(demo, image, initImage);
  // As in a cluster: mutation first, then validation.
  const mutated = await ask(`${url}/mutate`, caPem, review, signal);
  const answer = await ask(`${url}/validate`, caPem, review, signal);
  const annotations = answer.auditAnnotations ?? {};
  const codes = [annotations.denials, annotations.warnings].flatMap((list) => list?.split(',') ?? []);
  const outcome = { demo, image, answer, codes, decisionId: annotations['decision-id'] ?? '' };
  return { ...outcome, problems: problemsOf(demo, outcome, mutated, stage.subject.digest) };
}

function webhookFor({ gate }: DemoCase, { webhook, warning, keyless, bases }: Stage): Stage['webhook'] {
  if (gate === 'keyless') return keyless;
  if (gate === 'bases') return bases;
  return gate === 'warn' ? warning : webhook;
}

/** What is wrong with an answer: verdict, reasons, what it names, and for case 1 the digest `subject` in the patch. */
export function problemsOf(
  demo: DemoCase,
  { answer, codes, decisionId }: Omit<Outcome, 'problems'>,
  mutated: AdmissionAnswer,
  subject: Digest,
): string[] {
  const problems: string[] = [];
  const expect = (ok: boolean, problem: string): void => {
    if (!ok) problems.push(problem);
  };
  const text = answer.status?.message ?? answer.warnings?.join(' ') ?? '';
  expect(
    answer.allowed === (demo.expected === 'allowed'),
    `${answer.allowed ? 'allowed' : 'denied'}, expected ${demo.expected}: ${text}`,
  );
  expect(mutated.allowed === answer.allowed, 'mutation and validation disagree');
  expect(decisionId !== '', 'the decision has no id');
  if (demo.code === null) expect(codes.length === 0, `codes ${codes.join(', ')}, expected none`);
  else
    expect(codes.includes(demo.code), `codes ${codes.join(', ') || 'none'}, expected ${demo.code}: ${text}`);
  for (const code of demo.without ?? []) expect(!codes.includes(code), `the reason ${code} is wrong here`);
  if (demo.names) expect(text.includes(demo.names), `the answer does not name ${demo.names}: ${text}`);
  if (demo.gate === 'warn') expect((answer.warnings?.length ?? 0) > 0, 'no Kubernetes warning');
  if (demo.case === 1) expect(patched(mutated) === subject, `the Pod was not pinned to ${subject}`);
  return problems;
}

/** The digest that the JSON patch puts into the Pod's first container. */
export function patched(answer: AdmissionAnswer): string | undefined {
  if (answer.patch === undefined) return undefined;
  const operations = JSON.parse(Buffer.from(answer.patch, 'base64').toString('utf8')) as {
    path: string;
    value: string;
  }[];
  return operations.find(({ path }) => path === '/spec/containers/0/image')?.value.split('@')[1];
}

/** The thread a wasm policy runs in: it may hang or use up its memory, and is then ended from outside. */
import { parentPort, workerData } from 'node:worker_threads';
import { type LoadedPolicy, loadPolicy } from '@open-policy-agent/opa-wasm';
import type { EntrypointAnswer, Question, Report, ThreadData } from './messages.ts';

const { wasm, data, maxPages } = workerData as ThreadData;
const port = parentPort!;
const report = (message: Report): void => port.postMessage(message);

/** Pages a policy starts with: 5 are OPA's own default. */
const initialPages = 5;

let policy: LoadedPolicy | undefined;

async function instantiate(): Promise<LoadedPolicy> {
  const loaded = await loadPolicy(wasm, { initial: initialPages, maximum: maxPages });
  loaded.setData(JSON.parse(data) as object);
  return loaded;
}

async function evaluate(entrypoint: string, input: ArrayBuffer): Promise<EntrypointAnswer> {
  try {
    policy ??= await instantiate();
    const results = policy.evaluate(input, entrypoint) as { result: unknown }[];
    return { value: results.length === 0 ? null : JSON.stringify(results[0]?.result) };
  } catch (error) {
    // Its memory is in an unknown state: the next evaluation gets a new instance.
    policy = undefined;
    return { error: describe(error) };
  }
}

/** Questions come one at a time. */
async function answer({ id, entrypoints, input }: Question): Promise<void> {
  const bytes = new TextEncoder().encode(input).buffer as ArrayBuffer;
  const answers: EntrypointAnswer[] = [];
  for (const entrypoint of entrypoints) answers.push(await evaluate(entrypoint, bytes));
  report({ kind: 'answer', id, answers });
}

/** The runtime throws strings, objects with a message, and errors. */
function describe(error: unknown): string {
  if (typeof error === 'string') return error;
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : 'unknown error';
}

// The runtime prints what policies print; nobody reads it, and a reader would keep the process running.
Object.assign(console, { log: () => undefined, error: () => undefined });

try {
  policy = await instantiate();
  port.on('message', (question: Question) => void answer(question));
  report({ kind: 'ready', entrypoints: Object.keys(policy.entrypoints as object) });
} catch (error) {
  report({ kind: 'invalid', message: describe(error) });
}

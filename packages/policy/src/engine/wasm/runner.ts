import { Worker } from 'node:worker_threads';
import { type PratiqueError, printable } from '@pratique/errors';
import { policyErrors } from '../../errors.ts';
import type { EntrypointAnswer, Question, Report, ThreadData } from './messages.ts';

export interface RunnerOptions {
  readonly wasm: Uint8Array;
  readonly data: string;
  readonly timeoutMs: number;
  readonly maxMemoryBytes: number;
}

interface Job {
  readonly entrypoints: readonly string[];
  readonly input: string;
  readonly resolve: (answers: readonly EntrypointAnswer[]) => void;
  readonly reject: (error: PratiqueError) => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
}

const startTimeoutMs = 10_000;
/** Questions that wait. Each holds its input; more than this is an overload that only time can mend. */
const maxWaiting = 1_000;
const pageBytes = 64 * 1024;
/** What the thread needs beside the policy's memory: questions and answers as text. */
const threadMegabytes = 64;

/**
 * One thread that evaluates a wasm policy, one question after another. A question that takes too long ends the
 * thread; the next one starts another. An idle thread does not keep the process running.
 */
export class WasmRunner {
  readonly #options: RunnerOptions;
  readonly #waiting: Job[] = [];
  #thread: Thread | undefined;
  #current: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #questions = 0;
  #onReady: ((report: Report) => void) | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /**
   * Starts the thread and says which entry points the policy has.
   *
   * @throws ENGINE_INVALID for what is not a wasm policy
   */
  entrypoints(): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const invalid = (message: string) =>
        reject(
          policyErrors.error('ENGINE_INVALID', {
            message: `the wasm policy cannot be loaded: ${printable(message, 300)}`,
            expected: 'the policy.wasm of a bundle made by opa build -t wasm',
          }),
        );
      this.#onReady = (report) => {
        if (report.kind === 'ready') resolve(report.entrypoints);
        else if (report.kind === 'invalid') invalid(report.message);
      };
      this.#timer = setTimeout(() => {
        this.#end();
        invalid(`it was not ready within ${startTimeoutMs} ms`);
      }, startTimeoutMs);
      this.#start(invalid);
    });
  }

  /** @throws ENGINE_FAILED: too slow, out of memory, or too many questions at once */
  ask(entrypoints: readonly string[], input: string): Promise<readonly EntrypointAnswer[]> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= maxWaiting)
        return reject(failed(`${maxWaiting} evaluations are waiting already`));
      this.#waiting.push({ entrypoints, input, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#thread?.worker.unref();
      return;
    }
    this.#current = job;
    this.#thread ??= this.#start((message) => this.#fail(`the wasm policy failed: ${message}`));
    this.#thread.worker.ref();
    if (this.#thread.ready) this.#send(job);
    else this.#limit(startTimeoutMs, `the wasm policy was not ready within ${startTimeoutMs} ms`);
  }

  #send({ entrypoints, input }: Job): void {
    const { timeoutMs } = this.#options;
    this.#limit(timeoutMs, `the wasm policy was stopped after ${timeoutMs} ms`);
    const question: Question = { id: ++this.#questions, entrypoints, input };
    this.#thread?.worker.postMessage(question);
  }

  #limit(milliseconds: number, message: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(message), milliseconds);
  }

  #fail(message: string): void {
    this.#end();
    const job = this.#current;
    this.#current = undefined;
    job?.reject(failed(message));
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.worker.terminate();
  }

  #start(onBroken: (message: string) => void): Thread {
    const { wasm, data, maxMemoryBytes } = this.#options;
    const workerData: ThreadData = { wasm, data, maxPages: Math.floor(maxMemoryBytes / pageBytes) };
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData,
      // Nothing of this process is the policy's business: no environment, no flags, no output.
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: threadMegabytes + Math.ceil(maxMemoryBytes / 1024 / 1024) },
    });
    const thread: Thread = { worker, ready: false };
    this.#thread = thread;
    worker.on('message', (report: Report) => {
      if (this.#thread === thread) this.#hear(thread, report);
    });
    const broken = (message: string): void => {
      if (this.#thread !== thread) return;
      this.#end();
      onBroken(message);
    };
    worker.on('error', (error: NodeJS.ErrnoException) => broken(printable(error.code ?? error.name, 80)));
    worker.on('exit', () => broken('its thread ended'));
    return thread;
  }

  #hear(thread: Thread, report: Report): void {
    if (report.kind === 'answer') {
      if (report.id !== this.#questions) return;
      clearTimeout(this.#timer);
      const job = this.#current;
      this.#current = undefined;
      job?.resolve(report.answers);
      this.#next();
      return;
    }
    clearTimeout(this.#timer);
    const onReady = this.#onReady;
    this.#onReady = undefined;
    if (report.kind === 'invalid') this.#end();
    else thread.ready = true;
    onReady?.(report);
    if (report.kind === 'invalid')
      this.#fail(`the wasm policy cannot be loaded: ${printable(report.message, 300)}`);
    else if (this.#current !== undefined) this.#send(this.#current);
    else this.#next();
  }
}

function failed(message: string): PratiqueError {
  return policyErrors.error('ENGINE_FAILED', { message });
}

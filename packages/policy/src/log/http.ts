import { policyErrors } from '../errors.ts';
import { Service } from '../http/service.ts';
import { type Chunk, packChunks } from './chunks.ts';
import type { HttpLogConfig } from './config.ts';
import type { LogSink } from './sink.ts';

export interface HttpSinkOptions extends HttpLogConfig {
  /** Hears of every upload that failed, and of events that are lost. */
  readonly onProblem: (error: Error) => void;
  /** Counts events that are lost, by why. */
  readonly onLost: (reason: 'buffer_full' | 'too_large' | 'not_uploaded', events: number) => void;
}

/** Events of one turn: what is packed together. */
const maxTurn = 500;
/** Characters that wait, however few events they are. */
const maxWaitingChars = 64 * 1024 * 1024;
const firstRetryMs = 100;
const maxRetryMs = 30_000;
/** What `close` waits for uploads. */
const closeMs = 5_000;

/**
 * Uploads events to a service as OPA does: `POST /logs[/PARTITION]`, gzipped JSON arrays, at most `chunkBytes` each.
 * Uploads that fail are tried again, longer and longer apart; meanwhile events wait, the oldest making room for new
 * ones. An upload whose answer was lost is sent again: the collector tells events apart by `decision_id`.
 */
export class HttpSink implements LogSink {
  readonly waits = false;
  readonly #options: HttpSinkOptions;
  readonly #service: Service;
  readonly #path: string;
  #waiting: string[] = [];
  #waitingChars = 0;
  #packed: Chunk[] = [];
  #timer: NodeJS.Timeout | undefined;
  #uploading: Promise<void> | undefined;
  #failures = 0;
  #closing = false;

  /** @throws SERVICE_ADDRESS_INVALID */
  constructor(options: HttpSinkOptions) {
    this.#options = options;
    this.#service = new Service('the log service', options, {
      timeoutMs: 10_000,
      maxResponseBytes: 64 * 1024,
    });
    this.#path = options.partition === undefined ? '/logs' : `/logs/${options.partition}`;
  }

  async write(line: string): Promise<void> {
    this.#waiting.push(line);
    this.#waitingChars += line.length;
    const { bufferedEvents, delayMs } = this.#options;
    let lost = 0;
    while (this.#waiting.length > bufferedEvents || this.#waitingChars > maxWaitingChars) {
      this.#waitingChars -= this.#waiting.shift()!.length;
      lost++;
    }
    if (lost > 0) this.#options.onLost('buffer_full', lost);
    if (this.#failures === 0) this.#schedule(this.#waiting.length >= maxTurn ? 0 : delayMs);
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    const until = performance.now() + closeMs;
    while (this.#waiting.length + this.#packed.length > 0 && performance.now() < until) {
      await this.#turn();
      if (this.#failures > 0) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await this.#uploading;
    const events = this.#waiting.length + this.#packed.reduce((sum, chunk) => sum + chunk.events, 0);
    if (events > 0) this.#options.onLost('not_uploaded', events);
  }

  #schedule(milliseconds: number): void {
    if (this.#closing || (this.#timer !== undefined && milliseconds > 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#turn();
    }, milliseconds);
    this.#timer.unref();
  }

  /** Uploads what waits; one turn at a time. */
  #turn(): Promise<void> {
    this.#uploading ??= this.#upload().finally(() => {
      this.#uploading = undefined;
      if (this.#failures > 0) this.#schedule(backOff(this.#failures));
      else if (this.#waiting.length > 0)
        this.#schedule(this.#waiting.length >= maxTurn ? 0 : this.#options.delayMs);
    });
    return this.#uploading;
  }

  async #upload(): Promise<void> {
    try {
      if (this.#packed.length === 0) await this.#pack();
      for (let chunk = this.#packed[0]; chunk !== undefined; chunk = this.#packed[0]) {
        await this.#send(chunk);
        this.#packed.shift();
      }
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#options.onProblem(error instanceof Error ? error : new Error('upload failed'));
    }
  }

  async #pack(): Promise<void> {
    const turn = this.#waiting.splice(0, maxTurn);
    for (const line of turn) this.#waitingChars -= line.length;
    const { chunks, tooLarge } = await packChunks(turn, this.#options.chunkBytes);
    this.#packed = [...chunks];
    if (tooLarge > 0) this.#options.onLost('too_large', tooLarge);
  }

  async #send({ bytes }: Chunk): Promise<void> {
    const { status } = await this.#service.send({
      method: 'POST',
      path: this.#path,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: bytes,
      // The turn tries again by itself.
      idempotent: false,
    });
    if (status >= 200 && status < 300) return;
    throw policyErrors.error('LOG_UPLOAD_FAILED', {
      message: `${this.#service.name} answered ${status}`,
      expected: 'HTTP 2xx',
      found: `HTTP ${status}`,
    });
  }
}

function backOff(failures: number): number {
  const longest = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(failures, 20));
  return longest * (0.5 + Math.random() / 2);
}

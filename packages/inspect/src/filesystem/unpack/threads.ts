import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { printable } from '@pratique/errors';
import type { Compressed } from './compression.ts';
import { damaged } from './damaged.ts';
import { digested } from './digested.ts';
import { InPlaceDecoder } from './in-place.ts';
import type { Hashed, Order, Progress, ThreadMemory } from './messages.ts';
import type { Unpacked } from './unpacked.ts';

const inputPieces = { count: 2, bytes: 1024 * 1024 };
/** Small enough that a piece is still in the processor's cache when it is hashed, and when it is walked. */
const outputPieces = { count: 4, bytes: 512 * 1024 };

/** More do not help: hashing and walking what they produce keeps one core busy. */
const maxThreads = 4;

/** Threads that decompress layers while the calling one walks what comes out. Starting one costs 30 ms. */
export class UnpackThreads {
  readonly count: number;
  readonly #idle: UnpackThread[] = [];
  readonly #all: UnpackThread[] = [];

  /** @param layers how many layers there are to unpack */
  constructor(layers: number) {
    this.count = Math.min(layers, Math.max(availableParallelism(), 2), maxThreads);
  }

  static get arePossible(): boolean {
    return InPlaceDecoder.isPossible;
  }

  /** Takes an idle thread, or starts one; the caller sees to it that there are never more than `count` at work. */
  unpack(chunks: AsyncIterable<Uint8Array>, compression: Compressed, hashed: Hashed): Unpacked {
    let thread = this.#idle.pop();
    if (thread === undefined) {
      thread = new UnpackThread();
      this.#all.push(thread);
    }
    const taken = thread;
    const unpacked = taken.unpack(chunks, compression, hashed, () => this.#idle.push(taken));
    return hashed === 'by the thread' ? unpacked : digested(unpacked.chunks);
  }

  close(): void {
    for (const thread of this.#all) thread.close();
  }
}

class UnpackThread {
  readonly #memory: ThreadMemory = {
    input: pieces(inputPieces),
    output: pieces(outputPieces),
    outputBusy: new SharedArrayBuffer(outputPieces.count * 4),
  };
  readonly #inputs = this.#memory.input.map((piece) => new Uint8Array(piece));
  readonly #outputs = this.#memory.output.map((piece) => new Uint8Array(piece));
  readonly #busy = new Int32Array(this.#memory.outputBusy);
  readonly #free: number[] = [...this.#inputs.keys()];
  readonly #worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: this.#memory,
    env: threadEnvironment(),
    execArgv: [],
  });
  readonly #progress: Progress[] = [];
  #failure: { readonly error: unknown } | undefined;
  #onProgress: () => void = () => {};
  #onFree: () => void = () => {};

  constructor() {
    this.#worker.on('message', (progress: Progress) => {
      if (progress.kind === 'used') {
        this.#free.push(progress.piece);
        this.#onFree();
      } else {
        this.#progress.push(progress);
        this.#onProgress();
      }
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that unpacks layers ended')));
  }

  unpack(
    chunks: AsyncIterable<Uint8Array>,
    compression: Compressed,
    hashed: Hashed,
    done: () => void,
  ): Unpacked {
    let diffId: Unpacked['diffId'] = () => {
      throw new TypeError('the layer was not read to its end');
    };
    const read = async function* (this: UnpackThread): AsyncGenerator<Uint8Array, void, undefined> {
      this.#order({ kind: 'start', compression, hashed });
      void this.#feed(chunks).catch((error) => this.#fail(error));
      for (;;) {
        const progress = this.#progress.shift();
        if (progress === undefined) {
          if (this.#failure !== undefined) throw this.#failure.error;
          await new Promise<void>((resolve) => {
            this.#onProgress = resolve;
          });
        } else if (progress.kind === 'output') {
          yield this.#outputs[progress.piece]!.subarray(0, progress.bytes);
          Atomics.store(this.#busy, progress.piece, 0);
          Atomics.notify(this.#busy, progress.piece);
        } else if (progress.kind === 'end') {
          if (progress.diffId !== undefined) diffId = () => progress.diffId!;
          done();
          return;
        } else if (progress.kind === 'damaged') {
          throw damaged(printable(progress.message));
        }
      }
    };
    return { chunks: read.call(this), diffId: () => diffId() };
  }

  /** What is still being read ends with a fault. */
  close(): void {
    void this.#worker.terminate();
  }

  /** Copies what comes into free pieces: what is read stays the reader's. */
  async #feed(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let piece: number | undefined;
    let bytes = 0;
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        piece ??= await this.#freePiece();
        const memory = this.#inputs[piece]!;
        // The last piece has to be told as the last: a full one waits until there is more.
        if (bytes === memory.length) {
          this.#order({ kind: 'input', piece, bytes, last: false });
          piece = undefined;
          bytes = 0;
          continue;
        }
        const part = chunk.subarray(at, at + memory.length - bytes);
        memory.set(part, bytes);
        bytes += part.length;
        at += part.length;
      }
    }
    this.#order({ kind: 'input', piece: piece ?? (await this.#freePiece()), bytes, last: true });
  }

  async #freePiece(): Promise<number> {
    for (;;) {
      const piece = this.#free.pop();
      if (piece !== undefined) return piece;
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => {
        this.#onFree = resolve;
      });
    }
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#onProgress();
    this.#onFree();
  }
}

/** Nothing of this process but its cache of compiled code, if it has one: without it a thread takes twice as long to start. */
function threadEnvironment(): Record<string, string> {
  const cache = getCompileCacheDir();
  return cache === undefined ? {} : { NODE_COMPILE_CACHE: cache };
}

function pieces({ count, bytes }: { readonly count: number; readonly bytes: number }): SharedArrayBuffer[] {
  return Array.from({ length: count }, () => new SharedArrayBuffer(bytes));
}

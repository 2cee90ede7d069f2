/** The thread that decompresses layers, and computes their diff IDs where it is to, one layer after the other. Imports nothing of ours: it has to start fast. */
import { createHash, type Hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { InPlaceDecoder } from './in-place.ts';
import type { Order, Progress, ThreadMemory } from './messages.ts';

const memory = workerData as ThreadMemory;
const inputs = memory.input.map((piece) => new Uint8Array(piece));
const outputs = memory.output.map((piece) => new Uint8Array(piece));
const busy = new Int32Array(memory.outputBusy);
const port = parentPort!;
const report = (progress: Progress): void => port.postMessage(progress);

let decoder: InPlaceDecoder | undefined;
let diffId: Hash | undefined;
/** The piece of output that is next. */
let piece = 0;

const output = {
  next() {
    Atomics.wait(busy, piece, 1);
    return outputs[piece]!;
  },
  filled(bytes: number) {
    if (bytes === 0) return;
    diffId?.update(outputs[piece]!.subarray(0, bytes));
    Atomics.store(busy, piece, 1);
    report({ kind: 'output', piece, bytes });
    piece = (piece + 1) % outputs.length;
  },
};

port.on('message', (order: Order) => {
  if (order.kind === 'start') {
    decoder?.close();
    decoder = new InPlaceDecoder(order.compression);
    diffId = order.hashed === 'by the thread' ? createHash('sha256') : undefined;
    return;
  }
  try {
    decoder!.write(inputs[order.piece]!.subarray(0, order.bytes), order.last, output);
  } catch (error) {
    report({ kind: 'damaged', message: (error as Error).message });
    return;
  }
  report({ kind: 'used', piece: order.piece });
  if (order.last)
    report({ kind: 'end', ...(diffId === undefined ? {} : { diffId: `sha256:${diffId.digest('hex')}` }) });
});

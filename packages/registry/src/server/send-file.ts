import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ByteBudget } from '@pratique/storage';

/** Up to this size one synchronous read is faster than the thread pool's round trips. */
const smallBytes = 256 * 1024;
/** Measured: half of it or twice of it takes more processor time for the same bytes. A slow client holds two. */
const chunkBytes = 512 * 1024;
/** Where many slow clients hold the memory for large ones. */
const smallChunkBytes = 32 * 1024;

/** Sends `length` bytes of a file from `offset`, after the headers. Cuts the connection if the file cannot be read. */
export async function sendFile(
  outgoing: ServerResponse,
  path: string,
  offset: number,
  length: number,
  memory: ByteBudget,
): Promise<void> {
  if (length <= smallBytes) {
    outgoing.end(readSmall(path, offset, length));
    return;
  }
  const handle = await open(path, 'r');
  const share = memory.share();
  try {
    const size = share.take(2 * chunkBytes) ? chunkBytes : smallChunkBytes;
    // Two buffers: one is read into while the socket takes the other.
    const buffers = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
    let sent: Promise<void> = Promise.resolve();
    for (let position = offset, turn = 0; position < offset + length; turn += 1) {
      const buffer = buffers[turn % 2]!;
      const wanted = Math.min(size, offset + length - position);
      const { bytesRead } = await handle.read(buffer, 0, wanted, position);
      if (bytesRead === 0) throw new Error('a blob file is shorter than it was');
      position += bytesRead;
      await sent;
      sent = write(outgoing, buffer.subarray(0, bytesRead));
      // Awaited before the buffer is used again; a client that went away is no fault of ours.
      sent.catch(() => {});
    }
    await sent;
    outgoing.end();
  } catch (error) {
    const gone = outgoing.destroyed;
    outgoing.destroy();
    if (!gone) throw error;
  } finally {
    share.release();
    await handle.close();
  }
}

function write(outgoing: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function readSmall(path: string, offset: number, length: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(length);
    const read = readSync(descriptor, buffer, 0, length, offset);
    if (read < length) throw new Error('a blob file is shorter than it was');
    return buffer;
  } finally {
    closeSync(descriptor);
  }
}

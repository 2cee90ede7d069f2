import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';

/** Where a command writes to, and who says what it wrote. */
export interface OutputPipe {
  /** Of this process: give it to the command, then close it. */
  readonly descriptor: number;
  /** Ends when nobody has the pipe open for writing any more. */
  readonly output: AsyncIterable<Buffer>;
}

/**
 * A pipe that has its name at `path`. What Node makes between processes are sockets, which cannot be opened by a name: a
 * command that writes to `/dev/stdout`, where many an image has its log lead, would fail.
 */
export function openPipe(path: string): OutputPipe {
  const { error, stderr } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (!existsSync(path)) throw new Error(`mkfifo: ${error?.message ?? stderr}`);
  // For reading and writing it opens at once; the other two wait for each other without it (fifo(7)).
  const both = openSync(path, constants.O_RDWR);
  const descriptor = openSync(path, constants.O_WRONLY);
  const read = openSync(path, constants.O_RDONLY);
  closeSync(both);
  try {
    return { descriptor, output: contentsOf(read) };
  } finally {
    closeSync(read);
  }
}

/** By another process: reading from a pipe would hold up one of Node’s few threads for files. */
function contentsOf(descriptor: number): AsyncIterable<Buffer> {
  const cat = spawn('cat', { stdio: [descriptor, 'pipe', 'ignore'] });
  cat.once('error', (error) => cat.stdout!.destroy(error));
  return cat.stdout!;
}

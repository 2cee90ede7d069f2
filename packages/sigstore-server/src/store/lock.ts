import { createHash } from 'node:crypto';
import { statSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { sigstoreServerErrors } from '../errors.ts';

/**
 * Keeps a second process off a data directory: two would sign two different trees. A listening local socket, which the
 * kernel releases however the process ends, as a lock file would not.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const { dev, ino } = statSync(directory, { bigint: true });
  const id = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
  const name = `pratique-sigstore-${id}`;
  let path = `\0${name}`;
  if (process.platform === 'win32') path = `\\\\.\\pipe\\${name}`;
  else if (process.platform !== 'linux') path = join(tmpdir(), `${name}.sock`);

  let server = await tryListen(path);
  if (server === undefined && process.platform !== 'linux' && !(await answers(path))) {
    // A socket file whose owner was killed: only file sockets are left behind.
    unlinkSync(path);
    server = await tryListen(path);
  }
  if (server === undefined) {
    throw sigstoreServerErrors.error('SIGSTORE_SERVER_DIRECTORY_IN_USE', {
      message: `another process serves ${printable(directory)}`,
    });
  }
  const held = server;
  return () => new Promise((resolve) => held.close(() => resolve()));
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

import { createHash } from 'node:crypto';
import { statSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps a second process off a data directory, in which both would overwrite each other's files. The lock is a
 * listening local socket named for the directory's identity, which the kernel releases however the process ends;
 * a lock file would survive `kill -9` and then refuse a restart.
 *
 * @param purpose part of the lock's name: servers of different kinds do not exclude each other
 * @returns how to let go, or undefined where another process has the directory
 */
export async function lockDirectory(
  directory: string,
  purpose: string,
): Promise<(() => Promise<void>) | undefined> {
  const { dev, ino } = statSync(directory, { bigint: true });
  const id = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
  const name = `pratique-${purpose}-${id}`;
  let path = `\0${name}`;
  if (process.platform === 'win32') path = `\\\\.\\pipe\\${name}`;
  else if (process.platform !== 'linux') path = join(tmpdir(), `${name}.sock`);

  let server = await tryListen(path);
  if (server === undefined && process.platform !== 'linux' && !(await answers(path))) {
    // A socket file whose owner was killed: only file sockets are left behind.
    unlinkSync(path);
    server = await tryListen(path);
  }
  if (server === undefined) return undefined;
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

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps a second process off a data directory, in which both would overwrite each other's files. The lock is a
 * listening local socket named for the directory's identity, which the kernel releases however the process ends;
 * a lock file would survive `kill -9` and then refuse a restart. The directory is kept open as long as it is locked:
 * a deleted one would otherwise give its identity to a new directory, which would then seem to be in use.
 *
 * @param purpose part of the lock's name: servers of different kinds do not exclude each other
 * @returns how to let go, or undefined where another process has the directory
 */
export async function lockDirectory(
  directory: string,
  purpose: string,
): Promise<(() => Promise<void>) | undefined> {
  // Windows opens no directories; there the identity of a deleted one is not given away soon.
  const kept = process.platform === 'win32' ? undefined : openSync(directory, 'r');
  const release = () => {
    if (kept !== undefined) closeSync(kept);
  };
  try {
    const server = await listenFor(directory, kept, purpose);
    if (server === undefined) {
      release();
      return undefined;
    }
    return () => new Promise((resolve) => server.close(() => resolve(release())));
  } catch (error) {
    release();
    throw error;
  }
}

async function listenFor(
  directory: string,
  kept: number | undefined,
  purpose: string,
): Promise<Server | undefined> {
  const { dev, ino } =
    kept === undefined ? statSync(directory, { bigint: true }) : fstatSync(kept, { bigint: true });
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
  return server;
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

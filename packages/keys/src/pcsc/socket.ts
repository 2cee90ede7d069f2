import { connect, type Socket } from 'node:net';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { hungUp } from './messages.ts';

/** Where pcscd listens, unless PCSCLITE_CSOCK_NAME says otherwise, as for every program that uses it. */
const defaultSocket = '/run/pcscd/pcscd.comm';

/** More than any answer that is asked for: 16 readers, or 64 KiB of a card. */
const maxBufferedBytes = 128 * 1024;

const connectMs = 5_000;

/** What speaks with tokens on other systems has no socket. */
const elsewhere =
  'pcscd is a service of Linux. Here the token’s own PKCS#11 module does it, for YubiKeys that of yubico-piv-tool: --key pkcs11:…?module-path=…';

/** A connection with pcscd. One exchange at a time. */
export interface DaemonSocket {
  /**
   * Sends a request and waits for as many bytes as its answer has.
   *
   * @throws PIV_SERVICE_FAILED, the signal's reason
   */
  exchange(request: readonly Uint8Array[], answerBytes: number, timeoutMs: number): Promise<Uint8Array>;
  /** Waits for bytes that an answer announced. */
  receive(bytes: number, timeoutMs: number): Promise<Uint8Array>;
  close(): void;
}

/** @throws PIV_SERVICE_MISSING, the signal's reason */
export async function connectDaemon(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<DaemonSocket> {
  signal?.throwIfAborted();
  const path = environment['PCSCLITE_CSOCK_NAME'] || defaultSocket;
  const socket = connect({ path });
  await connected(socket, path);
  return openSocket(socket, signal);
}

function connected(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (found: string, cause?: unknown) => {
      socket.destroy();
      reject(
        keysErrors.error('PIV_SERVICE_MISSING', {
          message: `nothing that speaks with smart card readers answers at ${printable(path)}`,
          expected: 'pcscd',
          found,
          cause,
          remedy: process.platform === 'linux' ? undefined : elsewhere,
        }),
      );
    };
    const timer = setTimeout(() => give(`no answer in ${connectMs / 1000} s`), connectMs);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      give(error.code ?? 'an error', error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
  });
}

function openSocket(socket: Socket, signal: AbortSignal | undefined): DaemonSocket {
  let buffered = Buffer.alloc(0);
  let over: unknown;
  let wake: (() => void) | undefined;

  const end = (reason: unknown) => {
    over ??= reason;
    socket.destroy();
    wake?.();
  };
  const abort = () => end(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    if (buffered.byteLength > maxBufferedBytes) end(failed('it sends more than it was asked for'));
    wake?.();
  });
  socket.on('error', (cause) => end(failed('the connection broke', cause)));
  socket.on('close', () => end(failed(hungUp)));

  async function receive(bytes: number, timeoutMs: number): Promise<Uint8Array> {
    const timer = setTimeout(() => end(failed(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
    try {
      while (buffered.byteLength < bytes && over === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
      wake = undefined;
    }
    if (buffered.byteLength < bytes) throw over;
    const answer = Uint8Array.from(buffered.subarray(0, bytes));
    buffered = buffered.subarray(bytes);
    return answer;
  }

  return {
    async exchange(request, answerBytes, timeoutMs) {
      // What is there already answers nothing that was asked.
      if (buffered.byteLength > 0) end(failed('it sends more than it was asked for'));
      if (over !== undefined) throw over;
      socket.write(Buffer.concat(request));
      return await receive(answerBytes, timeoutMs);
    },
    receive,
    close() {
      signal?.removeEventListener('abort', abort);
      end(failed('the connection is closed'));
    },
  };
}

function failed(found: string, cause?: unknown) {
  return keysErrors.error('PIV_SERVICE_FAILED', {
    message: 'pcscd, which speaks with smart card readers, did not answer as it should',
    found,
    cause,
  });
}

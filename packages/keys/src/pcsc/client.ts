import { setTimeout as delay } from 'node:timers/promises';
import { concatBytes } from '@pratique/crypto';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import {
  command,
  type Reader,
  readerName,
  readersStateBytes,
  readReaders,
  returnCodes,
  returnNames,
  scard,
  wordAt,
  words,
} from './messages.ts';
import { connectDaemon, type DaemonSocket } from './socket.ts';

/** Minor versions of protocol 4 in which the messages used here are the same: pcsc-lite 1.8.24 and newer. */
const minorVersions = { least: 4, most: 5 } as const;

/** An answer without a card in it; then one of a card, which may wait for a touch or make an RSA key. */
const daemonMs = 10_000;
const cardMs = 120_000;
/** How long to wait while another program has the card to itself, and how often to ask. */
const patienceMs = 30_000;
const pollMs = 100;

/** Most bytes of one answer of a card: extended length, and the status. */
const maxResponseBytes = 65_538;

/** pcscd, as one client of it. */
export interface Pcsc {
  /** @throws PIV_SERVICE_FAILED */
  readers(): Promise<readonly Reader[]>;
  /** Powers the card up. @throws PIV_TOKEN_BUSY, PIV_SERVICE_FAILED */
  connect(reader: string): Promise<CardConnection>;
  close(): void;
}

/** Sends a command to the card and returns its response, status included. */
export type Transmit = (apdu: Uint8Array) => Promise<Uint8Array>;

/** A card in a reader, which others may use too. */
export interface CardConnection {
  readonly reader: string;
  /** Whether the card speaks T=0, which has other commands with data and an answer. */
  readonly isT0: boolean;
  /**
   * Has the card for itself while `work` is done.
   *
   * @throws PIV_TOKEN_BUSY, PIV_SERVICE_FAILED, what `work` throws
   */
  transaction<T>(work: (transmit: Transmit) => Promise<T>): Promise<T>;
  /** Leaves the card to others; `reset` takes from them what a PIN of ours opened. */
  close(end: 'leave' | 'reset'): Promise<void>;
}

/**
 * A client of pcscd over its socket.
 *
 * @throws PIV_SERVICE_MISSING, PIV_SERVICE_FAILED, the signal's reason
 */
export async function openPcsc(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Pcsc> {
  const socket = await connectDaemon(environment, signal);
  try {
    await agree(socket);
    const established = await send(
      socket,
      command.establishContext,
      [words(scard.scopeSystem, 0, 0)],
      [12, 8],
    );
    const context = wordAt(established, 4);
    return {
      readers: async () =>
        readReaders(await socket.exchange([header(0, command.readersState)], readersStateBytes, daemonMs)),
      connect: (reader) => connectCard(socket, context, reader, signal),
      close: socket.close,
    };
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Up to 2.4.0 a daemon takes its own minor version only, and says which that is. */
async function agree(socket: DaemonSocket): Promise<void> {
  let minor: number = minorVersions.least;
  for (let attempt = 0; attempt < 2; attempt++) {
    const request = [header(12, command.version), words(4, minor, 0)];
    const answer = await socket.exchange(request, 12, daemonMs);
    if (wordAt(answer, 8) === returnCodes.ok) return;
    const [major, theirs] = [wordAt(answer, 0), wordAt(answer, 4)];
    if (major !== 4 || theirs < minorVersions.least || theirs > minorVersions.most) {
      throw keysErrors.error('PIV_SERVICE_FAILED', {
        message: 'pcscd speaks another protocol',
        expected: `4:${minorVersions.least} to 4:${minorVersions.most} (pcsc-lite 1.8.24 and newer)`,
        found: `${major}:${theirs}`,
      });
    }
    minor = theirs;
  }
  throw keysErrors.error('PIV_SERVICE_FAILED', {
    message: 'pcscd does not take the protocol that it asks for',
  });
}

async function connectCard(
  socket: DaemonSocket,
  context: number,
  reader: string,
  signal: AbortSignal | undefined,
): Promise<CardConnection> {
  const request = [words(context), readerName(reader), words(scard.shareShared, scard.anyProtocol, 0, 0, 0)];
  const answer = await send(socket, command.connect, request, [152, 148]);
  const [card, protocol] = [wordAt(answer, 140), wordAt(answer, 144)];

  async function begin(): Promise<void> {
    const until = Date.now() + patienceMs;
    for (;;) {
      const request = [header(8, command.beginTransaction), words(card, 0)];
      const code = wordAt(await socket.exchange(request, 8, daemonMs), 4);
      if (code === returnCodes.ok) return;
      if (code === returnCodes.resetCard && Date.now() < until) {
        // Another program reset it: nothing of ours was in it, and it is taken up again.
        const again = words(card, scard.shareShared, scard.anyProtocol, scard.leaveCard, 0, 0);
        await send(socket, command.reconnect, [again], [24, 20]);
        continue;
      }
      if (code !== returnCodes.sharingViolation || Date.now() >= until) throw refusal(code, reader);
      await delay(pollMs, undefined, { signal });
    }
  }

  const transmit: Transmit = async (apdu) => {
    const control = words(card, protocol, 16, apdu.byteLength, protocol, 16, maxResponseBytes, 0);
    const request = [header(32, command.transmit), control, apdu];
    const answer = await socket.exchange(request, 32, cardMs);
    const code = wordAt(answer, 28);
    if (code !== returnCodes.ok) throw refusal(code, reader);
    const length = wordAt(answer, 24);
    if (length < 2 || length > maxResponseBytes) {
      throw keysErrors.error('PIV_SERVICE_FAILED', {
        message: 'pcscd announces a response of the card of a length that none has',
        found: `${length} bytes`,
      });
    }
    return await socket.receive(length, daemonMs);
  };

  return {
    reader,
    isT0: protocol === scard.protocolT0,
    async transaction(work) {
      await begin();
      try {
        return await work(transmit);
      } finally {
        // The transaction ends with the connection, if that is what failed.
        const request = [header(12, command.endTransaction), words(card, scard.leaveCard, 0)];
        await socket.exchange(request, 12, daemonMs).catch(() => {});
      }
    },
    async close(end) {
      const disposition = end === 'reset' ? scard.resetCard : scard.leaveCard;
      const request = [header(12, command.disconnect), words(card, disposition, 0)];
      await socket.exchange(request, 12, daemonMs).catch(() => {});
    },
  };
}

function header(size: number, code: number): Uint8Array {
  return words(size, code);
}

/** One exchange whose answer has its return value at a place. */
async function send(
  socket: DaemonSocket,
  code: number,
  body: readonly Uint8Array[],
  [answerBytes, at]: readonly [number, number],
): Promise<Uint8Array> {
  const bytes = concatBytes(...body);
  const answer = await socket.exchange([header(bytes.byteLength, code), bytes], answerBytes, daemonMs);
  const value = wordAt(answer, at);
  if (value !== returnCodes.ok) throw refusal(value, undefined);
  return answer;
}

function refusal(code: number, reader: string | undefined) {
  const found = returnNames[code] ?? `0x${code.toString(16)}`;
  const where = reader === undefined ? 'a smart card' : `the card in ${printable(reader)}`;
  if (code === returnCodes.sharingViolation)
    return keysErrors.error('PIV_TOKEN_BUSY', { message: `another program has ${where} to itself`, found });
  return keysErrors.error('PIV_SERVICE_FAILED', { message: `${where} cannot be used`, found });
}

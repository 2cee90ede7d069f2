import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, maxReaderName, readersStateBytes, returnCodes, wordAt, words } from '../pcsc/messages.ts';

/** What is in a reader: something that answers commands. */
export interface FakeCard {
  respond(apdu: Uint8Array): Uint8Array;
  powerOff(): void;
}

export interface FakeReader {
  readonly name: string;
  readonly card: FakeCard | null;
}

export interface FakeDaemonOptions {
  /** The only minor version it takes. */
  readonly minor?: number;
  /** What requests of a kind return instead of 0; once each, in order. */
  readonly returns?: Readonly<Partial<Record<keyof typeof command, number[]>>>;
  /** Changes an answer on its way: undefined is said nothing, null hangs up. */
  readonly damage?: (answer: Uint8Array, code: number) => Uint8Array | null | undefined;
}

/** SCARD_E_NO_SMARTCARD. */
const noCard = 0x8010000c;

/** pcscd in this process, on a socket of its own; for one client at a time. */
export async function startFakeDaemon(
  readers: readonly FakeReader[],
  { minor = 4, returns = {}, damage = (answer) => answer }: FakeDaemonOptions = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'pcscd-'));
  const path = join(directory, 'pcscd.comm');
  const requests: number[] = [];
  const sockets = new Set<Socket>();
  const next = (name: keyof typeof command) => returns[name]?.shift() ?? returnCodes.ok;

  function answerTo(code: number, body: Uint8Array): Uint8Array {
    switch (code) {
      case command.version: {
        const fits = wordAt(body, 0) === 4 && wordAt(body, 4) === minor;
        return words(4, minor, fits ? next('version') : returnCodes.serviceStopped);
      }
      case command.establishContext:
        return words(wordAt(body, 0), 77, next('establishContext'));
      case command.readersState: {
        const states = new Uint8Array(readersStateBytes);
        for (const [index, { name, card }] of readers.entries()) {
          const at = index * (readersStateBytes / 16);
          states.set(Buffer.from(name, 'latin1'), at);
          states.set(words(0, card === null ? 2 : 0x34, 0), at + maxReaderName);
        }
        return states;
      }
      case command.connect: {
        const name = Buffer.from(body.subarray(4, 4 + maxReaderName))
          .toString('latin1')
          .replace(/\0.*/s, '');
        const index = readers.findIndex((reader) => reader.name === name);
        const code = readers[index]?.card ? next('connect') : noCard;
        return Buffer.concat([body.subarray(0, 140), words(index, 2, code)]);
      }
      case command.reconnect:
        return Buffer.concat([body.subarray(0, 16), words(2, next('reconnect'))]);
      case command.beginTransaction:
        return words(wordAt(body, 0), next('beginTransaction'));
      case command.endTransaction:
        return words(wordAt(body, 0), 0, next('endTransaction'));
      case command.disconnect:
        if (wordAt(body, 4) === 1) readers[wordAt(body, 0)]?.card?.powerOff();
        return words(wordAt(body, 0), 0, next('disconnect'));
      case command.transmit: {
        const card = readers[wordAt(body, 0)]?.card;
        const code = card ? next('transmit') : noCard;
        const head = Array.from({ length: 6 }, (_, index) => wordAt(body, index * 4));
        if (!card || code !== returnCodes.ok) return words(...head, 0, code);
        const response = card.respond(body.subarray(32));
        return Buffer.concat([words(...head, response.byteLength, code), response]);
      }
      default:
        throw new Error(`pcscd has no command ${code}`);
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    let buffered = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.byteLength >= 8) {
        const [size, code] = [wordAt(buffered, 0), wordAt(buffered, 4)];
        // What is sent to a card stands after the structure, which says how long it is.
        const more = code === command.transmit && buffered.byteLength >= 24 ? wordAt(buffered, 20) : 0;
        if (buffered.byteLength < 8 + size + more) return;
        const body = Uint8Array.from(buffered.subarray(8, 8 + size + more));
        buffered = buffered.subarray(8 + size + more);
        requests.push(code);
        const answer = damage(answerTo(code, body), code);
        if (answer === null) socket.destroy();
        else if (answer !== undefined) socket.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    environment: { PCSCLITE_CSOCK_NAME: path },
    /** Commands that it was sent. */
    requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

/** Puts a card that is in this process into a reader of vpcd, the driver of virtual readers (vsmartcard). */
import { connect, type Socket } from 'node:net';

/** Something that answers APDUs. */
export interface Card {
  readonly atr: Uint8Array;
  respond(apdu: Uint8Array): Uint8Array;
  powerOff(): void;
}

/** vpcd's messages of one byte. */
const [off, on, reset, tellAtr] = [0, 1, 2, 4];

/** Connects to the reader, as if the card was put in. */
export async function putCardIn(port: number, card: Card): Promise<{ takeOut(): void }> {
  const socket = await connectTo(port);
  let buffered = Buffer.alloc(0);
  const send = (bytes: Uint8Array) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.byteLength);
    socket.write(Buffer.concat([length, bytes]));
  };
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.byteLength >= 2) {
      const length = buffered.readUInt16BE(0);
      if (buffered.byteLength < 2 + length) return;
      const message = Uint8Array.from(buffered.subarray(2, 2 + length));
      buffered = buffered.subarray(2 + length);
      const [control] = message;
      if (message.byteLength > 1) send(card.respond(message));
      else if (control === tellAtr) send(card.atr);
      else if (control === off || control === on || control === reset) card.powerOff();
    }
  });
  return { takeOut: () => socket.destroy() };
}

function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a server listens. */
export interface Endpoint {
  readonly url: string;
  /** PEM of what is trusted, for HTTPS. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How long a server may take before it counts as hanging: far above what it may need. */
export const hangMs = 20_000;

export class Hang extends Error {}

/** How a request is put on the wire. */
export interface Sending {
  /** In order; between two of them there is a moment. */
  readonly pieces: readonly Uint8Array[];
  /** The connection is cut after the last piece, without waiting for an answer. */
  readonly cut: boolean;
}

/**
 * Sends bytes and returns the first answer; undefined where the connection ended without one.
 *
 * @throws Hang where neither comes
 */
export async function send(
  endpoint: Endpoint,
  { pieces, cut }: Sending,
  isHead: boolean,
): Promise<Answer | undefined> {
  const { hostname, port } = new URL(endpoint.url);
  const socket: Socket =
    endpoint.ca === undefined
      ? connectPlain(Number(port), hostname)
      : connectTls({ host: hostname, port: Number(port), ca: endpoint.ca, servername: 'localhost' });
  const chunks: Buffer[] = [];
  let hung = false;
  try {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        hung = true;
        resolve();
      }, hangMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (parseAnswer(Buffer.concat(chunks), isHead) !== undefined) done();
      });
      socket.on('error', done);
      socket.on('close', done);
      socket.on(endpoint.ca === undefined ? 'connect' : 'secureConnect', async () => {
        socket.setNoDelay(true);
        for (const [i, piece] of pieces.entries()) {
          if (i > 0) await new Promise((later) => setTimeout(later, 5));
          if (!socket.destroyed) socket.write(piece);
        }
        if (cut) setTimeout(done, 5);
      });
    });
  } finally {
    socket.destroy();
  }
  if (hung) throw new Hang(`no answer within ${hangMs} ms`);
  return parseAnswer(Buffer.concat(chunks), isHead, true);
}

/** The answer at the beginning of `bytes`; undefined while it is not whole. */
function parseAnswer(bytes: Buffer, isHead: boolean, ended = false): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? Number.NaN);
  const rest = bytes.subarray(end + 4);
  if (status === 100) return parseAnswer(rest, isHead, ended);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  if (isHead || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) };
  if (headers['transfer-encoding'] === 'chunked') {
    const body = unchunk(rest);
    return body === undefined ? undefined : { status, headers, body };
  }
  const length = headers['content-length'];
  if (length === undefined) return ended ? { status, headers, body: rest } : undefined;
  return rest.length < Number(length)
    ? undefined
    : { status, headers, body: rest.subarray(0, Number(length)) };
}

function unchunk(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (line + 4 + size > bytes.length) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}

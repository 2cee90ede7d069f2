import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createNetServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as a scripted server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

export interface ScriptedServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Everything asked so far, except the probe for TLS. */
  readonly seen: readonly SeenRequest[];
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

async function listen(server: Server, sockets: Set<Socket>): Promise<string> {
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts an HTTP server on a free loopback port that answers as the script says and ends with the test. */
export async function startScripted(handler: Handler): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    } catch {
      return;
    }
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: new Uint8Array(Buffer.concat(chunks)),
    };
    seen.push(request);
    await handler(request, response);
  });
  return { host: await listen(server, new Set()), seen };
}

/** Starts a TCP server for what no HTTP server would send; gets each connection after its first bytes. */
export async function startRaw(onRequest: (socket: Socket, head: string) => void): Promise<{ host: string }> {
  const server = createNetServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      // A TLS ClientHello starts with 0x16: this server speaks plain HTTP.
      if (data[0] === 0x16) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      else onRequest(socket, data.toString('latin1'));
    });
  });
  return { host: await listen(server, new Set()) };
}

/** Sends a JSON answer. */
export function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}

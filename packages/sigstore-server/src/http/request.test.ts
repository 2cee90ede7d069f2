import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Refusal } from './refusal.ts';
import { readBody } from './request.ts';

test.each([['Content-Length: 100\r\n\r\n{"half":'], ['Transfer-Encoding: chunked\r\n\r\n8\r\n{"half":\r\n']])(
  'a body whose client goes away is the client’s doing, not a fault of the server',
  async (rest) => {
    const server = createServer();
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${rest}`);
    const [incoming] = (await once(server, 'request')) as [IncomingMessage];
    const read = readBody(incoming, 1000);
    socket.destroy();
    await expect(read).rejects.toThrow(Refusal);
  },
);

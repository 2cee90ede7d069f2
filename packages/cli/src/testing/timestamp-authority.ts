import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { issueTimestamp, parseTimestampRequest } from '@pratique/crypto';
import type { Holder } from '@pratique/notation/testing/authority';

/** A timestamp authority over HTTP on loopback (RFC 3161 §3.4). */
export async function startTimestampAuthority({ key, certificate }: Holder) {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const issuer = { key, certificate, policy: '1.2.3.4' };
    const answer = await issueTimestamp(parseTimestampRequest(new Uint8Array(body)), issuer, new Date());
    response.setHeader('content-type', 'application/timestamp-reply').end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The least an HTTPS server can do: read the whole request, send a fixed answer. `node echo.ts ANSWER` */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSelfSigned } from '@pratique/crypto';

const answer = readFileSync(process.argv[2]!);
const { certificatePem, privateKeyPem } = createSelfSigned({ names: ['127.0.0.1'] });
const server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`https://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));

/**
 * Warm admission reviews a second beside a bare Node HTTPS server that reads the same request and sends the same
 * answer back: each in a process of its own, both with TLS, one client with kept-alive connections for both.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Context } from '../test/support/context.ts';
import { startServer } from '../test/support/process.ts';
import { reviewOf, startWebhook } from '../test/support/webhook.ts';
import { compare, time } from './measure.ts';
import type { Row } from './row.ts';

const CONNECTIONS = 8;
const REQUESTS = 4000;
const ROUNDS = 7;

/** Posts `body` once and returns the answer's body. */
function post(url: string, agent: Agent, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
      );
    });
    outgoing.on('error', reject).end(body);
  });
}

/** Milliseconds for `REQUESTS` posts over `CONNECTIONS` connections. */
async function load(url: string, agent: Agent, body: string): Promise<number> {
  let left = REQUESTS;
  const worker = async () => {
    while (left-- > 0) await post(url, agent, body);
  };
  return await time(() => Promise.all(Array.from({ length: CONNECTIONS }, worker)));
}

export async function run(): Promise<Row[]> {
  const context = await Context.open();
  try {
    const key = await context.keyPair('pratique');
    const image = await context.image(context.ours);
    await context.ok('pratique', ['sign', '--key', key.privateKey, image.pinned]);
    const directory = context.scratch();
    const trust = join(directory, 'trust.yaml');
    writeFileSync(
      trust,
      JSON.stringify({
        apiVersion: 'pratique.dev/v1',
        kind: 'Trust',
        authorities: { bench: { keyFile: key.publicKey } },
        images: [{ match: '**', require: { any: ['bench'] } }],
      }),
    );
    const data = join(directory, 'data');
    mkdirSync(data);
    const webhook = await startWebhook(trust, data);
    const body = JSON.stringify(reviewOf([image.tagged]));
    const ourAgent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: webhook.ca });
    const answer = await post(`${webhook.url}/validate`, ourAgent, body);
    if (!(JSON.parse(answer) as { response: { allowed: boolean } }).response.allowed) throw new Error(answer);
    // The peer answers with the very bytes the webhook answered.
    const answerFile = join(directory, 'answer.json');
    writeFileSync(answerFile, answer);
    const peer = await startServer(
      process.execPath,
      [fileURLToPath(new URL('admission/echo.ts', import.meta.url)), answerFile],
      /https:\/\/127\.0\.0\.1:\d+/,
    );
    const peerAgent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });
    try {
      const times = await compare(
        ROUNDS,
        () => load(`${webhook.url}/validate`, ourAgent, body),
        () => load(peer.match[0], peerAgent, body),
      );
      const [ours, theirs] = [REQUESTS / (times.ours / 1000), REQUESTS / (times.peer / 1000)];
      return [
        {
          what: 'warm admission reviews over HTTPS',
          ours,
          peer: theirs,
          unit: 'reviews/s',
          ratio: ours / theirs,
          goal: 0.5,
          peerName: 'bare node:https',
        },
      ];
    } finally {
      ourAgent.destroy();
      peerAgent.destroy();
      await Promise.all([webhook.stop(), peer.stop()]);
    }
  } finally {
    await context.close();
  }
}

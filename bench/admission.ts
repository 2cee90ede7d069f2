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
import { reviewOf, startWebhook, type Webhook } from '../test/support/webhook.ts';
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

/** Reviews of a Pod with `image`, ours beside a peer that answers with the very bytes the webhook answered. */
async function measure(
  what: string,
  webhook: Webhook,
  agent: Agent,
  image: string,
  directory: string,
  goal?: number,
): Promise<Row> {
  const body = JSON.stringify(reviewOf([image]));
  const answer = await post(`${webhook.url}/validate`, agent, body);
  if (!(JSON.parse(answer) as { response: { allowed: boolean } }).response.allowed) throw new Error(answer);
  const answerFile = join(directory, 'answer.json');
  writeFileSync(answerFile, answer);
  const echo = fileURLToPath(new URL('admission/echo.ts', import.meta.url));
  const server = await startServer(process.execPath, [echo, answerFile], /https:\/\/127\.0\.0\.1:\d+/);
  const peerAgent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });
  try {
    const times = await compare(
      ROUNDS,
      () => load(`${webhook.url}/validate`, agent, body),
      () => load(server.match[0], peerAgent, body),
    );
    const [ours, peer] = [REQUESTS / (times.ours / 1000), REQUESTS / (times.peer / 1000)];
    const row = { what, ours, peer, unit: 'reviews/s', ratio: ours / peer, peerName: 'bare node:https' };
    return goal === undefined ? row : { ...row, goal };
  } finally {
    peerAgent.destroy();
    await server.stop();
  }
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
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: webhook.ca });
    try {
      return [
        // A digest is decided from what is remembered; a tag is looked up again for every review, since it can move.
        await measure(
          'warm reviews over HTTPS, image by digest',
          webhook,
          agent,
          image.pinned,
          directory,
          0.5,
        ),
        await measure('warm reviews over HTTPS, image by tag', webhook, agent, image.tagged, directory),
      ];
    } finally {
      agent.destroy();
      await webhook.stop();
    }
  } finally {
    await context.close();
  }
}

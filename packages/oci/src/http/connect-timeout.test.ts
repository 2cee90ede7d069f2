import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createExchange } from './exchange.ts';
import { exchangeByFetch } from './fetch-exchange.ts';
import { defaultLimits } from './options.ts';

const listener =
  "require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })";

/** The port of a server that is stopped and whose queue of connections is full: what is asked of it hangs. */
async function deadPort(): Promise<number> {
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const port = Number(String(line));
  for (let filled = 0; filled < 8; filled++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
  }
  return port;
}

// Elsewhere connections are made before anybody takes them, and Bun’s servers take hundreds, whatever they are told.
test.skipIf(process.platform !== 'linux' || process.versions['bun'] !== undefined).each([
  ['node:http', undefined],
  ['fetch, as in the executable', exchangeByFetch],
])(
  'a registry that takes no connection is given up long before one that does not answer: %s',
  async (_name, byFetch) => {
    const url = new URL(`http://127.0.0.1:${await deadPort()}/v2/`);
    const limits = { ...defaultLimits, connectMs: 200, inactivityMs: 600_000 };
    const request = { method: 'GET', url, headers: {} } as const;
    const { exchange, close } = createExchange({ environment: {} }, limits);
    onTestFinished(close);
    const asked = byFetch === undefined ? exchange(request) : byFetch(request, 'GET it', limits);
    await expect(asked).rejects.toMatchObject({
      code: 'OCI_TIMEOUT',
      message: expect.stringContaining('no connection within 200 ms'),
    });
  },
);

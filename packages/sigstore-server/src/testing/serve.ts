/** `node serve.ts DIR [PORT]`: a private Sigstore in its own process, for the test that kills it. Prints its URL when ready. */
import { startSigstoreServer } from '../server/start.ts';

const server = await startSigstoreServer({
  listen: `127.0.0.1:${process.argv[3] ?? 0}`,
  directory: process.argv[2]!,
  people: ['alice@example.test', 'bob@example.test'],
  log: ({ method, path, status, fault }) => {
    if (status >= 500) process.stderr.write(`${method} ${path} ${status} ${String(fault)}\n`);
  },
});
process.stdout.write(`${server.url}\n`);
process.on('SIGTERM', () => void server.close());

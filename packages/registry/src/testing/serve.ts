/** `node serve.ts DIR`: a registry in its own process, for the test that kills it. Prints its URL when ready. */
import { startRegistry } from '../server/start.ts';

const registry = await startRegistry({ listen: '127.0.0.1:0', directory: process.argv[2]! });
process.stdout.write(`${registry.url}\n`);

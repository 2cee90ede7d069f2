/** `npm run fuzz -- [MINUTES [SEED]]`: half of the time for the Rego engine, half for the servers. */
import { fuzzRego } from './rego.ts';
import { fuzzServers } from './servers.ts';

const [, , minutes = '10', given] = process.argv;
const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
fuzzRego(Number(minutes) / 2, seed);
await fuzzServers(Number(minutes) / 2, seed);

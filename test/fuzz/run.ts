/** `npm run fuzz -- [MINUTES [SEED]]`: most of the time for the Rego engine and the servers, a tenth for signatures of notation. */
import { fuzzNotation } from './notation.ts';
import { fuzzRego } from './rego.ts';
import { fuzzServers } from './servers.ts';

const [, , minutes = '10', given] = process.argv;
const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
await fuzzNotation(Number(minutes) * 0.1, seed);
fuzzRego(Number(minutes) * 0.45, seed);
await fuzzServers(Number(minutes) * 0.45, seed);

/** `npm run fuzz -- [MINUTES [SEED]]`: most of the time for the Rego engine and the servers, a tenth for other ways to sign. */
import { fuzzContentTrust } from './content-trust.ts';
import { fuzzNotation } from './notation.ts';
import { fuzzRego } from './rego.ts';
import { fuzzServers } from './servers.ts';

const [, , minutes = '10', given] = process.argv;
const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
await fuzzNotation(Number(minutes) * 0.05, seed);
const end = performance.now() + Number(minutes) * 3000;
const { rounds, believed, refused } = await fuzzContentTrust(seed, () => performance.now() > end);
process.stdout.write(
  `content trust: ${rounds} rounds, ${believed} believed, ${refused} refused; seed ${seed}\n`,
);
fuzzRego(Number(minutes) * 0.45, seed);
await fuzzServers(Number(minutes) * 0.45, seed);

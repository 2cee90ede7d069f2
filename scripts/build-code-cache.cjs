// Runs the built command's arguments as its launcher does, then keeps what V8 compiled (`scripts/build.ts` starts it).
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const [, , directory, ...args] = process.argv;
const { cacheOf, load } = require(join(directory, 'bin/code-cache.cjs'));
const file = join(directory, 'lib/verify.js');
process.argv.splice(2, process.argv.length, ...args);
const script = load(file);
process.on('exit', (code) => {
  if (code === 0) writeFileSync(cacheOf(file), script.createCachedData());
});
require(join(directory, 'lib/main.js'));

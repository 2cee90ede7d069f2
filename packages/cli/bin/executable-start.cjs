// Where the standalone executable starts (`npm run build -- --executable`), on Bun. Only `verify` is always over in a moment:
// everything else gets its machine code as soon as its runtime likes.
if (process.argv[2] !== 'verify') globalThis.Bun.unsafe.setJITPolicy(1);
require('./lib/main.js');

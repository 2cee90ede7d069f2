#!/usr/bin/env node
// The `pratique` command of a built package (`npm run build`), on any Node >= 18. CommonJS, which starts sooner.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { join } = require('node:path');
  require('node:module').enableCompileCache();
  require('./code-cache.cjs').load(join(__dirname, '../lib/verify.js'));
  require('../lib/main.js');
} else {
  import('./node24.mjs')
    .then(({ runNode }) => runNode([__filename, ...process.argv.slice(2)]))
    .then((code) => {
      process.exitCode = code;
    })
    .catch((error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    });
}

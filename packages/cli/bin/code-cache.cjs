// Loads one CommonJS file of the built package with the code V8 compiled of it when it was built. Node's own compile
// cache keeps what is compiled while a file is loaded; this one also what its functions became when they were run.
const { existsSync, readFileSync } = require('node:fs');
const { Module, createRequire, wrap } = require('node:module');
const { dirname } = require('node:path');
const { Script, constants } = require('node:vm');

const cacheOf = (file) => file.replace(/\.js$/, '.cache');

/** Loads `file` as require() would. V8 ignores a cache that another version of it made, or that is of another source. */
function load(file) {
  const script = new Script(wrap(readFileSync(file, 'utf8')), {
    filename: file,
    cachedData: existsSync(cacheOf(file)) ? readFileSync(cacheOf(file)) : undefined,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = new Module(file);
  module.filename = file;
  require.cache[file] = module;
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  module.loaded = true;
  return script;
}

module.exports = { cacheOf, load };

/**
 * `npm run build`: the `pratique` package for a release, in `dist/`. The same program as the sources, as a few files of
 * JavaScript that Node loads without looking for 300 modules, with what it reads beside its sources copied along. It needs
 * no node_modules, and can be packed, copied to a machine without network, or installed with npm (docs/decisions/0009).
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildImage, machinePlatform, openRepository, pushImage } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { type OutputOptions, type Plugin, type RolldownOutput, rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(root, 'packages', 'cli');

/** Packages whose modules do nothing by being imported, so that each command loads only what it uses of them. */
const sideEffectFree = /[\\/]packages[\\/](cli|crypto|errors|oci|sigstore)[\\/]/;

/** What is built: packages of the program's dependencies, and the files its sources read. */
interface Built {
  readonly dependencies: Set<string>;
  readonly files: Set<string>;
}

/** A file of this checkout as its users write it, on any system. */
const portable = (file: string): string => relative(root, file).split(sep).join('/');

/** Where a file that `source` reads is found from a chunk in `lib/`; a thread is a program of its own. */
function fileUrl(source: string, path: string, files: Set<string>): string {
  const file = join(dirname(source), path);
  files.add(file);
  const place = portable(file).replace(/\.ts$/, '.mjs');
  return `require('node:url').pathToFileURL(require('node:path').join(__dirname, '../files', ${JSON.stringify(place)}) + ${JSON.stringify(path.endsWith('/') ? '/' : '')})`;
}

/** Replaces what a source knows by its own place, which a chunk does not have. */
function placesOf({ dependencies, files }: Built): Plugin {
  return {
    name: 'places',
    transform(code, id) {
      const dependency = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
      if (dependency !== undefined) dependencies.add(dependency);
      if (!id.startsWith(join(root, 'packages')) || !code.includes('import.meta')) return null;
      const replaced = code
        .replaceAll('createRequire(import.meta.url)(', 'require(')
        .replaceAll(/new URL\('([^']+)', import\.meta\.url\)/g, (_, path: string) =>
          fileUrl(id, path, files),
        );
      if (replaced.includes('import.meta'))
        throw new Error(`${portable(id)} uses import.meta in a way the build does not know`);
      return { code: replaced };
    },
  };
}

/** Modules of Node that take milliseconds to load and that `verify` hardly ever uses: loaded with their first use. */
const rare = /\brequire\("(node:(?:child_process|fs\/promises|zlib))"\)/g;
const lazily = 'const $onUse=(name)=>new Proxy({},{get:(_,key)=>require(name)[key]});';
const lazyModules: Plugin = {
  name: 'lazy-modules',
  renderChunk: (code, { name }) =>
    name === 'verify' ? { code: lazily + code.replace(rare, '$$onUse("$1")') } : null,
};

async function bundle(
  input: string,
  built: Built,
  output: OutputOptions & { write: boolean },
): Promise<RolldownOutput> {
  const bundled = await rolldown({
    input,
    platform: 'node',
    plugins: [placesOf(built), ...(output.format === 'cjs' ? [lazyModules] : [])],
    treeshake: { moduleSideEffects: (id) => id === input || !sideEffectFree.test(id) },
  });
  const { write, ...options } = output;
  const all: OutputOptions = {
    minify: { compress: true, mangle: false, codegen: true },
    comments: false,
    ...options,
  };
  try {
    return await (write ? bundled.write(all) : bundled.generate(all));
  } finally {
    await bundled.close();
  }
}

/** The modules that run when `command` does: those of its chunk and of what that imports. */
function modulesOf({ output }: RolldownOutput, module: string): Set<string> {
  const chunks = output.filter((file) => file.type === 'chunk');
  const needed = chunks.filter(({ facadeModuleId }) => facadeModuleId === module);
  // Grows while it is walked.
  for (const { imports } of needed) {
    needed.push(...chunks.filter((chunk) => imports.includes(chunk.fileName) && !needed.includes(chunk)));
  }
  return new Set(needed.flatMap(({ moduleIds }) => moduleIds));
}

/** The licences of everything that was bundled, as they ask for. */
function licences(dependencies: Iterable<string>): string {
  const parts = [...dependencies].sort().map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
    };
    const texts = readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    const text = texts.map((file) => readFileSync(join(directory, file), 'utf8').trim()).join('\n\n');
    return `${name} ${version} (${license ?? 'see below'})\n\n${text}\n`;
  });
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** Builds the package into `directory`, which is emptied first. */
export async function build(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const built: Built = { dependencies: new Set(), files: new Set() };
  const main = join(command, 'src', 'main.ts');
  const options: OutputOptions = {
    dir: join(directory, 'lib'),
    format: 'cjs',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => (name === 'verify' ? 'verify.js' : '[name]-[hash].js'),
  };
  // Twice: where each command's modules are in a dozen chunks, finding and reading them takes longer than running them.
  const split = await bundle(main, built, { ...options, write: false });
  const hot = modulesOf(split, join(command, 'src', 'commands', 'verify.ts'));
  await bundle(main, built, {
    ...options,
    codeSplitting: { groups: [{ name: 'verify', test: (id) => id !== main && hot.has(id) }] },
    write: true,
  });
  for (const file of built.files) {
    const target = join(directory, 'files', portable(file));
    if (file.endsWith('.ts'))
      await bundle(file, built, { file: target.replace(/\.ts$/, '.mjs'), format: 'esm', write: true });
    else
      cpSync(file, target, { recursive: true, filter: (source) => !/\.test\.ts$|_test\.rego$/.test(source) });
  }
  mkdirSync(join(directory, 'bin'));
  for (const file of ['pratique.cjs', 'code-cache.cjs', 'node24.mjs'])
    cpSync(join(command, 'bin', file), join(directory, 'bin', file));
  const { name, version, description, license } = JSON.parse(
    readFileSync(join(command, 'package.json'), 'utf8'),
  ) as Record<string, string>;
  writeFileSync(
    join(directory, 'package.json'),
    `${JSON.stringify({ name, version, description, license, engines: { node: '>=18' }, bin: { pratique: 'bin/pratique.cjs' } }, null, 2)}\n`,
  );
  cpSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  writeFileSync(join(directory, 'THIRD-PARTY-LICENSES'), licences(built.dependencies));
  await keepCompiledCode(directory);
}

/** Runs `argv` with this Node, which must succeed. */
async function run(argv: string[], cwd: string): Promise<void> {
  const env = { PATH: process.env['PATH'], HOME: cwd, COSIGN_PASSWORD: 'only for the build' };
  try {
    await promisify(execFile)(process.execPath, argv, { cwd, env });
  } catch (error) {
    throw new Error(`what was built does not run: ${(error as Error).message}`, { cause: error });
  }
}

/** Signs an image in both formats and verifies it with what was built, so that V8's work for that can be kept. */
async function keepCompiledCode(directory: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'pratique-build-'));
  const registry = await startRegistry({ listen: '127.0.0.1:0' });
  try {
    const pratique = join(directory, 'bin', 'pratique.cjs');
    await run([pratique, 'generate-key-pair'], scratch);
    const images: string[] = [];
    for (const format of ['bundle', 'legacy']) {
      const repository = openRepository(`${registry.address}/${format}`);
      const image = buildImage({ layers: [], run: {}, platform: machinePlatform() });
      const { digest } = await pushImage(image, repository);
      images.push(`${registry.address}/${format}@${digest}`);
      const flags = [
        '--key',
        'cosign.key',
        '--tlog-upload=false',
        ...(format === 'legacy' ? ['--legacy'] : []),
      ];
      await run([pratique, 'sign', ...flags, images.at(-1)!], scratch);
    }
    const compile = join(root, 'scripts', 'build-code-cache.cjs');
    const flags = ['--key', 'cosign.pub', '--insecure-ignore-tlog', '--allow-http-registry'];
    await run([compile, directory, 'verify', ...flags, ...images], scratch);
  } finally {
    await registry.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = join(root, 'dist');
  await build(directory);
  process.stdout.write('dist/bin/pratique.cjs\n');
}

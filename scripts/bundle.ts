/** The program as a few files of JavaScript, for the package (`build.ts`) and the executable (`build-executable.ts`). */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputOptions, type Plugin, type RolldownOutput, rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'packages', 'cli', 'src');

/** Packages whose modules do nothing by being imported, so that each command loads only what it uses of them. */
const sideEffectFree = /[\\/]packages[\\/](cli|crypto|errors|oci|sigstore)[\\/]/;

/** What is made of the program, and how. */
export interface Target {
  /** The expression that says, in a chunk, which directory the files stand in that sources read. */
  readonly filesDirectory: string;
  /** Modules of Node that `verify` hardly ever uses and that take milliseconds to load: loaded with their first use. */
  readonly rare: readonly string[];
}

/** What was bundled: directories of the packages of the program's dependencies, and the files its sources read. */
export interface Bundled {
  readonly dependencies: ReadonlySet<string>;
}

/** What is found while bundling. */
interface Found {
  readonly dependencies: Set<string>;
  readonly files: Set<string>;
  /** Packages of ours that are loaded where they are used. */
  readonly late: Set<string>;
}

/** A file of this checkout as its users write it, on any system. */
const portable = (file: string): string => relative(root, file).split(sep).join('/');

/** Where a file that `source` reads is found; a thread is a program of its own. */
function fileUrl(source: string, path: string, files: Set<string>, { filesDirectory }: Target): string {
  const file = join(dirname(source), path);
  files.add(file);
  const place = portable(file).replace(/\.ts$/, '.mjs');
  return `require('node:url').pathToFileURL(require('node:path').join(${filesDirectory}, ${JSON.stringify(place)}) + ${JSON.stringify(path.endsWith('/') ? '/' : '')})`;
}

/**
 * Where a package that is loaded with its first use is found: in a file of its own, with what it needs. In the chunks of
 * the program it would turn every module it shares with them into a function, all run before the command.
 */
const lateFile = (name: string): string => `late-${name}.js`;

function latePackages({ late }: Found): Plugin {
  return {
    name: 'late-packages',
    transform(code, id) {
      if (!id.startsWith(join(root, 'packages'))) return null;
      const replaced = code.replaceAll(
        /createRequire\(import\.meta\.url\)\(\s*'@pratique\/([a-z-]+)',?\s*\)/g,
        (_, name: string) => {
          late.add(name);
          return `$late("${name}")`;
        },
      );
      return replaced === code ? null : { code: replaced };
    },
    renderChunk: (code) => ({
      code: code.replaceAll(/\$late\("([a-z-]+)"\)/g, (_, name: string) => `require("./${lateFile(name)}")`),
    }),
  };
}

/** Replaces what a source knows by its own place, which a chunk does not have. */
function placesOf({ dependencies, files }: Found, target: Target): Plugin {
  return {
    name: 'places',
    transform(code, id) {
      const dependency = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
      if (dependency !== undefined) dependencies.add(dependency);
      if (!id.startsWith(join(root, 'packages')) || !code.includes('import.meta')) return null;
      const replaced = code
        .replaceAll('createRequire(import.meta.url)(', 'require(')
        .replaceAll(/new URL\('([^']+)', import\.meta\.url\)/g, (_, path: string) =>
          fileUrl(id, path, files, target),
        );
      if (replaced.includes('import.meta'))
        throw new Error(`${portable(id)} uses import.meta in a way the build does not know`);
      return { code: replaced };
    },
  };
}

// Stands for a module until a member is asked for, also behind the object that a bundler puts in front of it for `import *`.
const lazily =
  'const $onUse=(name)=>{const module=new Proxy({},{get:(_,key)=>process.getBuiltinModule(name)[key],getPrototypeOf:()=>module});return module};';

function lazyModules({ rare }: Target): Plugin {
  const required = new RegExp(`\\brequire\\("(node:(?:${rare.join('|')}))"\\)`, 'g');
  return {
    name: 'lazy-modules',
    renderChunk: (code, { name }) =>
      name === 'verify' ? { code: lazily + code.replace(required, '$$onUse("$1")') } : null,
  };
}

async function bundle(
  input: string,
  found: Found,
  target: Target,
  output: OutputOptions & { write: boolean },
): Promise<RolldownOutput> {
  const bundled = await rolldown({
    input,
    platform: 'node',
    onLog(level, log, handle) {
      // A command that another one imports as it starts is loaded whenever that one is: it only looks as if it were not.
      if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(log.message);
      handle(level, log);
    },
    plugins: [
      ...(output.format === 'cjs' ? [latePackages(found), lazyModules(target)] : []),
      placesOf(found, target),
    ],
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
  // Not by its facade: a chunk that holds another module beside the command has none.
  const needed = chunks.filter(({ moduleIds }) => moduleIds.includes(module));
  if (needed.length === 0) throw new Error(`no chunk has ${portable(module)}`);
  // Grows while it is walked.
  for (const { imports } of needed) {
    needed.push(...chunks.filter((chunk) => imports.includes(chunk.fileName) && !needed.includes(chunk)));
  }
  return new Set(needed.flatMap(({ moduleIds }) => moduleIds));
}

/** Throws unless `verify` is one chunk: nothing but its speed would tell. */
function checkVerify({ output }: RolldownOutput): void {
  const chunk = output.find((file) => file.fileName === 'verify.js');
  const others =
    chunk?.type === 'chunk' ? chunk.imports.filter((name) => !/^rolldown-runtime/.test(name)) : null;
  if (others === null || others.some((name) => name.endsWith('.js')))
    throw new Error(`what verify needs is not one chunk: ${others?.join(', ') ?? 'it has none'}`);
}

/**
 * Bundles the program: `main.js` and its chunks into `directory`/lib, all that `verify` needs in `verify.js`, and what
 * sources read beside them into `directory`/files. Packages that are loaded late are files of `directory`/lib too.
 */
export async function bundleProgram(directory: string, target: Target): Promise<Bundled> {
  const found: Found = { dependencies: new Set(), files: new Set(), late: new Set() };
  const main = join(source, 'main.ts');
  const options: OutputOptions = {
    dir: join(directory, 'lib'),
    format: 'cjs',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => (name === 'verify' ? 'verify.js' : '[name]-[hash].js'),
  };
  // Twice: where each command's modules are in a dozen chunks, finding and reading them takes longer than running them.
  const split = await bundle(main, found, target, { ...options, write: false });
  const hot = modulesOf(split, join(source, 'commands', 'verify.ts'));
  const written = await bundle(main, found, target, {
    ...options,
    codeSplitting: { groups: [{ name: 'verify', test: (id) => id !== main && hot.has(id) }] },
    write: true,
  });
  checkVerify(written);
  // Grows while it is walked, as the next one does.
  for (const name of found.late) {
    const output = { file: join(directory, 'lib', lateFile(name)), format: 'cjs', write: true } as const;
    await bundle(join(root, 'packages', name, 'src', 'index.ts'), found, target, output);
  }
  for (const file of found.files) {
    const place = join(directory, 'files', portable(file));
    if (file.endsWith('.ts')) {
      const output = { file: place.replace(/\.ts$/, '.mjs'), format: 'esm', write: true } as const;
      await bundle(file, found, target, output);
    } else {
      cpSync(file, place, { recursive: true, filter: (name) => !/\.test\.ts$|_test\.rego$/.test(name) });
    }
  }
  return found;
}

/** The licences of everything that was bundled, as they ask for. */
export function licences(dependencies: Iterable<string>): string {
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

/**
 * `npm run build -- --executable`: `dist/pratique`, the whole command in one file that needs no Node, nor anything else
 * but the system's C library. Bun compiles the same chunks that the package is made of, to the code its engine runs
 * (docs/decisions/0010).
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findBun } from './bun.ts';
import { bundleProgram, licences } from './bundle.ts';
import { rehearse } from './rehearse.ts';

const start = fileURLToPath(new URL('../packages/cli/bin/executable-start.cjs', import.meta.url));

/** Modules that verifying an image over HTTP does not need. */
const rare = [
  'child_process',
  'fs/promises',
  'module',
  'net',
  'process',
  'stream',
  'stream/promises',
  'timers/promises',
  'util',
  'zlib',
];

/**
 * Where the program finds the files it was compiled with: in the directory of what it was started as, which Bun puts into
 * a file system of its own inside the executable.
 */
const filesDirectory = "require('node:path').join(require('node:path').dirname(process.argv[1]), 'files')";

const compileFlags = [
  '--compile',
  '--bytecode',
  '--format=cjs',
  '--minify-whitespace',
  '--minify-syntax',
  // A file that lies in the directory the command is run in must not change what it does.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  // A verification is over before machine code pays for having been made; `executable-start.cjs` undoes it for the rest.
  '--compile-jit-policy=20',
  '--asset=files',
];

/** Builds the executable and the licences of what is in it into `directory`; returns the executable's file name. */
export async function buildExecutable(directory: string): Promise<string> {
  const bun = await findBun();
  const staging = mkdtempSync(join(tmpdir(), 'pratique-executable-'));
  try {
    const { dependencies } = await bundleProgram(staging, { filesDirectory, rare });
    cpSync(start, join(staging, 'start.cjs'));
    const compile = (program: string, ...flags: string[]) =>
      promisify(execFile)(bun, ['build', ...compileFlags, ...flags, 'start.cjs', '--outfile', program], {
        cwd: staging,
      });
    // Twice: code that runs together lies together, as the first one found when it was run.
    const first = join(staging, 'first');
    await compile(first);
    const orders: string[] = [];
    await rehearse([first], async (run, lines) => {
      for (const line of lines) {
        orders.push(join(staging, `order-${orders.length}`));
        await run([first], { BUN_BYTECODE_ORDER_OUT: orders.at(-1) })(line);
      }
    });
    mkdirSync(directory, { recursive: true });
    await compile(join(directory, 'pratique'), `--bytecode-order=${orders.join(',')}`);
    writeFileSync(
      join(directory, 'pratique.LICENSES'),
      `${runtimeLicence}\n${'-'.repeat(80)}\n\n${licences(dependencies)}`,
    );
    return 'pratique';
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What Bun asks of those who pass it on. */
const runtimeLicence = `The executable contains the Bun runtime (MIT, https://bun.com), and with it JavaScriptCore (LGPL-2.0) and the libraries
that https://bun.com/docs/project/licensing lists with their licences.
`;

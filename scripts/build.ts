/**
 * `npm run build`: the `pratique` package for a release, in `dist/`. The same program as the sources, as a few files of
 * JavaScript that Node loads without looking for 300 modules, with what it reads beside its sources copied along. It needs
 * no node_modules, and can be packed, copied to a machine without network, or installed with npm (docs/decisions/0009).
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildExecutable } from './build-executable.ts';
import { bundleProgram, licences } from './bundle.ts';
import { rehearse } from './rehearse.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(root, 'packages', 'cli');

/** Builds the package into `directory`, which is emptied first. */
export async function build(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const { dependencies } = await bundleProgram(directory, {
    filesDirectory: "require('node:path').join(__dirname, '../files')",
    rare: ['child_process', 'fs/promises', 'zlib'],
  });
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
  writeFileSync(join(directory, 'THIRD-PARTY-LICENSES'), licences(dependencies));
  await keepCompiledCode(directory);
}

/** Keeps what V8 compiles while an image is verified with what was built. */
async function keepCompiledCode(directory: string): Promise<void> {
  const compile = [process.execPath, join(root, 'scripts', 'build-code-cache.cjs'), directory];
  await rehearse([process.execPath, join(directory, 'bin', 'pratique.cjs')], async (run, [line]) =>
    run(compile)(line!),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [flag, ...rest] = process.argv.slice(2);
  if ((flag !== undefined && flag !== '--executable') || rest.length > 0) {
    process.stderr.write('Usage: npm run build [-- --executable]\n');
    process.exitCode = 3;
  } else {
    const directory = join(root, 'dist');
    const made =
      flag === undefined ? build(directory).then(() => 'bin/pratique.cjs') : buildExecutable(directory);
    process.stdout.write(`dist/${await made}\n`);
  }
}

/**
 * `npm run build`: the `pratique` package for a release, in `dist/`. The same program as the sources, as a few files of
 * JavaScript that Node loads without looking for 300 modules, with what it reads beside its sources copied along. It needs
 * no node_modules, and can be packed, copied to a machine without network, or installed with npm (docs/decisions/0009).
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildImage, machinePlatform, openRepository, pushImage } from '@pratique/oci';
import { startRegistry } from '@pratique/registry';
import { buildExecutable } from './build-executable.ts';
import { bundleProgram, licences } from './bundle.ts';

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

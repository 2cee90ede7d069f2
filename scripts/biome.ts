// Runs the formatter and linter. Biome's platform packages are depended on directly instead of through its wrapper
// package, which names platforms that not every registry mirror carries and so cannot be locked there.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Runs Biome with `args`; returns its exit code. */
export function biome(args: readonly string[]): number {
  const file = process.platform === 'win32' ? 'biome.exe' : 'biome';
  const binary = createRequire(import.meta.url).resolve(
    `@biomejs/cli-${process.platform}-${process.arch}/${file}`,
  );
  const colours = process.stdout.isTTY ? [] : ['--colors=off'];
  return spawnSync(binary, [...args, ...colours], { stdio: 'inherit' }).status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = biome(process.argv.slice(2));

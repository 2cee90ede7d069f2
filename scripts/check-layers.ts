/**
 * The layering check: a package imports only packages on floors below its own, says so in its package.json, and
 * never reaches into another package's files. This table is the truth about the floors.
 */
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { init, parse } from 'es-module-lexer';

export const floors: Readonly<Record<string, number>> = {
  '@pratique/rego': 0,
  '@pratique/cue': 0,
  '@pratique/errors': 0,
  '@pratique/storage': 0,
  '@pratique/yaml': 0,
  '@pratique/crypto': 1,
  '@pratique/oci': 2,
  '@pratique/keys': 3,
  '@pratique/registry': 3,
  '@pratique/tuf': 3,
  '@pratique/notary': 3,
  '@pratique/sigstore': 3,
  '@pratique/notation': 3,
  '@pratique/inspect': 3,
  '@pratique/policy': 4,
  '@pratique/harden': 4,
  '@pratique/sigstore-server': 4,
  '@pratique/sigstore-client': 4,
  '@pratique/admission': 5,
  pratique: 6,
};

interface PackageJson {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The package a bare specifier belongs to: `@scope/name/sub` → `@scope/name`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}

/** Every module specifier a TypeScript source imports, `import type` included (types are dependencies too). */
function specifiers(source: string): string[] {
  return parse(source)[0].flatMap((entry) => (typeof entry.specifier !== 'string' ? [] : [entry.specifier]));
}

/** Problems of one source file: `packageName` on `floor` may import `allowed` bare packages. */
export function problemsOf(source: string, owner: PackageJson, test: boolean): string[] {
  const problems: string[] = [];
  const floor = floors[owner.name];
  if (floor === undefined) return [`${owner.name} has no floor in scripts/check-layers.ts`];
  for (const specifier of specifiers(source)) {
    if (specifier.startsWith('node:')) continue;
    if (specifier.startsWith('.')) {
      if (/^(\.\.\/)+[^.].*\/src\//.test(specifier))
        problems.push(`${specifier}: reaches into another package's files`);
      continue;
    }
    if (builtinModules.includes(specifier)) {
      problems.push(`${specifier}: write node:${specifier}`);
      continue;
    }
    const name = packageOf(specifier);
    const target = floors[name];
    if (target !== undefined && target >= floor) {
      problems.push(`${specifier}: floor ${target} is not below floor ${floor} of ${owner.name}`);
    }
    // What a package exports below `testing/` is for tests of others.
    const forTests = test && specifier.startsWith(`${name}/testing/`);
    if (target !== undefined && specifier !== name && !forTests)
      problems.push(`${specifier}: reaches into another package's files`);
    if (!test && owner.dependencies?.[name] === undefined) {
      problems.push(`${specifier}: not in the dependencies of ${owner.name}'s package.json`);
    }
  }
  return problems;
}

/** Checks every package below `root`/packages; returns one line per problem. */
export async function checkLayers(root: string): Promise<string[]> {
  await init;
  const lines: string[] = [];
  for (const manifest of globSync('packages/*/package.json', { cwd: root })) {
    const owner = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as PackageJson;
    const directory = join(root, manifest, '..');
    for (const file of globSync('src/**/*.ts', { cwd: directory })) {
      const path = join(directory, file);
      // A folder called testing holds what tests need. In rego `src/testing` is the policy test runner, which ships.
      const runner = owner.name === '@pratique/rego' && /^src[\\/]testing[\\/]/.test(file);
      const test = /\.test\.ts$/.test(file) || (/[\\/]testing[\\/]/.test(file) && !runner);
      for (const problem of problemsOf(readFileSync(path, 'utf8'), owner, test)) {
        lines.push(`${relative(root, path)}: ${problem}`);
      }
    }
  }
  return lines;
}

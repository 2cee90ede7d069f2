/**
 * Builds the wasm of the behavioural suite from the policies beside this and those that come with Pratique:
 * `node packages/policy/src/testing/build-wasm.ts OPA` writes engine/cases.wasm.gz with that OPA program (1.20.2).
 * Run it again when one of these policies changes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { verdictsOf } from '../engine/packages.ts';
import { defaultPolicies } from '../engine/sources.ts';
import { casePolicies } from './engine-cases.ts';

const fixture = new URL('./engine/cases.wasm.gz', import.meta.url);

/** The wasm that is kept with the tests. */
export function caseWasm(): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(fixture)));
}

/** Builds it with an OPA program. */
export function buildCaseWasm(opa: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-'));
  try {
    const bundle = join(folder, 'bundle.tar.gz');
    const entrypoints = verdictsOf([...defaultPolicies(), ...casePolicies]).flatMap(({ entrypoint }) => [
      '-e',
      entrypoint,
    ]);
    // Relative paths: they are written into the wasm.
    execFileSync(
      opa,
      [
        'build',
        '-t',
        'wasm',
        ...entrypoints,
        '--ignore',
        '*_test.rego',
        '-o',
        bundle,
        'policies',
        'src/testing/engine',
      ],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: 'pipe' },
    );
    execFileSync('tar', ['-xzf', bundle, '-C', folder, '/policy.wasm'], { stdio: 'pipe' });
    return new Uint8Array(readFileSync(join(folder, 'policy.wasm')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(fixture, gzipSync(buildCaseWasm(process.argv[2] ?? 'opa'), { level: 9 }));
}

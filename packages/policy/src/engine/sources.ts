import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNamedFile } from '@pratique/storage';
import { policyErrors } from '../errors.ts';

/** One Rego module as text. `path` stands in messages before line and column. */
export interface PolicySource {
  readonly path: string;
  readonly text: string;
  /** `v1` where not given. */
  readonly regoVersion?: 'v0' | 'v1';
}

const maxFileBytes = 4 * 1024 * 1024;
const maxFiles = 2000;

/** The policies that come with Pratique, `data.pratique.lib` among them. */
export function defaultPolicies(): readonly PolicySource[] {
  const folder = fileURLToPath(new URL('../../policies/', import.meta.url));
  return regoFiles(folder).map((file) => ({
    path: `pratique:${file.slice(folder.length).replaceAll('\\', '/')}`,
    // Not as files that somebody named: the file system inside of the executable opens none of its own.
    text: readFileSync(file, 'utf8'),
  }));
}

/**
 * Reads policies from files and folders (all `*.rego` below a folder, in order of their paths; tests, `*_test.rego`,
 * are left out).
 *
 * @throws POLICY_UNREADABLE
 */
export function loadPolicies(paths: readonly string[]): readonly PolicySource[] {
  return paths.flatMap((path) => {
    try {
      const files = statSync(path).isDirectory() ? regoFiles(path) : [path];
      if (files.length === 0 || files.length > maxFiles) throw countError(path, files.length);
      return files.map((file) => ({ path: file, text: readPolicy(file) }));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (cause instanceof Error && cause.name === 'PratiqueError') throw cause;
      throw policyErrors.error('POLICY_UNREADABLE', {
        message: `cannot read ${path} (${code ?? 'unknown error'})`,
        cause,
      });
    }
  });
}

function regoFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .sort()
    .map((name) => join(folder, name));
}

function readPolicy(file: string): string {
  return new TextDecoder().decode(readNamedFile(file, maxFileBytes));
}

function countError(path: string, count: number) {
  return policyErrors.error('POLICY_UNREADABLE', {
    message: count === 0 ? `${path} holds no .rego file` : `${path} holds more than ${maxFiles} .rego files`,
    expected: `1 to ${maxFiles} policies`,
    found: String(count),
  });
}

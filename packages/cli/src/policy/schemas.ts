import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BundleError, parseJsonOrYaml, schemaName, type Value } from '@pratique/rego';
import { readNamed } from './read-named.ts';

/**
 * What `--schema` names: one file, the schema of `input` everywhere; or a directory, whose files are called in
 * annotations by where they are (`schema.kubernetes.pod` for `kubernetes/pod.json`). Throws {@link BundleError}.
 */
export function namedSchemas(
  path: string | undefined,
  directory: string,
): { readonly schemas?: ReadonlyMap<string, Value> } {
  if (path === undefined) return {};
  const root = path.replace(/^file:\/\//, '');
  const read = (file: string): Value => parseJsonOrYaml(readNamed(file, directory), file);
  if (!isDirectory(root, directory)) return { schemas: new Map([[schemaName([]), read(root)]]) };
  const files = readdirSync(resolve(directory, root), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(resolve(directory, root).length + 1));
  return {
    schemas: new Map(
      files.map((file) => [schemaName(file.replace(/\.[^./]*$/, '').split('/')), read(join(root, file))]),
    ),
  };
}

function isDirectory(path: string, directory: string): boolean {
  const stats = statSync(resolve(directory, path), { throwIfNoEntry: false });
  if (stats === undefined)
    throw new BundleError('bundle_unreadable', `stat ${path}: no such file or directory`);
  return stats.isDirectory();
}

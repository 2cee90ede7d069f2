import { BundleError, parseJsonFile, RegoArray, RegoObject } from '@pratique/rego';
import { readNamed } from './read-named.ts';

/** What `--capabilities` allows: the names in the `builtins` of OPA's `capabilities.json`. */
export function allowedBuiltins(
  file: string | undefined,
  directory: string,
): { readonly onlyBuiltins?: ReadonlySet<string> } {
  if (file === undefined) return {};
  const document = parseJsonFile(readNamed(file, directory), file);
  const builtins = document instanceof RegoObject ? document.get('builtins') : undefined;
  if (!(builtins instanceof RegoArray)) {
    throw new BundleError('bundle_invalid', `${file}: no capabilities.json: it has no list of builtins`);
  }
  const names = builtins.items.map((item) => (item instanceof RegoObject ? item.get('name') : undefined));
  return { onlyBuiltins: new Set(names.filter((name) => typeof name === 'string')) };
}

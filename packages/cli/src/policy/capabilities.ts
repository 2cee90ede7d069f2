import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  BundleError,
  type GoJson,
  goJson,
  parseJsonFile,
  RELEASES,
  RegoArray,
  RegoError,
  RegoObject,
  type RegoVersion,
  releaseCapabilities,
  type Value,
} from '@pratique/rego';
import { readNamed } from './read-named.ts';

/**
 * What `--capabilities` allows: the names in the `builtins` of the `capabilities.json`, and Rego v1 only where its
 * `features` have `rego_v1`. Throws {@link RegoError} and {@link BundleError}.
 */
export function allowedBuiltins(
  named: string | undefined,
  directory: string,
  language: RegoVersion,
): { readonly onlyBuiltins?: ReadonlySet<string> } {
  if (named === undefined) return {};
  const { document, builtins } = namedCapabilities(named, directory);
  if (language === 'v1' && !hasFeature(document, 'rego_v1')) {
    throw new RegoError([
      {
        code: 'rego_parse_error',
        message: 'illegal capabilities: rego_v1 feature required for parsing v1 Rego',
        location: undefined,
      },
    ]);
  }
  const names = builtins.map((builtin) => builtin.get('name'));
  return { onlyBuiltins: new Set(names.filter((name) => typeof name === 'string')) };
}

function hasFeature(document: RegoObject, name: string): boolean {
  const features = document.get('features');
  return features instanceof RegoArray && features.items.includes(name);
}

/** Whether keywords may stand in references under `--capabilities`. */
export function keywordsInRefs(named: string | undefined, directory: string): boolean {
  return named === undefined || hasFeature(namedCapabilities(named, directory).document, 'keywords_in_refs');
}

interface Capabilities {
  readonly document: RegoObject;
  readonly builtins: readonly RegoObject[];
}

/** A file, or else a release of OPA. */
function namedCapabilities(named: string, directory: string): Capabilities {
  const release = existsSync(resolve(directory, named)) ? undefined : releaseCapabilities(named);
  if (release !== undefined) {
    return capabilitiesOf(parseJsonFile(new TextEncoder().encode(goJson(release)), named), named);
  }
  if (!existsSync(resolve(directory, named))) {
    throw new BundleError(
      'bundle_unreadable',
      `no such file or capabilities version found: ${named} (versions are v0.17.0 to ${RELEASES.at(-1)})`,
    );
  }
  return readCapabilities(named, directory);
}

function readCapabilities(file: string, directory: string): Capabilities {
  return capabilitiesOf(parseJsonFile(readNamed(file, directory), file), file);
}

function capabilitiesOf(document: Value, file: string): Capabilities {
  const list = document instanceof RegoObject ? document.get('builtins') : undefined;
  if (!(document instanceof RegoObject && list instanceof RegoArray)) {
    throw new BundleError('bundle_invalid', `${file}: no capabilities.json: it has no list of builtins`);
  }
  return { document, builtins: list.items.filter((item) => item instanceof RegoObject) };
}

/** A file's capabilities as `opa capabilities --file` prints them: in OPA's order, and nothing else that stands there. */
export function fileCapabilities(file: string, directory: string): GoJson {
  const { document, builtins } = readCapabilities(file, directory);
  return {
    builtins: builtins.map((builtin) => ({
      ...chosen(builtin, ['name', 'description', 'categories']),
      decl: builtin.get('decl') ?? null,
      ...chosen(builtin, ['infix', 'relation', 'deprecated', 'nondeterministic']),
    })),
    ...chosen(document, ['future_keywords']),
    wasm_abi_versions: wasmVersions(document),
    ...chosen(document, ['features', 'allow_net']),
  };
}

function wasmVersions(document: RegoObject): GoJson | undefined {
  const versions = document.get('wasm_abi_versions');
  if (!(versions instanceof RegoArray) || versions.items.length === 0) return undefined;
  return versions.items.map((item) =>
    item instanceof RegoObject ? chosen(item, ['version', 'minor_version']) : item,
  );
}

/** Members by their names, without those that are empty. */
function chosen(
  object: RegoObject,
  names: readonly string[],
): { readonly [name: string]: Value | undefined } {
  return Object.fromEntries(
    names.map((name) => {
      const value = object.get(name);
      const isEmpty =
        value === null ||
        value === false ||
        value === '' ||
        (value instanceof RegoArray && value.items.length === 0);
      return [name, isEmpty ? undefined : value];
    }),
  );
}

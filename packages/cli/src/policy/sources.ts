import { join } from 'node:path';
import { hostFunctions } from '@pratique/policy';
import {
  type Bundle,
  BundleError,
  type CompileInput,
  compile,
  loadBundle,
  loadFiles,
  mergeBundles,
  mergeDocuments,
  ParseError,
  type Policy,
  parseModule,
  RegoError,
  RegoObject,
  type RegoVersion,
} from '@pratique/rego';
import { readNamedFile } from '@pratique/storage';
import { cliErrors } from '../errors.ts';

/** Policies and documents, ready to compile. */
export interface Sources {
  /** Texts by file name. */
  readonly modules: ReadonlyMap<string, { readonly text: string; readonly regoVersion: RegoVersion }>;
  readonly data: RegoObject;
}

/** The language that `--v0-compatible` and the like ask for. */
export function languageOf(flags: {
  readonly 'v0-compatible': boolean;
  readonly 'v1-compatible': boolean;
}): RegoVersion {
  return flags['v0-compatible'] ? 'v0' : 'v1';
}

/** `--ignore a,b --ignore c` */
export function ignored(list: readonly string[]): string[] {
  return list.flatMap((item) => item.split(','));
}

export interface PathOptions {
  readonly regoVersion: RegoVersion;
  readonly ignore: readonly string[];
  readonly directory: string;
}

/** What the paths hold, as loose files or as bundles. */
export function loadPaths(
  paths: readonly string[],
  options: PathOptions & { readonly bundle: boolean; readonly onlyPolicies?: boolean },
): Sources {
  if (!options.bundle) return loadFiles(paths, { ...options, read: readNamedFile });
  return joined(
    { modules: new Map(), data: new RegoObject() },
    paths.map((path) => ({ name: path, bundle: loadBundle(path, { ...options, read: readNamedFile }) })),
  );
}

/** Files and bundles together. A bundle's roots are its own: files must not have documents there. */
export function joined(
  files: Sources,
  bundles: readonly { readonly name: string; readonly bundle: Bundle }[],
): Sources {
  const modules = new Map(files.modules);
  for (const { name, bundle } of bundles) {
    for (const { path, text, regoVersion } of bundle.modules)
      modules.set(moduleName(name, path), { text, regoVersion });
  }
  const data = mergeDocuments(files.data, mergeBundles(bundles));
  if (data === undefined)
    throw new BundleError('bundle_conflict', 'documents of --data and of a bundle have the same path');
  return { modules, data };
}

function moduleName(bundle: string, path: string): string {
  return bundle.includes('://') ? `${bundle}/${path}` : join(bundle, path);
}

/** Texts by file name, for messages. */
export function textsOf(sources: Sources): Map<string, string> {
  return new Map([...sources.modules].map(([name, { text }]) => [name, text]));
}

/** Compiles; where files do not parse, the error tells about all of them and not of the first one only. */
export function compileSources(
  sources: Sources,
  options: Omit<CompileInput, 'modules' | 'data'> = {},
): Policy {
  return withParseErrors(sources, () => compile(compileInput(sources, options)));
}

/** Does what compiles the sources, and where that ends with the parse errors of one file, ends with those of all. */
export function withParseErrors<R>(sources: Sources, compiles: () => R): R {
  try {
    return compiles();
  } catch (error) {
    if (error instanceof RegoError && error.code === 'rego_parse_error') throw parseErrors(sources) ?? error;
    throw error;
  }
}

export function compileInput(
  sources: Sources,
  options: Omit<CompileInput, 'modules' | 'data'> = {},
): CompileInput {
  return {
    builtins: hostFunctions,
    ...options,
    modules: Object.fromEntries(textsOf(sources)),
    regoVersions: new Map([...sources.modules].map(([name, { regoVersion }]) => [name, regoVersion])),
    data: sources.data,
    refuseDataConflicts: true,
  };
}

/** The parse errors of all files. */
function parseErrors({ modules }: Sources): ParseError | undefined {
  const errors = [...modules].flatMap(([file, { text, regoVersion }]) => {
    try {
      parseModule(text, { file, regoVersion });
      return [];
    } catch (error) {
      if (error instanceof ParseError) return error.errors;
      throw error;
    }
  });
  return errors.length === 0 ? undefined : new ParseError(errors);
}

/** A flag combination that has no meaning. */
export function usage(command: string, message: string): Error {
  return cliErrors.error('USAGE', { message, remedy: `pratique ${command} --help` });
}

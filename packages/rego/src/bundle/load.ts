import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ParseError } from '../ast/errors.ts';
import { parseModule } from '../ast/parse.ts';
import type { RegoVersion } from '../ast/types.ts';
import { RegoObject, type Value } from '../values/index.ts';
import { mergeDocuments, nest } from './documents.ts';
import { BundleError } from './errors.ts';
import { type BundleLimits, DEFAULT_LIMITS } from './limits.ts';
import { asObject, decodeText, parseJsonFile, parseJsonOrYaml, parseYamlFile } from './parse-documents.ts';
import { type Bundle, type ReadBundleOptions, readBundle, readBundleArchive } from './read.ts';
import { type BundleFile, checkedPath } from './tar.ts';

/** Policies and documents found at paths. */
export interface LoadedFiles {
  /** Policies by file name. */
  readonly modules: ReadonlyMap<string, { readonly text: string; readonly regoVersion: RegoVersion }>;
  readonly data: RegoObject;
}

export interface LoadOptions {
  readonly regoVersion?: RegoVersion;
  /** Names of files and directories to pass over, with `*` and `?`. */
  readonly ignore?: readonly string[];
  /** Symbolic links to files are files of a bundle's directory; they are passed over unless given. */
  readonly followLinks?: boolean;
  /** Documents are not read. */
  readonly onlyPolicies?: boolean;
  /** Relative paths are relative to it; the process's directory unless given. */
  readonly directory?: string;
  readonly limits?: BundleLimits;
  /** Reads a file, and throws as node:fs does. Pipes and devices can be without end: what may be one asks for a reader that ends. */
  readonly read?: ReadFile;
}

export type ReadFile = (path: string, maxBytes: number) => Uint8Array;

const readWhole: ReadFile = (path) => readFileSync(path);

/**
 * Loads files as `opa eval --data` does: `.rego`, `.json`, `.yaml`, `.yml` and `.tar.gz`, directories with all below
 * them. A document in a subdirectory stands at that path below `data`; `a.b:file.json` puts one at `data.a.b`. Documents
 * are merged and never overwrite each other. Throws {@link BundleError}.
 */
export function loadFiles(paths: readonly string[], options: LoadOptions = {}): LoadedFiles {
  const loader = new Loader(options);
  for (const path of paths) loader.path(path);
  return loader;
}

class Loader implements LoadedFiles {
  readonly modules = new Map<string, { text: string; regoVersion: RegoVersion }>();
  data = new RegoObject();
  readonly #options: LoadOptions;
  readonly #limits: BundleLimits;
  readonly #read: ReadFile;
  readonly #version: RegoVersion;
  #files = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#read = options.read ?? readWhole;
    this.#version = options.regoVersion ?? 'v1';
  }

  path(text: string): void {
    const { prefix, path } = splitPrefix(text);
    this.#visit(path, prefix, 0);
  }

  #visit(path: string, at: readonly string[], depth: number): void {
    const stat = reading(path, 'stat', () => statSync(this.#resolve(path)));
    if (depth > 0 && isIgnored(path, this.#options.ignore)) return;
    if (depth > this.#limits.depth) throw new BundleError('bundle_limit', `${path}: nested too deeply`);
    if (!stat.isDirectory()) {
      if (stat.size > this.#limits.fileBytes)
        throw new BundleError('bundle_limit', `${path}: larger than ${this.#limits.fileBytes} bytes`);
      if (++this.#files > this.#limits.files)
        throw new BundleError('bundle_limit', `more than ${this.#limits.files} files`);
      this.#file(path, at, depth);
      return;
    }
    const inside = depth === 0 ? at : [...at, basename(path)];
    for (const name of reading(path, 'open', () => readdirSync(this.#resolve(path))).sort()) {
      this.#visit(join(path, name), inside, depth + 1);
    }
  }

  #file(path: string, at: readonly string[], depth: number): void {
    const extension = /\.tar\.gz$|\.[^./]*$/.exec(path)?.[0];
    if (this.#options.onlyPolicies && extension !== '.rego') return;
    const read = (): Uint8Array =>
      reading(path, 'open', () => this.#read(this.#resolve(path), this.#limits.fileBytes));
    if (extension === '.rego') {
      this.modules.set(path, {
        text: decodeText(read(), path),
        regoVersion: this.#version,
      });
    } else if (extension === '.json') this.#document(path, at, parseJsonFile(read(), path));
    else if (extension === '.yaml' || extension === '.yml')
      this.#document(path, at, parseYamlFile(read(), path));
    else if (extension === '.tar.gz') this.#bundle(path, at, read());
    else if (depth === 0) this.#anything(path, at, read());
  }

  /** A file named directly may have any name: it is what it can be read as. */
  #anything(path: string, at: readonly string[], bytes: Uint8Array): void {
    try {
      const text = decodeText(bytes, path);
      parseModule(text, { file: path, regoVersion: this.#version });
      this.modules.set(path, { text, regoVersion: this.#version });
      return;
    } catch (error) {
      if (!(error instanceof ParseError || error instanceof BundleError)) throw error;
    }
    let value: Value;
    try {
      value = parseJsonOrYaml(bytes, path);
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      throw new BundleError('bundle_invalid', `${path}: can't recognize file type`, { cause: error });
    }
    this.#document(path, at, value);
  }

  #bundle(path: string, at: readonly string[], bytes: Uint8Array): void {
    const bundle = within(path, () =>
      readBundleArchive(bytes, { regoVersion: this.#version, limits: this.#limits }),
    );
    for (const { path: name, text, regoVersion } of bundle.modules)
      this.modules.set(`/${name}`, { text, regoVersion });
    this.#document(path, at, bundle.data);
  }

  #document(path: string, at: readonly string[], value: Value): void {
    const merged = mergeDocuments(this.data, nest(at, value) ?? asObject(value, path));
    if (merged === undefined) throw new BundleError('bundle_conflict', `${path}: merge error`);
    this.data = merged;
  }

  #resolve(path: string): string {
    return resolveIn(this.#options.directory, path);
  }
}

/** A bundle of the file system: a `.tar.gz` or a directory laid out as one. Throws {@link BundleError}. */
export function loadBundle(
  path: string,
  options: ReadBundleOptions & Pick<LoadOptions, 'ignore' | 'directory' | 'followLinks' | 'read'> = {},
): Bundle {
  const place = resolveIn(options.directory, cleanUrl(path));
  const { read = readWhole, limits = DEFAULT_LIMITS } = options;
  return within(path, () => {
    const isDirectory = reading(path, 'stat', () => statSync(place)).isDirectory();
    if (!isDirectory)
      return readBundleArchive(
        reading(path, 'open', () => read(place, limits.archiveBytes)),
        options,
      );
    const prefix = cleanUrl(path).replace(/^(?:\.?\/)+|\/+$/g, '');
    return readBundle(bundleDirectory(place, options), {
      ...options,
      signedPrefix: prefix === '' || prefix === '.' ? '' : `${prefix}/`,
    });
  });
}

/** The files of a directory that is laid out as a bundle. Links to directories are not followed. */
export function bundleDirectory(
  directory: string,
  options: Pick<LoadOptions, 'ignore' | 'limits' | 'followLinks'> = {},
): BundleFile[] {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const files: BundleFile[] = [];
  let total = 0;
  const visit = (folder: string, inside: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = inside + entry.name;
      if (isIgnored(path, options.ignore)) continue;
      if (entry.isDirectory()) visit(join(folder, entry.name), `${path}/`);
      const isLink = options.followLinks === true && entry.isSymbolicLink();
      if (!entry.isFile() && !isLink) continue;
      const target = reading(path, 'open', () => statSync(join(folder, entry.name)));
      // A link may lead to a directory, or to a device that never ends.
      if (!target.isFile()) throw new BundleError('bundle_unreadable', `read ${path}: not a regular file`);
      const { size } = target;
      total += size;
      if (size > limits.fileBytes || total > limits.totalBytes || files.length >= limits.files) {
        throw new BundleError('bundle_limit', `${directory} has too many or too large files for a bundle`);
      }
      files.push({ path: checkedPath(path, limits), bytes: readFileSync(join(folder, entry.name)) });
    }
  };
  visit(directory, '');
  return files;
}

/** `a.b:path` is a path whose documents stand below `data.a.b`. URLs other than `file:` are not files. */
/** `a.b:file.json` in its parts, `file://` URLs as paths. */
export function splitPrefix(text: string): { prefix: readonly string[]; path: string } {
  const colon = text.indexOf(':');
  if (colon > 0 && colon !== text.indexOf('://')) {
    return { prefix: text.slice(0, colon).split('.'), path: cleanUrl(text.slice(colon + 1)) };
  }
  return { prefix: [], path: cleanUrl(text) };
}

function cleanUrl(path: string): string {
  return path.startsWith('file://') ? decodeURIComponent(new URL(path).pathname) : path;
}

function resolveIn(directory: string | undefined, path: string): string {
  return path.startsWith('/') || directory === undefined ? path : join(directory, path);
}

/** OPA's `--ignore`: a pattern for the name of the file or of a directory above it. */
function isIgnored(path: string, patterns: readonly string[] = []): boolean {
  const name = basename(path);
  return patterns.some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '[^/]*')
      .replace(/\?/g, '[^/]');
    return new RegExp(`^${source}$`).test(name);
  });
}

/** Problems of the file system in Go's words, which scripts around OPA may look for. */
function reading<R>(path: string, operation: 'stat' | 'open', read: () => R): R {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason =
      code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : message;
    throw new BundleError('bundle_unreadable', `${operation} ${path}: ${reason}`, { cause: error });
  }
}

/** Says in which bundle something is wrong. */
function within<R>(path: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new BundleError(error.code, `bundle ${path}: ${error.message}`, { cause: error });
  }
}

import { PratiqueError } from '@pratique/errors';
import type { FileNode, FileSystem } from '@pratique/inspect';
import { type ElfFile, parseElf } from '@pratique/oci';
import { directoryOf, type Resolved, resolveWithLinks } from './resolve.ts';

/** Every file is asked for several times, by what it needs and by what needs it. */
const known = new WeakMap<FileNode, ElfFile | null>();

/** The linking information of a file, or null where it is no ELF file that can be read. */
export function elfOf(node: FileNode): ElfFile | null {
  const found = known.get(node);
  if (found !== undefined) return found;
  const elf = readElf(node);
  known.set(node, elf);
  return elf;
}

function readElf({ content }: FileNode): ElfFile | null {
  if (content === undefined || content.size < 52) return null;
  const head = content.read(0, 4);
  if (head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) return null;
  try {
    return parseElf(content);
  } catch (error) {
    if (error instanceof PratiqueError) return null;
    throw error;
  }
}

/** Finds shared libraries in an image as its dynamic loader would (ld.so(8), musl’s ldso). */
export class LibrarySearch {
  readonly #fileSystem: FileSystem;
  readonly #system: readonly string[];
  readonly #environment: readonly string[];

  constructor(fileSystem: FileSystem, libraryPath = '') {
    this.#fileSystem = fileSystem;
    this.#environment = libraryPath.split(':').filter((directory) => directory !== '');
    // musl’s loader looks there without being told.
    this.#system = [...new Set([...loaderDirectories(fileSystem), '/usr/local/lib'])];
  }

  /** Every file that may be loaded for one of the names a file needs: the one found first, and its hardware variants. */
  find(name: string, by: FileNode, elf: ElfFile): readonly Resolved[] {
    if (name.includes('/')) {
      const found = resolveWithLinks(this.#fileSystem, name, directoryOf(by.path));
      return found === undefined ? [] : [found];
    }
    const own = (paths: readonly string[]) =>
      paths.map((path) => path.replace(/\$ORIGIN|\$\{ORIGIN\}/g, `/${directoryOf(by.path)}`));
    const directories = [
      ...(elf.runpath.length > 0 ? [] : own(elf.rpath)),
      ...this.#environment,
      ...own(elf.runpath),
      ...this.#system,
      // A library that was loaded from somewhere is looked for by its neighbours there too, through the RPATH of the program.
      `/${directoryOf(by.path)}`,
    ];
    for (const directory of directories) {
      const found = this.#candidate(`${directory}/${name}`, elf);
      if (found === undefined) continue;
      return [found, ...this.#variants(directory, name, elf)];
    }
    // Runtimes load libraries of their own by path first (java: lib/server/libjvm.so), which then stand for the name.
    return this.#below(directoryOf(by.path), name, elf);
  }

  #below(directory: string, name: string, elf: ElfFile): readonly Resolved[] {
    if (this.#system.includes(`/${directory}`)) return [];
    return this.#fileSystem.list(directory).flatMap(({ type, path }) => {
      if (type === 'directory') return this.#below(path, name, elf);
      const found = path.endsWith(`/${name}`) ? this.#candidate(`/${path}`, elf) : undefined;
      return found === undefined ? [] : [found];
    });
  }

  #candidate(path: string, { machine, bits }: ElfFile): Resolved | undefined {
    const found = resolveWithLinks(this.#fileSystem, path);
    if (found?.node.type !== 'file') return undefined;
    const elf = elfOf(found.node);
    return elf?.machine === machine && elf.bits === bits ? found : undefined;
  }

  /** `glibc-hwcaps/x86-64-v3/libx.so.1`: taken instead, on machines that can. */
  #variants(directory: string, name: string, elf: ElfFile): readonly Resolved[] {
    return this.#fileSystem.list(`${directory}/glibc-hwcaps`).flatMap(({ path }) => {
      const found = this.#candidate(`/${path}/${name}`, elf);
      return found === undefined ? [] : [found];
    });
  }
}

const defaults = ['/lib64', '/usr/lib64', '/lib', '/usr/lib'];
const maxConfigBytes = 64 * 1024;

/** Directories with libraries for every program, in the loader’s order: those that are configured, then its own. */
export function loaderDirectories(fileSystem: FileSystem): readonly string[] {
  const configured = [
    'etc/ld.so.conf',
    ...fileSystem.list('etc/ld.so.conf.d').map(({ path }) => path),
    ...fileSystem.list('etc').flatMap(({ path }) => (/\/ld-musl-\w+\.path$/.test(path) ? [path] : [])),
  ].flatMap((path) =>
    textOf(fileSystem.resolve(path), maxConfigBytes)
      .split(/[\n:]/)
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line.startsWith('/')),
  );
  // Where a distribution configures none, its loader knows them: Debian’s are named for the machine.
  const multiarch = ['lib', 'usr/lib'].flatMap((directory) =>
    fileSystem
      .list(directory)
      .flatMap(({ type, path }) =>
        type === 'directory' && /-linux-(gnu|musl)\w*$/.test(path) ? [`/${path}`] : [],
      ),
  );
  return [...new Set([...configured, ...multiarch, ...defaults])];
}

/** The beginning of a file as text; empty where there is none. */
export function textOf(node: FileNode | undefined, maxBytes: number): string {
  if (node?.content === undefined) return '';
  return new TextDecoder().decode(node.content.read(0, Math.min(node.content.size, maxBytes)));
}

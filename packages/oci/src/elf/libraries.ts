import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';
import { readElf } from './file.ts';
import type { ElfFile } from './parse.ts';
import { systemDirectories } from './search-path.ts';

/** A program with everything the dynamic linker loads for it. */
export interface LinkedProgram {
  /** The dynamic linker; undefined for a static program. */
  readonly interpreter: string | undefined;
  /** Path under which each library is found, by its name in `NEEDED`. The file there may be a symbolic link. */
  readonly libraries: ReadonlyMap<string, string>;
}

const maxLibraries = 4096;

interface Loaded {
  readonly path: string;
  readonly elf: ElfFile;
  /** Who loaded it: `RPATH` (not `RUNPATH`) counts for everything further down. */
  readonly parent: Loaded | undefined;
}

/**
 * Finds the shared libraries of a program like ld.so(8) does: `RPATH` of the file and its loaders where it has no
 * `RUNPATH`, `RUNPATH`, the directories of ld.so.conf, the built-in ones. Only files of the program's own class and
 * machine count. LD_LIBRARY_PATH and hardware-specific directories are left out: an image must not depend on them.
 *
 * @throws OCI_ELF_INVALID, OCI_LIBRARY_NOT_FOUND, OCI_FILE_UNREADABLE
 */
export function sharedLibraries(program: string): LinkedProgram {
  const system = systemDirectories();
  const root: Loaded = { path: realpathSync(program), elf: readElf(program), parent: undefined };
  const libraries = new Map<string, string>();
  const queue = [root];
  for (let loaded = queue.shift(); loaded !== undefined; loaded = queue.shift()) {
    for (const name of loaded.elf.needed) {
      if (libraries.has(name)) continue;
      const found = find(name, loaded, root.elf, system);
      if (found === undefined) {
        throw ociErrors.error('OCI_LIBRARY_NOT_FOUND', {
          message: `${printable(loaded.path)} needs ${printable(name)}, which was not found`,
          found: printable(name),
        });
      }
      libraries.set(name, found.path);
      if (libraries.size > maxLibraries) {
        throw ociErrors.error('OCI_ELF_INVALID', {
          message: `${printable(program)}: it needs too many libraries`,
        });
      }
      queue.push({ ...found, parent: loaded });
    }
  }
  return { interpreter: root.elf.interpreter, libraries };
}

function find(
  name: string,
  loader: Loaded,
  program: ElfFile,
  system: readonly string[],
): { path: string; elf: ElfFile } | undefined {
  const candidates = name.includes('/')
    ? [name]
    : [...inheritedRpath(loader), ...expanded(loader, loader.elf.runpath), ...system].map((directory) =>
        join(directory, name),
      );
  for (const path of candidates) {
    if (!path.startsWith('/') || !existsSync(path)) continue;
    const elf = readElf(path);
    if (elf.bits === program.bits && elf.machine === program.machine) return { path, elf };
  }
  return undefined;
}

function inheritedRpath(loaded: Loaded): string[] {
  const directories: string[] = [];
  if (loaded.elf.runpath.length > 0) return directories;
  for (let at: Loaded | undefined = loaded; at !== undefined; at = at.parent) {
    if (at.elf.runpath.length === 0) directories.push(...expanded(at, at.elf.rpath));
  }
  return directories;
}

/** `$ORIGIN` is the directory of the file that has the path; `$LIB` and `$PLATFORM` depend on the C library and are skipped. */
function expanded(loaded: Loaded, paths: readonly string[]): string[] {
  return paths
    .map((path) => path.replace(/\$ORIGIN\b|\$\{ORIGIN\}/g, dirname(realpathSync(loaded.path))))
    .filter((path) => !path.includes('$'));
}

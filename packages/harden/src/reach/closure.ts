import { printable } from '@pratique/errors';
import type { FileNode, FileSystem } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { elfOf, LibrarySearch, textOf } from './libraries.ts';
import { directoryOf, type Resolved, resolveWithLinks } from './resolve.ts';
import { always, rules, timeZones } from './rules.ts';
import { isShell, shebangOf, wordsOf } from './scripts.ts';
import { namesIn } from './strings.ts';

/** What an image runs: the parts of its configuration that say it. */
export interface RunContext {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** The test of a health check, without its first word; empty where there is none. */
  readonly healthcheck: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly workingDir: string;
}

/** A library that a kept file needs and the image does not have. */
export interface MissingLibrary {
  readonly file: string;
  readonly library: string;
}

/** Everything an image’s programs need, by static analysis, and why. */
export interface Reachable {
  /** Why each path is needed: the path, rule or setting that asks for it. */
  readonly because: ReadonlyMap<string, string>;
  /** Those that only a rule about a whole directory asks for: nothing shows that they are used. */
  readonly byRule: ReadonlySet<string>;
  /** Of files that are only there because a rule keeps a whole directory: their absence was so before. */
  readonly missing: readonly MissingLibrary[];
  /** Programs that name a shell: they may start one, which the analysis does not count. */
  readonly mayRunShell: readonly string[];
  /** What `keep` names and is not there. */
  readonly unmatched: readonly string[];
}

const maxScriptBytes = 4 * 1024 * 1024;
const standardPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Follows what the image runs, and `keep` (paths and globs), to everything it needs: links, interpreters, shared
 * libraries, commands of scripts, paths named in programs, and what the rules know. Too much is kept rather than too
 * little.
 *
 * @param roots more files whose needs count: those that no package brought
 * @throws HARDEN_ROOT_UNRESOLVED, HARDEN_LIBRARY_MISSING
 */
export function reach(
  fileSystem: FileSystem,
  run: RunContext,
  keep: readonly string[],
  roots: readonly FileNode[] = [],
): Reachable {
  const walk = new Walk(fileSystem, run);
  for (const path of always) walk.keep(path, 'every image');
  const unmatched = keep.filter((pattern) => !walk.keepGlob(pattern, 'keep'));
  for (const node of roots) walk.keep(`/${node.path}`, 'brought by no package');
  walk.command(run.entrypoint, 'entrypoint');
  if (run.entrypoint.length > 0) walk.arguments(run.cmd, 'cmd');
  else walk.command(run.cmd, 'cmd');
  walk.command(run.healthcheck, 'healthcheck');
  walk.timeZone(run.env);
  return { ...walk.finish(), unmatched };
}

class Walk {
  readonly #fileSystem: FileSystem;
  readonly #libraries: LibrarySearch;
  readonly #path: readonly string[];
  readonly #workingDir: string;
  readonly #because = new Map<string, string>();
  readonly #pending: FileNode[] = [];
  /** Files that only a rule about a whole directory asked for. */
  readonly #byRule = new Set<string>();
  readonly #missing: MissingLibrary[] = [];
  readonly #mayRunShell = new Set<string>();

  constructor(fileSystem: FileSystem, { env, workingDir }: RunContext) {
    this.#fileSystem = fileSystem;
    this.#path = (variableOf(env, 'PATH') ?? standardPath)
      .split(':')
      .filter((directory) => directory.startsWith('/'));
    this.#workingDir = workingDir;
    this.#libraries = new LibrarySearch(fileSystem, variableOf(env, 'LD_LIBRARY_PATH'));
  }

  /** A command line: its program must be there. `sh -c TEXT` is a script. */
  command(words: readonly string[], because: string): void {
    const [program, ...args] = words;
    if (program === undefined) return;
    const found = this.#program(program);
    if (found === undefined) {
      throw hardenErrors.error('HARDEN_ROOT_UNRESOLVED', {
        message: `${because} runs ${printable(program, 200)}, which is not in the image`,
        expected: `a program in ${this.#path.join(', ')}`,
        found: printable(program, 200),
      });
    }
    this.#resolved(found, because, false);
    if (isShell(program) && args[0] === '-c') this.#script(args[1] ?? '', because);
    else this.arguments(args, because);
  }

  /** Arguments that name files: `/app/server.js`, or relative to the working directory. */
  arguments(words: readonly string[], because: string): void {
    for (const word of words) {
      const value = word.replace(/^--?[\w-]+=/, '');
      const found = value === '' ? undefined : resolveWithLinks(this.#fileSystem, value, this.#workingDir);
      if (found?.node.type === 'file') this.#resolved(found, because, false);
      else if (found?.node.type === 'directory' && value.includes('/')) this.#tree(found, because);
    }
  }

  /** The zone that `TZ` names, with or without a colon (tzset(3)); what is a rule of its own (`CET-1CEST`) names no file. */
  timeZone(env: readonly string[]): void {
    const zone = variableOf(env, 'TZ')?.replace(/^:/, '');
    const found = zone ? resolveWithLinks(this.#fileSystem, zone, timeZones) : undefined;
    if (found?.node.type === 'file') this.#resolved(found, 'TZ', false);
  }

  keep(path: string, because: string): void {
    const found = resolveWithLinks(this.#fileSystem, path);
    if (found !== undefined) this.#resolved(found, because, false);
    // A link that leads nowhere is still what somebody put there.
    const node = this.#fileSystem.get(path);
    if (node !== undefined) this.#mark(node, because);
  }

  /** `*` is any part of a name; a trailing `/**` everything below. Tells whether there is anything of the pattern. */
  keepGlob(pattern: string, because: string, byRule = false): boolean {
    const whole = pattern.endsWith('/**');
    let isThere = false;
    for (const path of this.#expand(
      (whole ? pattern.slice(0, -3) : pattern).split('/').filter((part) => part !== ''),
    )) {
      const found = resolveWithLinks(this.#fileSystem, `/${path}`);
      if (found === undefined) continue;
      isThere = true;
      if (whole) this.#tree(found, because, byRule);
      else this.#resolved(found, because, byRule);
    }
    return isThere;
  }

  finish(): Omit<Reachable, 'unmatched'> {
    for (let node = this.#pending.pop(); node !== undefined; node = this.#pending.pop()) this.#examine(node);
    return {
      because: this.#because,
      byRule: this.#byRule,
      missing: this.#missing,
      mayRunShell: [...this.#mayRunShell].sort(),
    };
  }

  #program(name: string): Resolved | undefined {
    const candidates = name.includes('/') ? [name] : this.#path.map((directory) => `${directory}/${name}`);
    for (const candidate of candidates) {
      const found = resolveWithLinks(this.#fileSystem, candidate, this.#workingDir);
      if (found?.node.type === 'file' && (found.node.mode & 0o111) !== 0) return found;
    }
    return undefined;
  }

  #resolved({ node, links }: Resolved, because: string, byRule: boolean): void {
    for (const link of links) this.#mark(link, because);
    if (byRule) {
      if (!this.#because.has(node.path)) this.#byRule.add(node.path);
    } else if (this.#byRule.delete(node.path)) {
      // Asked for by itself now: everything it names counts after all.
      this.#because.delete(node.path);
    }
    this.#mark(node, because);
  }

  #tree({ node, links }: Resolved, because: string, byRule = false): void {
    this.#resolved({ node, links }, because, byRule);
    if (node.type !== 'directory') return;
    for (const child of this.#fileSystem.list(node.path)) {
      if (child.type === 'directory') this.#tree({ node: child, links: [] }, because, byRule);
      else {
        const found = resolveWithLinks(this.#fileSystem, `/${child.path}`);
        if (found !== undefined) this.#resolved(found, because, byRule);
        else this.#mark(child, because);
      }
    }
  }

  #mark(node: FileNode, because: string): void {
    if (this.#because.has(node.path)) return;
    this.#because.set(node.path, because);
    for (let above = directoryOf(node.path); above !== ''; above = directoryOf(above)) {
      if (this.#because.has(above)) break;
      this.#because.set(above, because);
    }
    if (node.type === 'file') this.#pending.push(node);
    for (const rule of rules) {
      const match = rule.when.exec(node.path);
      if (match === null) continue;
      for (const pattern of rule.keep) this.keepGlob(pattern.replace('$1', match[1] ?? ''), rule.name, true);
    }
  }

  #examine(node: FileNode): void {
    // Of a directory that is kept whole, what a file cannot start without counts, and not every name it mentions.
    const byRule = this.#byRule.has(node.path);
    const elf = elfOf(node);
    if (elf !== null) {
      if (elf.interpreter !== undefined) this.keep(elf.interpreter, node.path);
      for (const library of elf.needed) {
        const found = this.#libraries.find(library, node, elf);
        if (found.length === 0) this.#absent(node.path, library);
        for (const one of found) this.#resolved(one, node.path, byRule);
      }
      // The C library and its loader name a shell and much else, none of which every program uses.
      if (byRule || /\/(ld-[\w.-]+|libc[.-][\w.]*)$/.test(node.path)) return;
      for (const name of namesIn(node.content!)) this.#named(name, node, elf);
      return;
    }
    if (byRule) return;
    const shebang = shebangOf(textOf(node, 256));
    if (shebang === null) return;
    this.keep(shebang.interpreter, node.path);
    if (shebang.command !== null) {
      const found = this.#program(shebang.command);
      if (found !== undefined) this.#resolved(found, node.path, false);
    }
    if (isShell(shebang.interpreter) || (shebang.command !== null && isShell(shebang.command)))
      this.#script(textOf(node, maxScriptBytes), node.path);
    else this.#paths(textOf(node, maxScriptBytes), node.path);
  }

  /** A name that stands in a program: kept where it is a file, but for shells, which any use of `system` names. */
  #named(name: string, by: FileNode, elf: NonNullable<ReturnType<typeof elfOf>>): void {
    if (!name.startsWith('/')) {
      for (const found of this.#libraries.find(name, by, elf)) this.#resolved(found, by.path, false);
      return;
    }
    if (isShell(name)) {
      if (resolveWithLinks(this.#fileSystem, name) !== undefined) this.#mayRunShell.add(by.path);
      return;
    }
    this.#data(name, by.path);
  }

  /** A path in a program or script: a file, or the time zones, which are opened by names that are not known here. */
  #data(path: string, because: string): void {
    const found = resolveWithLinks(this.#fileSystem, path);
    if (found?.node.type === 'file') this.#resolved(found, because, false);
    else if (found?.node.path === timeZones) this.#tree(found, because, true);
  }

  #script(text: string, because: string): void {
    for (const word of wordsOf(text)) {
      const found = this.#program(word);
      if (found !== undefined) this.#resolved(found, because, false);
      else if (word.startsWith('/')) this.#data(word, because);
    }
  }

  /** Programs that a script in another language names by their paths. */
  #paths(text: string, because: string): void {
    for (const [path] of text.matchAll(/(?<![\w.])\/(?:[\w.+-]+\/)+[\w.+-]+/g)) {
      if (isShell(path)) this.#mayRunShell.add(because);
      else this.#data(path, because);
    }
  }

  #absent(file: string, library: string): void {
    if (this.#byRule.has(file)) {
      this.#missing.push({ file, library });
      return;
    }
    throw hardenErrors.error('HARDEN_LIBRARY_MISSING', {
      message: `${printable(file, 200)} needs ${printable(library, 120)}, which is not in the image`,
      expected: printable(library, 120),
      found: 'none',
    });
  }

  #expand(parts: readonly string[]): readonly string[] {
    let paths = [''];
    for (const part of parts) {
      if (!part.includes('*')) {
        paths = paths.map((path) => `${path}/${part}`);
        continue;
      }
      const pieces = part.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
      const name = new RegExp(`^${pieces.join('[^/]*')}$`);
      paths = paths.flatMap((path) =>
        this.#fileSystem
          .list(path)
          .map((node) => node.path.slice(node.path.lastIndexOf('/') + 1))
          .filter((found) => name.test(found))
          .map((found) => `${path}/${found}`),
      );
    }
    return paths.map((path) => path.slice(1));
  }
}

/** The last value that an environment gives a variable. */
function variableOf(env: readonly string[], name: string): string | undefined {
  return env.findLast((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}

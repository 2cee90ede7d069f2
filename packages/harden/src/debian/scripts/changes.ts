import type { FileNode, FileSystem, LayerContents, LayerEntry } from '@pratique/inspect';
import { layerOf, metadata } from '../../image/entries.ts';
import { directoryOf, resolveWithLinks } from '../../reach/resolve.ts';
import type { NotMade } from './first-start.ts';
import { NotUnderstood } from './syntax.ts';

const maxChanges = 2000;
const maxBytes = 16 * 1024 * 1024;
const maxNotMade = 100;

/**
 * A file system, and what scripts have changed of it so far. Paths are absolute; links are followed as the kernel would.
 * Nothing is changed but this object: the changes come out as layers.
 */
export class Changes {
  /** Where paths that are relative begin. */
  directory = '/';
  /** Bits that new files and directories have not. */
  mask = 0o022;
  readonly #base: FileSystem;
  /** What stands there now, and what was taken away before that. */
  #there = new Map<string, FileNode>();
  #gone = new Set<string>();
  #bytes = 0;
  /** Of these, how many each path has. */
  readonly #held = new Map<string, number>();
  #activated = new Set<string>();
  #notMade: readonly NotMade[] = [];
  /** How many of them were asked for already. */
  #told = 0;
  /** Why nothing may be changed at the moment. */
  #why: string | undefined;

  constructor(base: FileSystem) {
    this.#base = base;
  }

  /** What was taken away, then what stands there now. */
  layers(): readonly LayerContents[] {
    if (this.#gone.size + this.#there.size === 0) return [];
    const gone = [...this.#gone].map((path): LayerEntry => ({ ...metadata, path, type: 'whiteout' }));
    return [layerOf(gone), layerOf([...this.#there.values()])];
  }

  /** Does something of which, where it throws, nothing stays. */
  attempt<T>(action: () => T): T {
    const [there, gone, activated] = [new Map(this.#there), new Set(this.#gone), new Set(this.#activated)];
    const notMade = this.#notMade;
    try {
      return action();
    } catch (error) {
      this.#there = there;
      this.#gone = gone;
      this.#activated = activated;
      this.#notMade = notMade;
      throw error;
    }
  }

  /** Sets off a trigger of dpkg by its name: whoever is interested in it does something later. */
  activate(trigger: string): void {
    this.#activated.add(trigger);
  }

  /** Triggers that were set off since this was asked last. */
  takeActivated(): ReadonlySet<string> {
    const activated = this.#activated;
    this.#activated = new Set();
    return activated;
  }

  /** Something that whoever starts the image has to make. */
  leave(one: NotMade): void {
    if (this.#notMade.length >= maxNotMade) throw new NotUnderstood('it makes too many keys');
    if (!this.isNotMade(one.path)) this.#notMade = [...this.#notMade, one];
  }

  /** Whether a path would be there, had it not been left. */
  isNotMade(path: string): boolean {
    return this.#notMade.some((one) => one.path === path) && this.at(path) === undefined;
  }

  /** What was left since this was asked last. */
  takeNotMade(): readonly NotMade[] {
    const notMade = this.#notMade.slice(this.#told);
    this.#told = this.#notMade.length;
    return notMade;
  }

  /** Does something that may change nothing. @throws NotUnderstood with `why` where it does */
  only<T>(why: string, action: () => T): T {
    const before = this.#why;
    this.#why = why;
    try {
      return action();
    } finally {
      this.#why = before;
    }
  }

  /** What stands at exactly this path, which is relative to the root and has no links in it. */
  get(path: string): FileNode | undefined {
    const own = this.#there.get(path);
    if (own !== undefined) return own;
    for (let above = path; above !== ''; above = directoryOf(above))
      if (this.#gone.has(above)) return undefined;
    return this.#base.get(path);
  }

  /** What a path leads to. */
  follow(path: string): FileNode | undefined {
    return path === '' ? undefined : resolveWithLinks(this, this.#absolute(path))?.node;
  }

  /** What stands at a path itself, links in its directory followed. */
  at(path: string): FileNode | undefined {
    const real = this.#real(path);
    return real === undefined ? undefined : this.get(real);
  }

  list(path: string): readonly FileNode[] {
    const node = this.follow(path);
    if (node?.type !== 'directory') return [];
    const names = new Set(this.#base.list(node.path).map(({ path: below }) => below));
    for (const below of this.#there.keys()) if (directoryOf(below) === node.path) names.add(below);
    return [...names].sort().flatMap((below) => this.get(below) ?? []);
  }

  /** Undefined where there is no file. */
  read(path: string): Uint8Array | undefined {
    const node = this.follow(path);
    if (node === undefined && this.isNotMade(path))
      throw new NotUnderstood(`it reads ${path}, which is not made`);
    if (node?.type !== 'file') return undefined;
    if (node.size > maxBytes) throw new NotUnderstood(`it reads ${path}, which is large`);
    return node.content?.read(0, node.content.size) ?? new Uint8Array();
  }

  /** Writes a file, also through a link; its owner and mode stay where it is there already. */
  write(
    path: string,
    bytes: Uint8Array,
    like: { mode: number; uid: number; gid: number } = { mode: 0o666 & ~this.mask, uid: 0, gid: 0 },
  ): void {
    const there = this.follow(path);
    if (there !== undefined && there.type !== 'file')
      throw new NotUnderstood(`it writes to ${path}, which is no file`);
    const { mode, uid, gid } = there ?? like;
    const real = there?.path ?? this.#place(path);
    this.#bytes += bytes.length - (this.#held.get(real) ?? 0);
    this.#held.set(real, bytes.length);
    const content = {
      name: real,
      size: bytes.length,
      read: (at: number, length: number) => bytes.subarray(at, at + length),
    };
    this.#put({ ...metadata, mode, uid, gid, path: real, type: 'file', size: bytes.length, content });
  }

  makeDirectory(path: string, mode = 0o777 & ~this.mask): void {
    this.#put({ ...metadata, mode, path: this.#place(path), type: 'directory' });
  }

  makeLink(path: string, target: string): void {
    this.#put({ ...metadata, mode: 0o777, path: this.#place(path), type: 'symlink', linkname: target });
  }

  /** Takes away a file, a link, or a directory with all in it. */
  remove(path: string): void {
    const node = this.at(path);
    if (node === undefined || node.path === '') return;
    if (this.#why !== undefined) throw new NotUnderstood(this.#why);
    for (const below of this.#there.keys())
      if (below === node.path || below.startsWith(`${node.path}/`)) this.#there.delete(below);
    this.#gone.add(node.path);
  }

  /** Changes what a path leads to: its mode, its owner, its group. */
  change(node: FileNode, to: { mode?: number; uid?: number; gid?: number }): void {
    if (node.type !== 'file' && node.type !== 'directory') return;
    this.#put({ ...node, ...to });
  }

  #put(node: Omit<FileNode, 'layer' | 'inode'>): void {
    if (this.#there.size >= maxChanges || this.#bytes > maxBytes)
      throw new NotUnderstood('it changes too much');
    if (this.#why !== undefined) throw new NotUnderstood(this.#why);
    this.#there.set(node.path, { ...node, layer: -1, inode: -1 });
  }

  /** Where something new at a path would lie. */
  #place(path: string): string {
    const real = this.#real(path);
    if (real === undefined) throw new NotUnderstood(`it writes to ${path}, whose directory is not there`);
    return real;
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : `${this.directory}/${path}`;
  }

  #real(given: string): string | undefined {
    const path = this.#absolute(given);
    const clean = path.split('/').filter((part) => part !== '' && part !== '.');
    const name = clean.pop();
    if (given === '' || name === '..') throw new NotUnderstood(`a path that is none: ${given}`);
    if (name === undefined) return '';
    const parent = resolveWithLinks(this, `/${clean.join('/')}`);
    if (parent === undefined || parent.node.type !== 'directory') return undefined;
    return parent.node.path === '' ? name : `${parent.node.path}/${name}`;
  }
}

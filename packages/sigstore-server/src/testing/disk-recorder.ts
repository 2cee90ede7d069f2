import fs, { type PathLike } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';

/** A file or a directory, whatever its name is at the time. */
export interface Inode {
  readonly kind: 'file' | 'directory';
}

/** What was asked of the disk. From `begin` on it may be on the medium; whoever asked knows of it at `end`. */
export type Operation = { readonly begin: number; end: number } & (
  | {
      readonly what: 'write';
      readonly inode: Inode;
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly through: boolean;
    }
  | { readonly what: 'truncate'; readonly inode: Inode; readonly length: number }
  | { readonly what: 'link'; readonly parent: Inode; readonly name: string; readonly inode: Inode }
  | { readonly what: 'unlink'; readonly parent: Inode; readonly name: string }
  | {
      readonly what: 'move';
      readonly from: Inode;
      readonly old: string;
      readonly parent: Inode;
      readonly name: string;
      readonly inode: Inode;
    }
  | { readonly what: 'sync'; readonly inode: Inode }
);

type WithoutTime<T> = T extends unknown ? Omit<T, 'begin' | 'end'> : never;

interface Directory extends Inode {
  readonly entries: Map<string, Inode>;
}

interface Opened {
  readonly inode: Inode;
  readonly through: boolean;
  position: number;
}

/**
 * Writes down, in order, what is changed and synced below one directory through `node:fs`: only the calls that servers on
 * a directory make. For modules that are loaded after `install`.
 */
export class DiskRecorder {
  readonly root: Inode = directory();
  readonly operations: Operation[] = [];
  readonly #base: string;
  readonly #open = new Map<number, Opened>();
  #clock = 0;
  #recording = true;

  /** @param base an empty directory */
  constructor(base: string) {
    this.#base = resolve(base);
  }

  /** A moment after everything that has happened. */
  now(): number {
    return ++this.#clock;
  }

  stop(): void {
    this.#recording = false;
  }

  install(): void {
    const real = { ...fs };
    const realPromises = { ...promises };
    const begin = (operation: WithoutTime<Operation>): Operation => {
      const begun = { ...operation, begin: this.now(), end: Number.POSITIVE_INFINITY } as Operation;
      this.operations.push(begun);
      return begun;
    };
    const end = (...operations: readonly Operation[]) => {
      for (const operation of operations) operation.end = this.now();
    };

    const opened = (fd: number, path: string, flags: string | number | undefined, isNew: boolean) => {
      const inode = isNew ? file() : this.#find(path);
      if (inode === undefined) return;
      if (isNew) end(begin(this.#link(path, inode)));
      const through = typeof flags === 'number' && (flags & fs.constants.O_DSYNC) !== 0;
      this.#open.set(fd, { inode, through, position: 0 });
    };
    fs.openSync = ((path: PathLike, flags?: string | number, mode?: number) => {
      const isNew = this.#covers(path) && !real.existsSync(path);
      const fd = real.openSync(path, flags ?? 'r', mode);
      if (this.#covers(path)) opened(fd, String(path), flags, isNew);
      return fd;
    }) as typeof fs.openSync;
    fs.closeSync = (fd) => {
      this.#open.delete(fd);
      real.closeSync(fd);
    };

    const beginWrite = (fd: number, bytes: Uint8Array, position: number | null | undefined) => {
      const to = this.#open.get(fd);
      if (!this.#recording || to === undefined) return undefined;
      const at = position ?? to.position;
      if (typeof position !== 'number') to.position += bytes.byteLength;
      const { inode, through } = to;
      return begin({ what: 'write', inode, offset: at, bytes: Uint8Array.from(bytes), through });
    };
    const slice = (bytes: Uint8Array, offset = 0, length = bytes.byteLength - offset) =>
      bytes.subarray(offset, offset + length);
    fs.writeSync = ((fd: number, bytes: Uint8Array, offset?: number, length?: number, at?: number) => {
      const write = beginWrite(fd, slice(bytes, offset, length), at);
      const written = real.writeSync(fd, bytes, offset, length, at);
      if (write !== undefined) end(write);
      return written;
    }) as typeof fs.writeSync;
    const writeLater = promisify(real.write);
    const write = () => {
      throw new Error('not recorded');
    };
    Object.defineProperty(write, promisify.custom, {
      value: async (fd: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
        const begun = beginWrite(fd, slice(bytes, offset, length), at);
        const result = await writeLater(fd, bytes, offset, length, at);
        if (begun !== undefined) end(begun);
        return result;
      },
    });
    fs.write = write as unknown as typeof fs.write;
    fs.ftruncateSync = (fd, length) => {
      const inode = this.#open.get(fd)?.inode;
      const truncate = inode && begin({ what: 'truncate', inode, length: length ?? 0 });
      real.ftruncateSync(fd, length);
      if (truncate) end(truncate);
    };

    const beginSync = (fd: number) => {
      const inode = this.#open.get(fd)?.inode;
      return this.#recording && inode !== undefined ? begin({ what: 'sync', inode }) : undefined;
    };
    for (const name of ['fsyncSync', 'fdatasyncSync'] as const) {
      fs[name] = (fd) => {
        const sync = beginSync(fd);
        real[name](fd);
        if (sync !== undefined) end(sync);
      };
    }

    const beginMove = (from: PathLike, to: PathLike) => {
      if (!this.#covers(to)) return undefined;
      const inode = this.#find(String(from))!;
      const [source, target] = [this.#place(String(from)), this.#place(String(to))];
      const move = begin({
        what: 'move',
        from: source.parent,
        old: source.name,
        parent: target.parent,
        name: target.name,
        inode,
      });
      source.parent.entries.delete(source.name);
      target.parent.entries.set(target.name, inode);
      return move;
    };
    fs.renameSync = (from, to) => {
      const move = beginMove(from, to);
      real.renameSync(from, to);
      if (move !== undefined) end(move);
    };
    promises.rename = async (from, to) => {
      const move = beginMove(from, to);
      await realPromises.rename(from, to);
      if (move !== undefined) end(move);
    };

    const beginDirectories = (path: PathLike): Operation[] => {
      const missing: string[] = [];
      for (let at = resolve(String(path)); this.#covers(at) && this.#find(at) === undefined; at = dirname(at))
        missing.unshift(at);
      return missing.map((one) => begin(this.#link(one, directory())));
    };
    fs.mkdirSync = ((path: PathLike, options) => {
      const made = beginDirectories(path);
      const first = real.mkdirSync(path, options);
      end(...made);
      return first;
    }) as typeof fs.mkdirSync;
    promises.mkdir = (async (path: PathLike, options) => {
      const made = beginDirectories(path);
      const first = await realPromises.mkdir(path, options);
      end(...made);
      return first;
    }) as typeof promises.mkdir;

    const beginRemoval = (path: PathLike): Operation[] => {
      const inode = this.#covers(path) ? this.#find(String(path)) : undefined;
      if (inode === undefined) return [];
      const inside = 'entries' in inode ? [...(inode as Directory).entries.keys()] : [];
      const before = inside.flatMap((name) => beginRemoval(join(String(path), name)));
      const { parent, name } = this.#place(String(path));
      parent.entries.delete(name);
      return [...before, begin({ what: 'unlink', parent, name })];
    };
    fs.rmSync = (path, options) => {
      const removed = beginRemoval(path);
      real.rmSync(path, options);
      end(...removed);
    };
    fs.unlinkSync = (path) => {
      const removed = beginRemoval(path);
      real.unlinkSync(path);
      end(...removed);
    };
    promises.rm = async (path, options) => {
      const removed = beginRemoval(path);
      await realPromises.rm(path, options);
      end(...removed);
    };

    promises.open = async (path, flags, mode) => {
      const isNew = this.#covers(path) && !real.existsSync(path);
      const handle = await realPromises.open(path, flags, mode);
      if (!this.#covers(path)) return handle;
      const { fd } = handle;
      opened(fd, String(path), flags, isNew);
      const recorded: Pick<FileHandle, 'writeFile' | 'sync' | 'close'> = {
        writeFile: async (data) => {
          const begun = beginWrite(fd, data as Uint8Array, undefined);
          await handle.writeFile(data);
          if (begun !== undefined) end(begun);
        },
        sync: async () => {
          const sync = beginSync(fd);
          await handle.sync();
          if (sync !== undefined) end(sync);
        },
        close: async () => {
          this.#open.delete(fd);
          await handle.close();
        },
      };
      return recorded as FileHandle;
    };
    syncBuiltinESMExports();
  }

  #covers(path: unknown): boolean {
    if (!this.#recording || typeof path !== 'string') return false;
    const inside = relative(this.#base, resolve(path));
    return inside === '' || !inside.startsWith('..');
  }

  #find(path: string): Inode | undefined {
    const inside = relative(this.#base, resolve(path));
    let at: Inode | undefined = this.root;
    for (const name of inside === '' ? [] : inside.split(sep)) {
      at = at !== undefined && 'entries' in at ? (at as Directory).entries.get(name) : undefined;
    }
    return at;
  }

  #place(path: string): { readonly parent: Directory; readonly name: string } {
    return { parent: this.#find(dirname(resolve(path))) as Directory, name: basename(path) };
  }

  #link(path: string, inode: Inode) {
    const { parent, name } = this.#place(path);
    parent.entries.set(name, inode);
    return { what: 'link' as const, parent, name, inode };
  }
}

function file(): Inode {
  return { kind: 'file' };
}

function directory(): Directory {
  return { kind: 'directory', entries: new Map() };
}

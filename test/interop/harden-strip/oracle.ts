/** What a root file system holds and loads, by the tools it comes with: nothing of ours looks at it. */
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from '../../support/process.ts';

/** Of one real base image. Paths are relative to the root. */
export interface Oracle {
  /** For each program and library that the image’s own loader can load: every path it goes through for its libraries, links included. */
  readonly loads: ReadonlyMap<string, ReadonlySet<string>>;
  /** For each package (`name` or `name:architecture`, as its list is named) what it brought that is there and no directory. */
  readonly owned: ReadonlyMap<string, readonly string[]>;
  /** Everything below a `bin` or `sbin` that can be run. */
  readonly programs: readonly string[];
  readonly files: readonly string[];
}

/** @param lists what each package brought, as its package manager says of the unpacked root; default dpkg */
export async function readOracle(
  tar: string,
  directory: string,
  lists: (root: string) => Promise<ReadonlyMap<string, readonly string[]>> = dpkgLists,
): Promise<Oracle> {
  mkdirSync(directory);
  const unpacked = await run('tar', ['-xf', tar, '-C', directory, '--no-same-owner', '--exclude=./dev/*']);
  if (unpacked.code !== 0) throw new Error(unpacked.stderr);
  const files = [...walk(directory, '')];
  const executable = (path: string) => (lstatSync(join(directory, path)).mode & 0o111) !== 0;
  return {
    loads: await loads(
      directory,
      files.filter((path) => isElf(join(directory, path))),
    ),
    owned: new Map(
      [...(await lists(directory))].map(([name, paths]) => [
        name,
        paths.flatMap((path) => ownPath(directory, path) ?? []),
      ]),
    ),
    programs: files.filter((path) => /^(usr\/)?s?bin\/[^/]+$/.test(path) && executable(path)),
    files,
  };
}

/** Every file that is one. */
function* walk(root: string, below: string): Generator<string> {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else if (entry.isFile()) yield path;
  }
}

function isElf(path: string): boolean {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    return readSync(file, head, 0, 4, 0) === 4 && head.equals(Buffer.from('\x7fELF', 'latin1'));
  } finally {
    closeSync(file);
  }
}

/** `ld.so --list` of every file, run in the image itself. */
async function loads(
  root: string,
  files: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const script =
    'while read -r f; do echo "FILE $f"; /lib64/ld-linux-x86-64.so.2 --list "/$f" 2>/dev/null || echo FAILED; done';
  const sandbox = [
    '--bind',
    root,
    '/',
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    '--unshare-all',
    '--die-with-parent',
  ];
  const { code, stdout, stderr } = await run('bwrap', [...sandbox, '/bin/sh', '-c', script], {
    input: `${files.join('\n')}\n`,
  });
  if (code !== 0) throw new Error(stderr);
  const found = new Map<string, ReadonlySet<string>>();
  for (const part of stdout.split(/^FILE /m).slice(1)) {
    const [file, ...lines] = part.trimEnd().split('\n');
    if (lines.some((line) => /FAILED|not found/.test(line))) continue;
    const libraries = lines.flatMap((line) => /(?:=> |^\t)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
    found.set(file!, new Set(libraries.flatMap((path) => way(root, path))));
  }
  return found;
}

/** Every path on the way to where a path leads: links, and the file. Empty where it leads nowhere. */
export function way(root: string, path: string): readonly string[] {
  const passed: string[] = [];
  const rest = path.split('/').filter(Boolean).reverse();
  const at: string[] = [];
  for (let steps = 0; rest.length > 0 && steps < 1000; steps++) {
    const part = rest.pop()!;
    if (part === '.') continue;
    if (part === '..') {
      at.pop();
      continue;
    }
    const here = [...at, part].join('/');
    const found = lstatSync(join(root, here), { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (!found.isSymbolicLink()) {
      at.push(part);
      if (!found.isDirectory()) passed.push(here);
      continue;
    }
    passed.push(here);
    const target = readlinkSync(join(root, here));
    if (target.startsWith('/')) at.length = 0;
    rest.push(...target.split('/').filter(Boolean).reverse());
  }
  return passed;
}

async function dpkgLists(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const info = join(root, 'var/lib/dpkg/info');
  const lists = readdirSync(info).filter((name) => name.endsWith('.list'));
  return new Map(
    lists.map((name) => {
      const paths = readFileSync(join(info, name), 'utf8').split('\n');
      return [name.slice(0, -'.list'.length), paths.filter((path) => path.length > 2)];
    }),
  );
}

/** Where a listed path lies once the links of its directories are followed; undefined for what is no file there. */
export function ownPath(root: string, path: string): string | undefined {
  const [, parent, name] = /^(.*)\/([^/]+)$/.exec(path)!;
  const directory = realDirectory(root, parent!);
  if (directory === undefined) return undefined;
  const real = directory === '' ? name! : `${directory}/${name}`;
  const found = lstatSync(join(root, real), { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return undefined;
  // `/bin`, a directory to the package, which the image has as a link.
  if (found.isSymbolicLink() && realDirectory(root, path) !== undefined && /^(bin|sbin|lib\w*)$/.test(real))
    return undefined;
  return real;
}

function realDirectory(root: string, path: string): string | undefined {
  const at: string[] = [];
  const rest = path.split('/').filter(Boolean).reverse();
  while (rest.length > 0) {
    const part = rest.pop()!;
    const here = [...at, part].join('/');
    const found = lstatSync(join(root, here), { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (found.isDirectory()) at.push(part);
    else if (found.isSymbolicLink()) {
      const target = readlinkSync(join(root, here));
      if (target.startsWith('/')) at.length = 0;
      rest.push(...target.split('/').filter(Boolean).reverse());
    } else return undefined;
  }
  return at.join('/');
}

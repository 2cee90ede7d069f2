/**
 * Image archives of go-containerregistry, osv-scalibr and Trivy, honest and hostile: what a program in the image would
 * find at every path. A link that leads out of the image finds nothing there, and nothing of this machine.
 */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FileSystem,
  type KeepRule,
  readImage,
  readRootArchive,
} from '../../packages/inspect/src/index.ts';
import { openArchive } from '../../packages/oci/src/index.ts';
import type { SuiteResult } from './expectations.ts';

/** For each file or link of an archive: its text (its first line), `''` for none, `null` where it leads nowhere. */
const expected: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  'basic.tar': { 'larger-sample.txt': 'sample text file', 'sample.txt': 'sample text file' },
  'dangling-symlinks.tar': dangling(),
  'empty.tar': {},
  // `/escape` is a file's directory first and a link out of the image then, over a link to the root.
  'escape.tar': {
    escape: null,
    trampoline: '<directory>',
    'usr/share/doc/a/copyright': '<directory>',
    'usr/share/doc/b/copyright': null,
    'usr/share/doc/c/copyright': null,
  },
  'multiple-files.tar': { 'dir1/bar.txt': 'bar', 'dir1/baz.txt': 'baz', 'foo.txt': 'foo' },
  'overwrite-file.tar': { 'sample.txt': 'overwritten sample text file' },
  'overwritten_file.tar': { 'bar.txt': 'bar', 'foo.txt': 'bar' },
  'permissions.tar': { 'sample.txt': 'sample text file' },
  'single-file.tar': { 'foo.txt': 'foo' },
  'source_image.tar': { bar: 'bar', foo: 'foo' },
  'source_image_with_empty_layer_history.tar': { bar: 'bar', foo: 'foo' },
  'symlink-attack.tar': { 'dir1/attack-symlink-absolute.txt': null, 'dir1/attack-symlink.txt': null },
  'symlink-basic.tar': {
    'dir1/absolute-symlink.txt': 'sample text',
    'dir1/chain-symlink.txt': 'sample text',
    'dir1/relative-dot-symlink.txt': 'sample text',
    'dir1/relative-symlink.txt': 'sample text',
    'dir1/sample.txt': 'sample text',
  },
  'symlink-cycle.tar': {
    'dir1/absolute-symlink.txt': null,
    'dir1/chain-symlink.txt': null,
    'dir1/sample.txt': null,
  },
  'symlink-dangling.tar': dangling(),
  // Deeper than its authors follow; Linux follows 40 links.
  'symlink-depth-exceeded.tar': Object.fromEntries(
    ['sample', ...[1, 2, 3, 4, 5, 6, 7].map((at) => `symlink${at}`)].map((name) => [
      `dir1/${name}.txt`,
      'sample text',
    ]),
  ),
  'symlinks.tar': {
    'dir1/absolute-symlink.txt': 'sample text',
    'dir1/attack-symlink-absolute.txt': null,
    'dir1/attack-symlink.txt': null,
    'dir1/chain-symlink.txt': 'sample text',
    'dir1/relative-dot-symlink.txt': 'sample text',
    'dir1/relative-symlink.txt': 'sample text',
    'dir1/sample.txt': 'sample text',
    'dir2/dir3/absolute-chain-symlink.txt': 'sample text',
    'dir2/dir3/absolute-subfolder-symlink.txt': 'sample text',
    'dir2/dir3/absolute-symlink-inside-root.txt': 'sample text',
    'dir2/dir3/relative-subfolder-symlink.txt': 'sample text',
  },
  'two-files.tar': { 'bar.txt': 'bar', 'foo.txt': 'foo' },
  'whiteout_dir.tar': { 'a/baz': '', 'b/bar': '' },
  'whiteout_image.tar': { 'bar.txt': 'bar' },
};

function dangling(): Record<string, null> {
  const links = ['absolute-symlink', 'chain-symlink', 'relative-dot-symlink', 'relative-symlink'];
  const deeper = ['absolute-chain-symlink', 'absolute-subfolder-symlink', 'relative-subfolder-symlink'];
  const paths = [
    ...links.map((name) => `dir1/${name}.txt`),
    ...deeper.map((name) => `dir2/dir3/${name}.txt`),
  ];
  return Object.fromEntries(paths.map((path) => [path, null]));
}

/** Two of the files are layers, not archives of images. */
const bare = new Set(['empty.tar', 'escape.tar']);
const keep: KeepRule = { id: 'everything', keep: () => 'whole' };

async function open(path: string, name: string): Promise<FileSystem> {
  if (bare.has(name)) return await readRootArchive(createReadStream(path), { keep });
  await using archive = await openArchive(path);
  const [image] = await archive.entries();
  return (await readImage(archive, image!.digest, { keep })).fileSystem;
}

function found(fileSystem: FileSystem): Record<string, string | null> {
  const files = [...fileSystem.nodes()].filter(({ type }) => type !== 'directory');
  return Object.fromEntries(
    files.map(({ path }) => {
      const node = fileSystem.resolve(path);
      if (node === undefined) return [path, null];
      if (node.content === undefined) return [path, `<${node.type}>`];
      return [path, Buffer.from(node.content.read(0, node.content.size)).toString().split('\n')[0]!];
    }),
  );
}

export async function run(corpora: string): Promise<SuiteResult[]> {
  const failures: string[] = [];
  let passed = 0;
  const files = readdirSync(join(corpora, 'tars')).filter((name) => name.endsWith('.tar'));
  for (const name of new Set([...files, ...Object.keys(expected)])) {
    try {
      const fileSystem = await open(join(corpora, 'tars', name), name);
      const [wanted, got] = [sorted(expected[name]), sorted(found(fileSystem))];
      fileSystem.close();
      if (wanted === got) passed++;
      else failures.push(`${name}: expected ${wanted}, found ${got}`);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  return [{ suite: 'tars', passed, failed: failures.length, failures }];
}

function sorted(record: Readonly<Record<string, string | null>> | undefined): string {
  return JSON.stringify(
    Object.entries(record ?? { '?': 'not expected' }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

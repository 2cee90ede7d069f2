import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printable } from '@pratique/errors';
import { sharedLibraries } from '../elf/libraries.ts';
import { isDefaultDirectory } from '../elf/search-path.ts';
import { ociErrors } from '../errors.ts';
import type { LayerEntry } from './entries.ts';
import type { RunConfig } from './image.ts';

/** Files of a small root file system and how to run it. */
export interface RootFileSystem {
  readonly entries: readonly LayerEntry[];
  readonly run: RunConfig;
}

/** Loaded by glibc by name when users or hosts are looked up, so no `NEEDED` tells of them. */
const nameServices = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

const textFiles: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/os-release': 'NAME="Pratique Node base"\nID=pratique-node\nPRETTY_NAME="Pratique Node base"\n',
};

/**
 * The smallest root file system in which a Node executable runs: the executable at `/usr/local/bin/node`, its dynamic
 * linker and shared libraries at the paths they have on this machine, accounts, `/tmp`. About 130 MB, read from disk
 * only when the layer is built and pushed. Linux only.
 *
 * @param node the executable, by default the one running
 * @throws OCI_ELF_INVALID where it is not a Linux executable; OCI_LIBRARY_NOT_FOUND
 */
export function nodeBase(node: string = process.execPath): RootFileSystem {
  const { interpreter, libraries } = sharedLibraries(node);
  const files = new Map<string, LayerEntry>();
  const add = (path: string, file: string, mode: number) =>
    files.set(path, { type: 'file', path, content: { file }, mode });
  add('/usr/local/bin/node', node, 0o755);
  if (interpreter !== undefined) {
    if (!existsSync(interpreter)) {
      throw ociErrors.error('OCI_LIBRARY_NOT_FOUND', {
        message: `the dynamic linker ${printable(interpreter)} was not found`,
      });
    }
    add(interpreter, interpreter, 0o755);
  }
  for (const path of libraries.values()) add(path, path, 0o755);
  const libc = [...libraries.entries()].find(([name]) => name.startsWith('libc.so'))?.[1];
  for (const name of libc === undefined ? [] : nameServices) {
    const path = join(dirname(libc!), name);
    if (existsSync(path)) add(path, path, 0o755);
  }
  const unusual = [...new Set([...libraries.values()].map(dirname))].filter(
    (path) => !isDefaultDirectory(path),
  );
  const text = (path: string, content: string): LayerEntry => ({
    type: 'file',
    path,
    content: new TextEncoder().encode(content),
  });
  return {
    entries: [
      ...files.values(),
      ...Object.entries(textFiles).map(([path, content]) => text(path, content)),
      { type: 'directory', path: 'tmp', mode: 0o1777 },
      { type: 'directory', path: 'root', mode: 0o700 },
      { type: 'directory', path: 'home/nonroot', mode: 0o700, uid: 65532, gid: 65532 },
    ],
    run: {
      user: '65532:65532',
      entrypoint: ['/usr/local/bin/node'],
      workingDir: '/home/nonroot',
      env: [
        'PATH=/usr/local/bin:/usr/bin:/bin',
        // Without a linker cache in the image, directories the linker does not know by itself must be named.
        ...(unusual.length === 0 ? [] : [`LD_LIBRARY_PATH=${unusual.join(':')}`]),
      ],
    },
  };
}

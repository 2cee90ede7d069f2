import { globSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** Where the C libraries look without being told (glibc, its multiarch builds, musl). */
const defaultDirectories = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/lib/arm-linux-gnueabihf',
  '/usr/lib/arm-linux-gnueabihf',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
];

const limits = { files: 256, directories: 1024 } as const;

/** Whether the dynamic linker finds libraries of this directory without a cache or configuration. */
export function isDefaultDirectory(directory: string): boolean {
  return defaultDirectories.includes(directory);
}

/** Directories `ldconfig` was told of (ld.so.conf(5): one a line, `include GLOB`), then the built-in ones. */
export function systemDirectories(configuration = '/etc/ld.so.conf'): string[] {
  const directories = new Set<string>();
  const seen = new Set<string>();
  const read = (path: string) => {
    if (seen.has(path) || seen.size >= limits.files) return;
    seen.add(path);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      // Not every system has the file, and an include may match nothing.
      return;
    }
    for (const line of text.split('\n')) {
      const entry = line.replace(/#.*/, '').trim();
      const include = /^include\s+(.+)$/.exec(entry)?.[1];
      if (include !== undefined) {
        const pattern = isAbsolute(include) ? include : join(dirname(path), include);
        for (const file of globSync(pattern).sort()) read(file);
      } else if (entry.startsWith('/') && directories.size < limits.directories) {
        directories.add(entry.replace(/(.)\/+$/, '$1'));
      }
    }
  };
  read(configuration);
  return [...new Set([...directories, ...defaultDirectories])];
}

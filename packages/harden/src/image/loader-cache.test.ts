import { elfBytes } from '@pratique/oci/testing/elf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Files, fileSystemOf } from '../testing/file-system.ts';
import { loaderCache } from './loader-cache.ts';

const library = (soname: string, more: { machine?: number } = {}) =>
  elfBytes({ needed: [], soname, ...more });

async function cacheOf(files: Files, gone: readonly string[] = []) {
  const fileSystem = await fileSystemOf({
    'etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
    'etc/ld.so.conf.d/local.conf': '# ours\n/usr/local/lib\n/opt/own/lib\n',
    ...files,
  });
  const bytes = loaderCache(fileSystem, (path) => !gone.includes(path));
  fileSystem.close();
  return bytes;
}

/** Reads the cache as glibc does (`elf/cache.c`, `print_cache`): names, where they lead to, hardware. */
function entriesOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const number = (at: number) => view.getUint32(at, true);
  const text = (at: number) => Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString();
  expect(text(0).slice(0, 20)).toBe('glibc-ld.so.cache1.1');
  const extension = number(32);
  return Array.from({ length: number(20) }, (_, index) => {
    const at = 48 + index * 24;
    const hardware = (number(at + 20) & 0x40000000) !== 0;
    const [name, path] = [text(number(at + 4)), text(number(at + 8))];
    return {
      name,
      path,
      hardware: hardware ? text(number(number(extension + 16) + 4 * number(at + 16))) : '',
    };
  });
}

/** `_dl_cache_libcmp`, and the search by halves of `search_cache`, written from their description. */
function compareNames(a: string, b: string): number {
  for (let [i, j] = [0, 0]; ; ) {
    if (i >= a.length || j >= b.length) return Math.sign(a.length - i - (b.length - j));
    const [one, other] = [a.slice(i).match(/^\d+/)?.[0], b.slice(j).match(/^\d+/)?.[0]];
    if (one !== undefined && other !== undefined) {
      if (Number(one) !== Number(other)) return Number(one) - Number(other);
      [i, j] = [i + one.length, j + other.length];
    } else if (one !== undefined) return 1;
    else if (other !== undefined) return -1;
    else if (a[i] !== b[j]) return a.charCodeAt(i) - b.charCodeAt(j);
    else [i, j] = [i + 1, j + 1];
  }
}

function search(entries: readonly { readonly name: string }[], name: string): boolean {
  for (let [left, right] = [0, entries.length - 1]; left <= right; ) {
    const middle = (left + right) >> 1;
    const order = compareNames(name, entries[middle]!.name);
    if (order === 0) return true;
    if (order < 0) left = middle + 1;
    else right = middle - 1;
  }
  return false;
}

test('a library in a directory that is only configured is found by the loader', async () => {
  const bytes = await cacheOf({
    'opt/own/lib/libown.so.2.1': library('libown.so.2'),
    'opt/own/lib/libown.so.2': '-> libown.so.2.1',
    'opt/own/lib/libown.so': '-> libown.so.2',
    'opt/own/lib/README.so': 'text',
    'opt/own/lib/libscript.so': 'GROUP ( libown.so.2 )',
  });
  expect(entriesOf(bytes!).map(({ name, path }) => `${name} ${path}`)).toEqual([
    'libown.so.2 /opt/own/lib/libown.so.2',
    'libown.so /opt/own/lib/libown.so',
  ]);
});

test('of two libraries of one name the one in the first directory is loaded', async () => {
  const bytes = await cacheOf({
    'lib/libx.so.1': library('libx.so.1'),
    'opt/own/lib/libx.so.1': library('libx.so.1'),
    'usr/local/lib/libx.so.1': library('libx.so.1'),
  });
  expect(entriesOf(bytes!)[0]?.path).toBe('/usr/local/lib/libx.so.1');
});

test('a library that is gone is not named: nor is a link to it, nor what a removed link led to', async () => {
  const files = {
    'opt/own/lib/libx.so.1.0': library('libx.so.1'),
    'opt/own/lib/libx.so.1': '-> libx.so.1.0',
    'opt/own/lib/liby.so.1': library('liby.so.1'),
  };
  const bytes = await cacheOf(files, ['opt/own/lib/libx.so.1.0']);
  expect(entriesOf(bytes!).map(({ name }) => name)).toEqual(['liby.so.1']);
});

test('a library without a link of its own name is found by that name', async () => {
  const bytes = await cacheOf({ 'usr/local/lib/libz-1.so': library('libz.so.1') });
  expect(entriesOf(bytes!)).toMatchObject([{ name: 'libz.so.1', path: '/usr/local/lib/libz-1.so' }]);
});

test('variants for hardware come before the library for all, with the hardware’s name', async () => {
  const bytes = await cacheOf({
    'lib/libx.so.1': library('libx.so.1'),
    'lib/glibc-hwcaps/x86-64-v3/libx.so.1': library('libx.so.1'),
    'lib/glibc-hwcaps/x86-64-v2/libx.so.1': library('libx.so.1'),
  });
  expect(entriesOf(bytes!).map(({ hardware }) => hardware)).toEqual(['x86-64-v2', 'x86-64-v3', '']);
});

test('there is no cache where a machine is not known: the loader looks for itself', async () => {
  expect(await cacheOf({ 'lib/libx.so.1': library('libx.so.1', { machine: 9999 }) })).toBeNull();
});

test('every library is where glibc’s search by halves looks for it, whatever the names', async () => {
  const name = fc.stringMatching(/^lib[a-c0-9.+-]{0,6}\.so(\.[0-9]{1,3}){0,2}$/);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), async (names) => {
      const files = Object.fromEntries(names.map((one) => [`opt/own/lib/${one}`, library(one)]));
      const entries = entriesOf((await cacheOf(files))!);
      expect(names.filter((one) => !search(entries, one))).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

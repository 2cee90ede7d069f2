import { describe, expect, onTestFinished, test } from 'vitest';
import { readRootArchive } from '../image/read-root.ts';
import { directory, file, symlink, type TestEntry, tar } from '../testing/tar.ts';
import { readAccounts, resolveUser } from './image-user.ts';

const passwd = [
  'root:x:0:0:root:/root:/bin/sh',
  'app:x:1000:50:of ours:/home/app:/bin/sh',
  'app:x:0:0:second of its name:/:/bin/sh',
  'toor:x:0:0::/toor:/bin/sh',
  'none:x:4294967295:0::/:',
  'minus:x:-1:0::/:',
  'over:x:4294967296:0::/:',
  'high:x:2147483647:0::/:',
  'hex:x:0x0:0::/:',
  'lost:x:1001:4294967296::/:',
  '2000:x:0:0:root with the name of a number:/:',
  'short:x:7',
].join('\n');
const group = [
  'root:x:0:',
  'staff:x:50:app',
  'disk:x:6:root,app',
  'tty:x:5:app,',
  '300:x:0:',
  'bad:x:-2:',
].join('\n');
const accounts = { passwd, group };
const inNumbers = (user: string) => {
  const { uid, gid, groups, home } = resolveUser(accounts, user);
  return [uid, gid, groups, home];
};

describe('whom a configuration means', () => {
  test.each([
    ['', 0, 0, [6], '/root'],
    ['root', 0, 0, [6], '/root'],
    ['0', 0, 0, [6], '/root'],
    ['toor', 0, 0, [], '/toor'],
    ['app', 1000, 50, [6, 5], '/home/app'],
    ['1000', 1000, 50, [6, 5], '/home/app'],
    ['01000', 1000, 50, [6, 5], '/home/app'],
    ['app:0', 1000, 0, [], '/home/app'],
    ['app:disk', 1000, 6, [], '/home/app'],
    ['65532', 65532, 0, [], '/'],
    ['65532:65532', 65532, 65532, [], '/'],
    ['65532:staff', 65532, 50, [], '/'],
    ['2147483646', 2147483646, 0, [], '/'],
    [':staff', 0, 50, [], '/root'],
  ])('%s', (user, ...expected) => {
    expect(inNumbers(user)).toEqual(expected);
  });

  test('numbers need no accounts', () => {
    expect(resolveUser({ passwd: undefined, group: undefined }, '5:6')).toEqual({
      uid: 5,
      gid: 6,
      groups: [],
      home: '/',
    });
  });
});

describe('what means nobody, or two users, is not run', () => {
  test.each([
    'nobody',
    'app:nobody',
    'none',
    'minus',
    'over',
    'high',
    'hex',
    'lost',
    'short',
    '-1',
    '4294967295',
    '4294967296',
    '2147483647',
    '99999999999999999999',
    '1:4294967296',
    '1:-1',
    '1:bad',
    // Docker takes root for it, containerd 2000.
    '2000',
    '1:300',
    'app:staff:disk',
    '0x0',
    ' 0',
    '1e3',
  ])('%s', (user) => {
    expect(() => resolveUser(accounts, user)).toThrow(/image has|has the id|is none/);
  });

  test('a user in more groups than a process has', () => {
    const many = Array.from({ length: 1001 }, (_, at) => `g${at}:x:${at}:app`).join('\n');
    expect(() => resolveUser({ passwd, group: many }, 'app')).toThrow('more than 1000 groups');
  });
});

describe('the files that say so', () => {
  const read = async (...entries: readonly TestEntry[]) => {
    const fileSystem = await readRootArchive(ReadableStream.from([tar(entries)]), {
      keep: { id: 'whole', keep: () => 'whole' },
    });
    onTestFinished(() => fileSystem.close());
    return readAccounts(fileSystem);
  };

  test('a link leads inside the image, and nowhere else', async () => {
    const { passwd: text } = await read(
      symlink('etc/passwd', '../../../../real'),
      file('real', 'a:x:1:1::/:'),
    );
    expect(text).toBe('a:x:1:1::/:');
    await expect(read(symlink('etc/passwd', '/proc/self/root/etc/passwd'))).rejects.toThrow('is no file');
  });

  test.each([
    ['a directory', directory('etc/passwd'), 'is no file'],
    ['a link to itself', symlink('etc/group', 'group'), 'is no file'],
    ['too large', file('etc/passwd', 'x'.repeat(1024 * 1024 + 1)), 'more than 1048576 bytes'],
  ])('%s is refused', async (_, entry, message) => {
    await expect(read(entry)).rejects.toThrow(message);
  });

  test('none is none', async () => {
    expect(await read(file('a'))).toEqual({ passwd: undefined, group: undefined });
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rpmHeader } from '../testing/rpm.ts';
import { parseRpmInstalled } from './rpm-installed.ts';

const header = rpmHeader({
  1000: 'bash',
  1029: Uint8Array.of(0, 1),
  1037: [0, 64],
  1047: ['bash', 'config(bash)'],
  1048: [0, 12],
  1049: ['/bin/sh', 'glibc'],
  1050: ['', '2.34'],
  1112: [8, 0],
  1113: ['5.1-2', ''],
  1116: [0, 0],
  1117: ['bash', 'sh'],
  1118: ['/usr/bin/'],
});

test('files with their states, and what is required and provided with versions', () => {
  const installed = parseRpmInstalled(header)!;
  expect(installed).toEqual({
    files: [
      { path: '/usr/bin/bash', state: 0, isGhost: false },
      { path: '/usr/bin/sh', state: 1, isGhost: true },
    ],
    requires: [
      { name: '/bin/sh', flags: 0, version: '' },
      { name: 'glibc', flags: 12, version: '2.34' },
    ],
    provides: [
      { name: 'bash', flags: 8, version: '5.1-2' },
      { name: 'config(bash)', flags: 0, version: '' },
    ],
    statesAt: expect.any(Number),
  });
  expect([...header.subarray(installed.statesAt, installed.statesAt! + 2)]).toEqual([0, 1]);
});

test('a header that is damaged anywhere is read or is none, and its states lie in it', () => {
  fc.assert(
    fc.property(fc.nat(header.length - 1), fc.uint8Array({ minLength: 1, maxLength: 6 }), (at, bytes) => {
      const damaged = Buffer.from(header);
      damaged.set(bytes.subarray(0, header.length - at), at);
      const installed = parseRpmInstalled(damaged);
      if (installed?.statesAt === undefined) return;
      expect(installed.statesAt + installed.files.length).toBeLessThanOrEqual(header.length);
    }),
    { numRuns: 2000 },
  );
});

test('as many states as files, or it is damaged', () => {
  const three = rpmHeader({ 1029: Uint8Array.of(0, 0, 0), 1116: [0], 1117: ['a'], 1118: ['/'] });
  expect(parseRpmInstalled(three)).toBeUndefined();
});

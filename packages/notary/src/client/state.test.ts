import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directoryState, memoryState, type Seen, type TrustState } from './state.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pratique-notary-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const seen = (versions: Readonly<Record<string, number>>, rootVersion = 1, pin = 'keys:1'): Seen => ({
  pin,
  root: Uint8Array.of(rootVersion),
  rootVersion,
  versions: new Map(Object.entries(versions)),
});

const states: readonly [string, () => TrustState][] = [
  ['in memory', memoryState],
  ['in a directory', () => directoryState(join(directory, 'trust'))],
];

test.each(states)('%s: what was seen is read again, of each repository its own', (_, open) => {
  const state = open();
  expect(state.read('a.b/c')).toBeUndefined();
  state.write('a.b/c', seen({ targets: 2, 'targets/releases': 3 }));
  state.write('a.b/d', seen({ targets: 9 }));
  expect(state.read('a.b/c')).toEqual(seen({ targets: 2, 'targets/releases': 3 }));
});

test.each(states)('%s: who writes last does not take back what another has seen', (_, open) => {
  const state = open();
  state.write('a.b/c', seen({ targets: 5, timestamp: 5 }, 2));
  state.write('a.b/c', seen({ targets: 4, timestamp: 6 }, 2));
  expect(state.read('a.b/c')).toEqual(seen({ targets: 5, timestamp: 6 }, 2));
  state.write('a.b/c', seen({ targets: 4 }, 1));
  expect(state.read('a.b/c')?.rootVersion).toBe(2);
  expect(state.read('a.b/c')?.versions.get('targets')).toBe(5);
});

test.each(states)('%s: under another pin it begins anew', (_, open) => {
  const state = open();
  state.write('a.b/c', seen({ targets: 5 }, 2));
  state.write('a.b/c', seen({ targets: 1 }, 1, 'keys:2'));
  expect(state.read('a.b/c')).toEqual(seen({ targets: 1 }, 1, 'keys:2'));
});

test('two of one directory see the same', () => {
  directoryState(directory).write('a.b/c', seen({ targets: 5 }));
  expect(directoryState(directory).read('a.b/c')).toEqual(seen({ targets: 5 }));
});

test.each([
  ['cut off', '{"repository":'],
  ['empty', ''],
  ['without a root', '{"repository":"a.b/c","pin":"x","rootVersion":1,"versions":{}}'],
  [
    'with a version that is none',
    '{"repository":"a.b/c","pin":"x","rootVersion":1,"versions":{"targets":-1},"root":""}',
  ],
  ['of another repository', '{"repository":"a.b/d","pin":"x","rootVersion":1,"versions":{},"root":""}'],
])('what is %s is a fault, and not as if nothing had been seen', (_, content) => {
  const state = directoryState(directory);
  state.write('a.b/c', seen({ targets: 5 }));
  const [file] = readdirSync(directory).sort();
  writeFileSync(join(directory, file!), content);
  const fault = expect.objectContaining({ code: 'NOTARY_STATE_UNREADABLE' });
  expect(() => state.read('a.b/c')).toThrow(fault);
  expect(() => state.write('a.b/c', seen({ targets: 6 }))).toThrow(fault);
});

test('what cannot be written is a fault', () => {
  writeFileSync(join(directory, 'file'), '');
  const state = directoryState(join(directory, 'file', 'below'));
  expect(() => state.write('a.b/c', seen({}))).toThrow(
    expect.objectContaining({ code: 'NOTARY_STATE_UNREADABLE' }),
  );
});

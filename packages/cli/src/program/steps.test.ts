import { expect, test } from 'vitest';
import { testTerminal } from '../testing/terminal.ts';
import { openSteps, withProgress } from './steps.ts';

/** What a person sees in the end: what was erased is gone. */
const seen = (written: string) => written.split('\n').map((line) => line.split('\r\u001b[2K').at(-1));

function play(live: boolean, last: 'end' | 'fail'): string {
  const terminal = testTerminal();
  let now = 0;
  const steps = openSteps(terminal, live, () => now);
  steps.begin('reading');
  now = 1_240;
  steps.begin('testing');
  steps.say('warning: old');
  now = 1_340;
  steps[last]();
  steps[last]();
  return terminal.stderr;
}

test('a live terminal shows each step with its time, and warnings on lines of their own', () => {
  expect(seen(play(true, 'end'))).toEqual(['✓ reading 1.2 s', 'warning: old', '✓ testing 0.1 s', '']);
});

test('the step that is being done is told before it ends', () => {
  const terminal = testTerminal({ live: true });
  openSteps(terminal).begin('pushing');
  expect(terminal.stderr).toBe('• pushing');
});

test('the step that failed is told, and those before it did not fail', () => {
  expect(seen(play(true, 'fail'))).toEqual(['✓ reading 1.2 s', 'warning: old', '✗ testing 0.1 s', '']);
});

test('elsewhere nothing is written over, and no time makes two logs differ', () => {
  expect(play(false, 'fail')).toBe('• reading\n• testing\nwarning: old\n');
});

test.each([
  [true, 'end', ['warning: old', '✓ reading', '']],
  [true, 'fail', ['warning: old', '✗ reading', '']],
  [false, 'end', ['warning: old', '']],
  [false, 'fail', ['warning: old', '']],
] as const)(
  'on the way to an answer (live: %s), only who watches sees steps, and everybody the warnings: %s',
  async (live, last, written) => {
    const terminal = testTerminal({ live });
    const working = withProgress(terminal, async (steps) => {
      steps.begin('reading');
      steps.say('warning: old');
      if (last === 'fail') throw new Error('broken');
      return 42;
    });
    if (last === 'fail') await expect(working).rejects.toThrow('broken');
    else expect(await working).toBe(42);
    expect(seen(terminal.stderr).map((line) => line!.replace(/ [0-9.]+ s$/, ''))).toEqual(written);
  },
);

import { expect, test } from 'vitest';
import { testTerminal } from '../testing/terminal.ts';
import { openSteps } from './steps.ts';

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

import { expect, test } from 'vitest';
import type { AdmissionAnswer } from './ask.ts';
import type { DemoCase } from './case.ts';
import { cases } from './cases.ts';
import { problemsOf } from './play.ts';

const subject = `sha256:${'a'.repeat(64)}` as const;
const patch = (digest: string) =>
  Buffer.from(
    JSON.stringify([{ op: 'replace', path: '/spec/containers/0/image', value: `x@${digest}` }]),
  ).toString('base64');
const find = (number: number): DemoCase => cases.find((demo) => demo.case === number)!;

function problems(
  number: number,
  answer: AdmissionAnswer,
  codes: string[],
  mutated: AdmissionAnswer = answer,
  decisionId = 'id',
) {
  return problemsOf(
    find(number),
    { demo: find(number), image: 'x', answer, codes, decisionId },
    mutated,
    subject,
  );
}

const allowed: AdmissionAnswer = { allowed: true };
const denied = (message: string): AdmissionAnswer => ({ allowed: false, status: { code: 403, message } });

test('the expected answers are accepted', () => {
  expect(problems(1, allowed, [], { allowed: true, patch: patch(subject) })).toEqual([]);
  expect(problems(2, denied('no'), ['SIGNATURE_MISSING'])).toEqual([]);
  expect(problems(9, { allowed: true, warnings: ['SIGNATURE_MISSING'] }, ['SIGNATURE_MISSING'])).toEqual([]);
});

test.each([
  ['an unsigned image that is let through', 2, allowed, []],
  ['a signed image that is denied', 1, denied('no'), ['SIGNATURE_MISSING']],
  ['the right answer for a wrong reason', 7, denied('no'), ['SIGNATURE_MISSING']],
  [
    'a denial for the right and a forbidden reason',
    3,
    denied('no'),
    ['ENVIRONMENT_MISMATCH', 'DIGEST_NOT_APPROVED'],
  ],
  ['a denial that does not name the container', 8, denied('no'), ['SIGNATURE_MISSING']],
  ['warn mode without a warning', 9, allowed, ['SIGNATURE_MISSING']],
] as const)('%s is a problem', (_name, number, answer, codes) => {
  expect(problems(number, answer, [...codes])).not.toEqual([]);
});

test('a Pod that is not pinned, or pinned to something else, is a problem', () => {
  expect(problems(1, allowed, [], allowed)).not.toEqual([]);
  expect(problems(1, allowed, [], { allowed: true, patch: patch(`sha256:${'b'.repeat(64)}`) })).not.toEqual(
    [],
  );
});

test('mutation and validation that disagree, and a decision without id, are problems', () => {
  expect(problems(2, denied('no'), ['SIGNATURE_MISSING'], allowed)).not.toEqual([]);
  expect(problems(2, denied('no'), ['SIGNATURE_MISSING'], denied('no'), '')).not.toEqual([]);
});

import { expect, test } from 'vitest';
import { cvssBaseScore, severityOfScore } from './cvss.ts';

// Vectors and scores of the examples document of CVSS 3.1 (first.org/cvss/v3.1/examples).
test.each([
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
  ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', 6.4],
  ['CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1],
  ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', 7.5],
  ['CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:N', 3.8],
  ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
  ['CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
])('%s scores %d', (vector, score) => {
  expect(cvssBaseScore(vector)).toBe(score);
});

test.each([
  '',
  'AV:N/AC:L/Au:N/C:P/I:P/A:P',
  'CVSS:4.0/AV:N',
  'CVSS:3.1/AV:N/AC:L',
  'CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
])('no score is invented for %j', (vector) => {
  expect(cvssBaseScore(vector)).toBeUndefined();
});

test('scores fall into the published bands', () => {
  expect([10, 9, 8.9, 7, 6.9, 4, 3.9, 0.1, 0].map(severityOfScore)).toEqual([
    'critical',
    'critical',
    'high',
    'high',
    'medium',
    'medium',
    'low',
    'low',
    'negligible',
  ]);
});

import type { Rejection } from '@pratique/sigstore';
import { expect, test } from 'vitest';
import { nearestRejection } from './verification-report.ts';

const rejection = (code: string) => ({ code }) as Rejection;

test('whoever asks for an identity learns whose signature it is, and not that others signed with keys', () => {
  const rejected = ['NO_CERTIFICATE', 'IDENTITY_MISMATCH', 'NO_CERTIFICATE'].map(rejection);
  expect(nearestRejection(rejected)).toBe(rejected[1]);
  expect(nearestRejection([rejected[0]!])).toBe(rejected[0]);
  expect(nearestRejection([])).toBeUndefined();
});

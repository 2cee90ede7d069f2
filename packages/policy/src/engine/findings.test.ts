import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFindings } from './findings.ts';

test('whatever a policy answers, each element is a finding, and what is no message refuses as a fault', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const findings = readFindings('pratique.image.x', 'deny', value);
      if (Array.isArray(value)) expect(findings).toHaveLength(Math.min(value.length, 50));
      else expect(findings).toMatchObject([{ code: 'POLICY_RESULT_INVALID', fault: true }]);
      for (const [index, finding] of findings.entries()) {
        const element = Array.isArray(value) ? value[index] : undefined;
        expect(finding.fault).toBe(
          typeof element !== 'string' && typeof (element as { msg?: unknown })?.msg !== 'string',
        );
        for (const text of [finding.message, finding.expected ?? '', finding.found ?? '', finding.code]) {
          expect(text.length).toBeLessThan(10_000);
        }
      }
    }),
  );
});

test('what a policy says cannot carry terminal escapes', () => {
  const [finding] = readFindings('p', 'deny', [{ msg: '\u001b[2J', code: '\u001b', found: '\u202e' }]);
  expect(JSON.stringify(finding)).not.toMatch(/\\u001b|\u202e/);
});

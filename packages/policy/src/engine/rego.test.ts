import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { trustFrom } from '../testing/fakes.ts';
import { createRegoEngine } from './rego.ts';
import type { Findings } from './types.ts';

const trust = trustFrom('data: { team: { size: 3 } }');

function engineWith(...texts: readonly string[]) {
  return createRegoEngine({
    trust,
    policies: texts.map((text, index) => ({ path: `site/${index}.rego`, text })),
  });
}

/** What policies of these texts say of an empty request; the ones that come with Pratique say nothing. */
async function said(...texts: readonly string[]): Promise<Findings> {
  return engineWith(...texts).evaluate('request', { request: { namespace: 'web' }, images: [] });
}

function problemOf(...texts: readonly string[]): PratiqueError {
  try {
    engineWith(...texts);
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const request = (body: string) => `package pratique.request.site\n${body}\n`;

test('a policy may say a string, or an object with a message, a code and what to do', async () => {
  const findings = await said(
    request(`deny contains "no"
deny contains {"msg": "never", "code": "SITE_RULE", "expected": 1, "found": ["a"], "remedy": "ask", "image": "x"}
warn contains "hm"`),
  );
  expect(findings.deny).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        policy: 'pratique.request.site',
        code: 'POLICY_DENIED',
        message: 'no',
        fault: false,
      }),
      expect.objectContaining({
        code: 'SITE_RULE',
        message: 'never',
        expected: '1',
        found: '["a"]',
        remedy: 'ask',
        image: 'x',
      }),
    ]),
  );
  expect(findings.warn).toMatchObject([{ message: 'hm' }]);
});

test('a code of the error registry brings its remedy', async () => {
  const { deny } = await said(request('deny contains {"msg": "m", "code": "DIGEST_REQUIRED"}'));
  expect(deny[0]?.remedy).toContain('digest');
});

test.each([
  ['a number', 'deny contains 7'],
  ['an object without a message', 'deny contains {"message": "typo"}'],
  ['a message that is no text', 'deny contains {"msg": 7}'],
  ['a code that is no text', 'deny contains {"msg": "m", "code": 7}'],
  ['a deny that is true instead of a set', 'deny if input.request.namespace == "web"'],
  ['a deny that is a string', 'deny := "no"'],
  ['a warn that is no message', 'deny contains "x" if false\nwarn contains 7'],
])('%s refuses as a broken policy instead of being ignored', async (_name, body) => {
  expect((await said(request(body))).deny).toMatchObject([{ code: 'POLICY_RESULT_INVALID', fault: true }]);
});

test('a conflict refuses as a fault that says where, and does not hide what other policies say', async () => {
  const { deny } = await said(
    request('deny contains "x" if f(1) == 1\nf(x) := 1 if x > 0\nf(x) := 2 if x < 2'),
    'package pratique.request.other\ndeny contains "no"',
  );
  expect(deny).toMatchObject([
    { policy: 'pratique.request.site', code: 'POLICY_EVALUATION_FAILED', fault: true },
    { policy: 'pratique.request.other', message: 'no' },
  ]);
  expect(deny[0]?.message).toMatch(/^site\/0\.rego:\d+:\d+: .*eval_conflict_error/);
});

test('a condition that fails to evaluate refuses, where plain OPA would let it pass', async () => {
  const { deny } = await said(request('deny contains "too old" if to_number("soon") < 0'));
  expect(deny).toMatchObject([{ code: 'POLICY_EVALUATION_FAILED', fault: true }]);
});

test('a policy that runs away is stopped, and refuses', async () => {
  const { deny } = await said(
    request(
      'deny contains "x" if { some a in numbers.range(1, 20000); some b in numbers.range(1, 20000); a * b < 0 }',
    ),
  );
  expect(deny).toMatchObject([{ code: 'POLICY_EVALUATION_FAILED', fault: true }]);
});

test('an endless number of reasons is cut', async () => {
  const { deny } = await said(
    request('deny contains sprintf("%d", [n]) if some n in numbers.range(1, 5000)'),
  );
  expect(deny.length).toBeLessThanOrEqual(50);
});

test('policies see the parameters and the data of the trust configuration', async () => {
  const { deny } = await said(request('deny contains sprintf("%d", [data.site.team.size])'));
  expect(deny).toMatchObject([{ message: '3' }]);
});

test.each([
  ['a syntax error', 'package pratique.request.site\ndeny contains {', 'site/0.rego:'],
  ['an unsafe variable', 'package pratique.request.site\ndeny contains x if { true }', 'site/0.rego:2'],
  ['a misspelt scope', 'package pratique.images.site\ndeny contains "x"', 'never evaluated'],
  [
    'a package that is nested too deep',
    'package pratique.image.team.site\ndeny contains "x"',
    'never evaluated',
  ],
  ['a policy in a package of its own', 'package main\ndeny contains "x"', 'never evaluated'],
  ['a misspelt rule', 'package pratique.image.site\ndenny contains "x"', 'no rule named deny or warn'],
  [
    'a package that comes with Pratique',
    'package pratique.image.signed\ndeny contains "x"',
    'comes with Pratique',
  ],
  ['additions to the library', 'package pratique.lib\nf(x) := x', 'comes with Pratique'],
  ['no package', 'deny contains "x"', 'does not begin with a package'],
  ['an empty file', '', 'does not begin with a package'],
])('a policy that would not be in force is refused at the start: %s', (_name, text, message) => {
  const error = problemOf(text);
  expect(error.code).toBe('POLICY_INVALID');
  expect(error.message).toContain(message);
});

test('a library of one’s own may be anywhere else, and a package may be spread over files', async () => {
  const { deny } = await said(
    '# comment\n\n  package acme.text # here\nshout(x) := upper(x)',
    request('import data.acme.text\ndeny contains text.shout("no")'),
    'package pratique["request"].site\nhelper := 1',
  );
  expect(deny).toMatchObject([{ message: 'NO' }]);
});

test('the digest changes with any policy, parameter or data, and not with the order of files', () => {
  const one = 'package acme.one\nx := 1';
  const two = 'package acme.two\nx := 1';
  const named = (...policies: { path: string; text: string }[]) =>
    createRegoEngine({ trust, policies }).digest;
  const a = { path: 'a.rego', text: one };
  const b = { path: 'b.rego', text: two };
  expect(named(a, b)).toBe(named(b, a));
  expect(named(a)).not.toBe(named(a, b));
  expect(named({ ...a, text: `${one}\n` })).not.toBe(named(a));
  expect(createRegoEngine({ trust: trustFrom('parameters: { requireDigest: true }') }).digest).not.toBe(
    createRegoEngine({ trust: trustFrom('') }).digest,
  );
});

test('one path with two texts is refused: which one is meant?', () => {
  const policies = ['package acme.a', 'package acme.b'].map((text) => ({ path: 'a.rego', text }));
  expect(() => createRegoEngine({ trust, policies })).toThrow('given twice');
});

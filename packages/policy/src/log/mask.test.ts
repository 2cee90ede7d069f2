import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleDecision } from '../testing/decision.ts';
import { decisionEvent } from './event.ts';
import { applyMask, readMask } from './mask.ts';
import { logRules } from './rules.ts';

const decision = sampleDecision();
const context = {
  request: {
    uid: '1',
    userInfo: { username: 'alice', groups: ['a', 'b'] },
    'a/b': 'slashed',
    'a%2Fb': 'escaped',
  },
  milliseconds: 1.5,
};
const event = () => decisionEvent(decision, context, { site: 'a' });
const mask = (...rules: readonly unknown[]) =>
  applyMask(event(), readMask(rules)) as never as Record<string, never>;

test('an event has OPA’s fields', () => {
  expect(event()).toMatchObject({
    labels: { site: 'a' },
    decision_id: decision.decisionId,
    path: 'pratique/request',
    timestamp: '2026-01-02T03:04:05.678Z',
    metrics: { timer_server_handler_ns: 1_500_000 },
    input: { request: { uid: '1' }, subject: { name: 'shop' } },
    result: { allowed: false, denials: [{ code: 'SIGNATURE_MISSING' }] },
  });
});

test('evidence is not part of it', () => {
  expect(JSON.stringify(event())).not.toContain('evidence');
});

describe('masks', () => {
  test('a path, or a rule that says remove, removes', () => {
    const masked = mask('/input/request/userInfo', { op: 'remove', path: '/result/denials' });
    expect(masked.input).not.toHaveProperty('request.userInfo');
    expect(masked.result).not.toHaveProperty('denials');
    expect(masked.erased).toEqual(['/input/request/userInfo', '/result/denials']);
  });

  test('upsert replaces, and makes what is missing', () => {
    const masked = mask(
      { op: 'upsert', path: '/input/request/userInfo/username', value: '***' },
      { op: 'upsert', path: '/input/new/deep', value: 1 },
    );
    expect(masked.input).toMatchObject({ request: { userInfo: { username: '***' } }, new: { deep: 1 } });
    expect(masked.masked).toEqual(['/input/request/userInfo/username', '/input/new/deep']);
  });

  test('an element of a list, and all of input', () => {
    expect(mask('/input/request/userInfo/groups/0').input).toMatchObject({
      request: { userInfo: { groups: ['b'] } },
    });
    expect(mask('/input')).not.toHaveProperty('input');
  });

  test('a key with a slash is reached by its escape, and cannot be shielded by a key that looks like the escape', () => {
    const masked = JSON.stringify(mask('/input/request/a%2Fb'));
    expect(masked).not.toContain('slashed');
    expect(masked).not.toContain('escaped');
  });

  test('a path that leads nowhere does nothing and is not reported', () => {
    const masked = mask('/input/none/there', '/input/request/uid/deeper', '/input/request/userInfo/groups/7');
    expect(masked).toEqual(event());
  });

  test('the decision itself is not changed: it is still to be answered', () => {
    mask('/result/denials', { op: 'upsert', path: '/input/subject/name', value: 'x' });
    expect(decision).toEqual(sampleDecision());
  });

  test('keys that JavaScript gives a meaning change nothing but the event', () => {
    mask({ op: 'upsert', path: '/input/__proto__/polluted', value: 1 }, '/input/constructor/prototype');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    ['no set', { path: '/input' }],
    ['a number', [7]],
    ['null', [null]],
    ['a rule without op', [{ path: '/input' }]],
    ['an op nobody knows', [{ op: 'hash', path: '/input' }]],
    ['a rule without path', [{ op: 'remove' }]],
    ['an empty path', ['']],
    ['a path without a slash', ['input/x']],
    ['a path to something else', ['/labels/id']],
    ['a path that only begins like one', ['/inputs']],
    ['an escape of nothing', ['/input/%zz']],
  ])('%s is no mask', (_name, value) => {
    expect(() => readMask(value)).toThrow();
  });

  test('whatever a policy says as a mask, it is applied or refused', () => {
    const path = fc.array(fc.string(), { maxLength: 4 }).map((parts) => `/input/${parts.join('/')}`);
    const rule = fc.oneof(
      path,
      fc.record({ op: fc.constantFrom('remove', 'upsert', 'x'), path, value: fc.jsonValue() }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.array(rule), (rules) => {
        let read: ReturnType<typeof readMask>;
        try {
          read = readMask(rules);
        } catch {
          return;
        }
        JSON.stringify(applyMask(event(), read));
        expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
      }),
    );
  });
});

describe('rules', () => {
  const rules = (text: string) => logRules([{ path: 'log.rego', text: `package system.log\n${text}` }]);

  test('drop is asked about the event, and only true drops', () => {
    const drop = rules('drop if input.path == "pratique/request"');
    expect(drop(event()).kind).toBe('drop');
    expect(drop({ ...event(), path: 'x' }).kind).toBe('log');
    expect(rules('drop := "yes"')(event()).kind).toBe('log');
  });

  test('masks may depend on the event', () => {
    const ruled = rules('mask contains "/input/request/userInfo" if input.result.allowed == false')(event());
    expect(ruled).toMatchObject({ event: { erased: ['/input/request/userInfo'] } });
  });

  test.each([
    ['fails', 'mask contains "/input/request" if to_number("x") > 0'],
    ['says something that is no mask', 'mask contains 7'],
    ['conflicts', 'mask := {"/input/a"} if input.path\nmask := {"/input/b"} if input.path'],
    [
      'runs away',
      'mask contains "/input" if { some a in numbers.range(1, 9999); some b in numbers.range(1, 9999); a * b < 0 }',
    ],
  ])('when a mask %s, nothing is logged that it might have hidden', (_name, text) => {
    const ruled = rules(text)(event());
    expect(ruled).toMatchObject({
      kind: 'log',
      event: { decision_id: decision.decisionId, erased: ['/input', '/result'] },
      problem: { code: 'LOG_RULE_FAILED' },
    });
    expect(JSON.stringify(ruled)).not.toContain('alice');
  });

  test('when a drop rule fails, the event is logged', () => {
    const ruled = rules('drop if to_number("x") > 0')(event());
    expect(ruled).toMatchObject({ kind: 'log', problem: { code: 'LOG_RULE_FAILED' } });
  });

  test.each([
    ['do not parse', 'mask contains {'],
    ['are misspelt, so that nothing would be masked', 'masks contains "/input"'],
  ])('rules that %s are refused at the start', (_name, text) => {
    expect(() => rules(text)).toThrow(expect.objectContaining({ code: 'POLICY_INVALID' }));
  });
});

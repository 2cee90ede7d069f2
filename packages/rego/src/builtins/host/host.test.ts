import { describe, expect, test } from 'vitest';
import { fromJson, RegoObject, RegoSet, toJson } from '../../values/index.ts';
import { call, callAll, outcome, testContext } from '../test-calls.ts';
import type { CallLocation } from '../types.ts';

describe('network built-ins are off until the host offers a client', () => {
  test('http.send says so', () => {
    expect(outcome('http.send', fromJson({ method: 'get', url: 'http://127.0.0.1/' }))).toEqual({
      error:
        'eval_builtin_error: http.send: network access is switched off: the host of this engine offers no HTTP client',
    });
  });

  test('http.send with raise_error false gives the failure as its result, as OPA does', () => {
    const result = call('http.send', fromJson({ method: 'get', url: 'http://x', raise_error: false }))!;
    expect(toJson(result)).toMatchObject({
      status_code: 0,
      error: { code: 'eval_http_send_internal_error' },
    });
  });

  test("http.send goes through the host's client", () => {
    const context = testContext({ host: { httpSend: (request) => RegoObject.of([['asked', request]]) } });
    const [result] = callAll('http.send', [fromJson({ method: 'get', url: 'http://x' })], context);
    expect(toJson(result!)).toEqual({ asked: { method: 'get', url: 'http://x' } });
  });

  test('net.lookup_ip_addr says so, and asks the host once per query', () => {
    expect(outcome('net.lookup_ip_addr', 'example.com')).toHaveProperty('error');
    let asked = 0;
    const lookupAddresses = () => {
      asked++;
      return ['10.0.0.1'];
    };
    const context = testContext({ host: { lookupAddresses } });
    for (let i = 0; i < 2; i++) {
      expect((callAll('net.lookup_ip_addr', ['example.com'], context)[0] as RegoSet).has('10.0.0.1')).toBe(
        true,
      );
    }
    expect(asked).toBe(1);
  });
});

test('opa.runtime shows the environment the host gives, not that of the process', () => {
  process.env.PRATIQUE_TEST_SECRET = 'secret';
  expect(toJson(call('opa.runtime')!)).toEqual({});
  const [shown] = callAll('opa.runtime', [], testContext({ env: { REGION: 'eu' } }));
  expect(toJson(shown!)).toEqual({ env: { REGION: 'eu' } });
});

test('print writes one line for every combination of values, and <undefined> where there is none', () => {
  const lines: string[] = [];
  const print = (message: string, _location: CallLocation | undefined) => {
    lines.push(message);
  };
  const operands = fromJson([RegoSet.of(['a']), RegoSet.of([1, 2]), new RegoSet()]);
  callAll('internal.print', [operands], testContext({ print }));
  expect(lines).toEqual(['a 1 <undefined>', 'a 2 <undefined>']);
});

test('random answers stay the same within a query', () => {
  let next = 0;
  const context = testContext({ random: () => (next = (next + 0.37) % 1) });
  for (const [name, operands] of [
    ['uuid.rfc4122', ['k']],
    ['rand.intn', ['k', 1000]],
  ] as const) {
    const [first] = callAll(name, [...operands], context);
    expect(callAll(name, [...operands], context)).toEqual([first]);
    expect(callAll(name, ['other', ...operands.slice(1)], context)).not.toEqual([first]);
  }
});

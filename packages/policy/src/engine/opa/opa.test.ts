import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeOpa, type Misbehaviour, startFakeOpa } from '../../testing/fake-opa.ts';
import { trustFrom } from '../../testing/fakes.ts';
import { defaultPolicies } from '../sources.ts';
import { readAnswer } from './answers.ts';
import { createOpaEngine, type OpaEngineOptions } from './engine.ts';

const trust = trustFrom('parameters: { forbiddenTags: [latest] }');
const data = { pratique: { parameters: trust.parameters }, site: {} };
const input = { request: {}, images: [] };
const site = (text: string) => ({ path: 'site.rego', text: `package pratique.request.site\n${text}\n` });

let opa: FakeOpa;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'opa-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  opa = await startFakeOpa(defaultPolicies(), data);
});
afterEach(() => opa.close());

const engineFor = (options: Partial<OpaEngineOptions> = {}) =>
  createOpaEngine({ url: opa.url, trust, timeoutMs: 10_000, inventoryTtlMs: 0, ...options });

async function problem(action: () => unknown): Promise<PratiqueError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('no fault: an answer was made of it');
}

/** The fault when the server misbehaves on the question itself, having answered what it has properly. */
function faultWhen(misbehave: Misbehaviour, options: Partial<OpaEngineOptions> = {}): Promise<PratiqueError> {
  opa.misbehave = (incoming, outgoing) => incoming.method === 'POST' && misbehave(incoming, outgoing);
  return problem(() => engineFor(options).evaluate('request', input));
}

const answering =
  (status: number, body: string): Misbehaviour =>
  (_incoming, outgoing: ServerResponse) => {
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(body);
    return true;
  };

describe('whatever is not a well-formed answer is a fault, never "no findings"', () => {
  test.each([
    ['an undefined document', 200, '{}', 'OPA_ANSWER_INVALID'],
    ['an undefined document with a decision id', 200, '{"decision_id":"1"}', 'OPA_ANSWER_INVALID'],
    ['a document that lacks a package that is there', 200, '{"result":{}}', 'OPA_ANSWER_INVALID'],
    [
      'a package that is no object',
      200,
      '{"result":{"reference":[],"environment":{}}}',
      'OPA_ANSWER_INVALID',
    ],
    ['a document of another shape', 200, '{"result":[]}', 'OPA_ANSWER_INVALID'],
    ['a bare boolean', 200, '{"result":true}', 'OPA_ANSWER_INVALID'],
    ['another program’s JSON', 200, '{"allowed":true}', 'OPA_ANSWER_INVALID'],
    ['a result that is inherited and not there', 200, '{"__proto__":{"result":{}}}', 'OPA_ANSWER_INVALID'],
    ['an array', 200, '[]', 'OPA_ANSWER_INVALID'],
    ['null', 200, 'null', 'OPA_ANSWER_INVALID'],
    ['nothing', 200, '', 'OPA_ANSWER_INVALID'],
    ['JSON that stops in the middle', 200, '{"result":{"refer', 'OPA_ANSWER_INVALID'],
    ['a page of a proxy', 200, '<html>ok</html>', 'OPA_ANSWER_INVALID'],
    ['a status without content', 204, '', 'OPA_ANSWER_INVALID'],
    ['not found', 404, '{"code":"undefined_document"}', 'OPA_ANSWER_INVALID'],
    ['a redirect', 302, '{"result":{}}', 'OPA_ANSWER_INVALID'],
    ['an internal error', 500, '{"code":"internal_error","message":"x"}', 'OPA_ANSWER_INVALID'],
    ['an internal error with errors that are none', 500, '{"errors":[null]}', 'OPA_ANSWER_INVALID'],
    ['not ready', 503, '{}', 'OPA_ANSWER_INVALID'],
    ['a refused token', 401, '{}', 'OPA_UNAUTHORIZED'],
    ['a forbidden path', 403, '{}', 'OPA_UNAUTHORIZED'],
  ])('%s', async (_name, status, body, code) => {
    const fault = await faultWhen(answering(status, body));
    expect(fault.code).toBe(code);
    expect(fault.kind === 'fault' || fault.kind === 'auth').toBe(true);
  });

  test.each<[string, Misbehaviour]>([
    ['a server that accepts and never answers', () => true],
    [
      'an answer that never ends',
      (_, outgoing) => {
        outgoing.writeHead(200).write('{"result":');
        return true;
      },
    ],
  ])('%s', async (_name, misbehave) => {
    const fault = await faultWhen(misbehave, { timeoutMs: 500 });
    expect(fault).toMatchObject({ code: 'SERVICE_UNREACHABLE', kind: 'fault' });
    expect(fault.message).toContain('no complete answer within 500 ms');
  });

  test.each<[string, Misbehaviour, string]>([
    [
      'an answer cut short',
      (_, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '1000' }).write('{"result":{}}');
        setTimeout(() => outgoing.destroy(), 20);
        return true;
      },
      'cut short',
    ],
    [
      'an answer larger than the limit',
      (_, outgoing) => {
        outgoing.writeHead(200).end(' '.repeat(300_000));
        return true;
      },
      'larger than 200000 bytes',
    ],
    [
      'a connection that is closed without an answer',
      (_, outgoing) => {
        outgoing.destroy();
        return true;
      },
      'ECONNRESET',
    ],
  ])('%s', async (_name, misbehave, reason) => {
    const fault = await faultWhen(misbehave, { maxResponseBytes: 200_000, timeoutMs: 60_000 });
    expect(fault).toMatchObject({ code: 'SERVICE_UNREACHABLE', kind: 'fault' });
    expect(fault.message).toContain(reason);
  });

  test('nobody listening', async () => {
    await opa.close();
    const fault = await problem(() => engineFor().evaluate('request', input));
    expect(fault.code).toBe('SERVICE_UNREACHABLE');
    expect(fault.message).toContain('ECONNREFUSED');
  });

  test('any bytes at all with status 200 are an answer of OPA or a fault', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (body) => {
          try {
            const { kind } = readAnswer('OPA', { status: 200, body });
            expect(['value', 'undefined']).toContain(kind);
          } catch (error) {
            expect(error).toMatchObject({ code: 'OPA_ANSWER_INVALID' });
          }
        },
      ),
    );
  });
});

describe('a server that does not have what the trust configuration relies on is not asked', () => {
  test('without a policy that comes with Pratique, an unsigned image would pass', async () => {
    opa.modules = defaultPolicies().filter(({ path }) => !path.includes('signed'));
    const fault = await problem(() => engineFor().evaluate('image', { image: {} }));
    expect(fault).toMatchObject({ code: 'ENGINE_OUT_OF_STEP', expected: 'pratique.image.signed' });
  });

  test('without a policy the trust configuration names, it would look as if it were in force', async () => {
    const policies = [site('deny contains "no"')];
    const fault = await problem(() => engineFor({ policies }).evaluate('request', input));
    expect(fault.message).toContain('lacks pratique.request.site');
  });

  test.each([
    ['without parameters', { site: {} }],
    ['with other parameters', { pratique: { parameters: { ...trust.parameters, forbiddenTags: [] } } }],
    ['with data the trust configuration does not have', { ...data, site: { more: 1 } }],
  ])('%s', async (_name, documents) => {
    opa.data = documents;
    expect((await problem(() => engineFor().evaluate('request', input))).code).toBe('ENGINE_OUT_OF_STEP');
  });

  test('something else’s JSON is not taken for data that is undefined', async () => {
    opa.misbehave = (incoming, outgoing) =>
      incoming.url === '/v1/data/site' && answering(200, '{"allowed":true}')(incoming, outgoing);
    expect((await problem(() => engineFor().evaluate('request', input))).code).toBe('OPA_ANSWER_INVALID');
  });

  test('with a policy that could never refuse', async () => {
    opa.modules = [...defaultPolicies(), site('denny contains "x"')];
    const fault = await problem(() => engineFor().evaluate('request', input));
    expect(fault.message).toContain('no rule named deny or warn');
  });

  test('tests of policies that are loaded along do not matter', async () => {
    const text = 'package pratique.request.site_test\ntest_x if true';
    opa.modules = [...defaultPolicies(), { path: 'x', text }];
    expect(await engineFor().evaluate('request', input)).toEqual({ deny: [], warn: [] });
  });
});

test('a policy added on the server between two looks at what it has is in force at once', async () => {
  const engine = engineFor({ inventoryTtlMs: 60_000 });
  expect((await engine.evaluate('request', input)).deny).toEqual([]);
  opa.modules = [...defaultPolicies(), site('deny contains "no"')];
  expect((await engine.evaluate('request', input)).deny).toMatchObject([{ message: 'no' }]);
});

test('the digest changes with the policies and the data of the server', async () => {
  const engine = engineFor();
  const digests = [engine.digest];
  await engine.evaluate('request', input);
  digests.push(engine.digest);
  opa.modules = [...defaultPolicies(), site('deny contains "no"')];
  await engine.evaluate('request', input);
  digests.push(engine.digest);
  expect(new Set(digests).size).toBe(3);
});

test('a question is asked again once when the connection breaks or the server is not ready', async () => {
  for (const misbehave of [
    (outgoing: ServerResponse) => outgoing.destroy(),
    (outgoing: ServerResponse) => outgoing.writeHead(503).end(),
  ]) {
    let failures = 1;
    opa.misbehave = (incoming, outgoing) => {
      if (incoming.method !== 'POST' || failures-- <= 0) return false;
      misbehave(outgoing);
      return true;
    };
    expect(await engineFor({ timeoutMs: 5_000 }).evaluate('request', input)).toEqual({ deny: [], warn: [] });
  }
});

test('connections are kept', async () => {
  const engine = engineFor({ inventoryTtlMs: 60_000 });
  for (let count = 0; count < 10; count++) await engine.evaluate('request', input);
  expect(opa.requests.length).toBeGreaterThan(10);
  // Three at once for what the server has, one after another for the questions.
  expect(opa.connections()).toBeLessThanOrEqual(3);
});

describe('the bearer token', () => {
  const secret = 'very-secret-token';

  test('is read from its file for every request, so that a renewed one is used', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${secret}\n`);
    const engine = engineFor({ token: { file } });
    await engine.evaluate('request', input);
    expect(new Set(opa.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${secret}`]),
    );
    writeFileSync(file, 'another');
    await engine.evaluate('request', input);
    expect(opa.requests.at(-1)?.authorization).toBe('Bearer another');
  });

  test('is in no error, whatever goes wrong', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, secret);
    for (const misbehave of [answering(401, `{"token":"${secret}"}`), answering(200, secret), () => true]) {
      const fault = await faultWhen(misbehave, { token: { file }, timeoutMs: 500 });
      expect(JSON.stringify([fault, fault.message, fault.stack, String(fault.cause)])).not.toContain(secret);
    }
  });

  test.each([
    ['a file that is not there', undefined],
    ['an empty file', '\n'],
    ['two lines, which would be a header of its own', `${secret}\r\nX-Admin: 1`],
  ])('%s is no token', async (_name, content) => {
    const file = join(folder, `bad${String(content?.length)}`);
    if (content !== undefined) writeFileSync(file, content);
    const fault = await problem(() => engineFor({ token: { file } }).evaluate('request', input));
    expect(fault.code).toBe('SERVICE_TOKEN_INVALID');
    expect(fault.message).not.toContain(secret);
  });

  test('is not sent unencrypted over a network', async () => {
    const start = () => engineFor({ url: 'http://opa.example:8181', token: { env: 'T' } });
    expect((await problem(start)).message).toContain('unencrypted');
  });
});

test.each([
  'opa.example',
  'ftp://opa.example',
  'https://user:hunter2@opa.example',
  'https://opa.example?x=1',
])('an address that would not work as meant is refused at the start: %s', async (url) => {
  const fault = await problem(() => engineFor({ url }));
  expect(fault.code).toBe('SERVICE_ADDRESS_INVALID');
  expect(`${fault.message} ${fault.found}`).not.toContain('hunter2');
});

describe('TLS', () => {
  const certificate = createSelfSigned({ names: ['localhost', '127.0.0.1'] });
  const listen = async () => {
    const server = createServer(
      { cert: certificate.certificatePem, key: certificate.privateKeyPem },
      (_, out) => out.writeHead(418).end('{}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => server.close(),
    };
  };

  test('a server the authorities do not vouch for is not asked', async () => {
    const server = await listen();
    const other = join(folder, 'other.pem');
    writeFileSync(other, createSelfSigned({ names: ['x'] }).caPem);
    for (const options of [{}, { caFile: other }]) {
      const fault = await problem(() =>
        engineFor({ url: server.url, ...options }).evaluate('request', input),
      );
      expect(fault.code).toBe('SERVICE_UNREACHABLE');
      expect(fault.message).toMatch(/SELF_SIGNED|UNABLE_TO|CERT/);
    }
    server.close();
  });

  test('one they vouch for is', async () => {
    const server = await listen();
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, certificate.caPem);
    const fault = await problem(() => engineFor({ url: server.url, caFile }).evaluate('request', input));
    expect(fault.message).toContain('HTTP 418');
    server.close();
  });

  test('a file without certificates is refused at the start', async () => {
    const caFile = join(folder, 'empty.pem');
    writeFileSync(caFile, 'none');
    expect((await problem(() => engineFor({ url: 'https://localhost', caFile }))).code).toBe(
      'SERVICE_ADDRESS_INVALID',
    );
  });
});

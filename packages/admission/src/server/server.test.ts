import { Agent, request } from 'node:https';
import { type JsonObject, parseJson } from '@pratique/crypto';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { send } from '../testing/client.ts';
import { digestOfText, fakeGate, podOf, requestFor, reviewOf, trustFrom } from '../testing/gate.ts';
import type { ReviewEvent } from './options.ts';
import { startAdmission } from './start.ts';

const events: ReviewEvent[] = [];
const problems: unknown[] = [];
const admission = await startAdmission({
  gate: fakeGate(),
  listen: '127.0.0.1:0',
  tls: { names: ['localhost', '127.0.0.1'] },
  deadlineMs: 200,
  limits: { maxBodyBytes: 1_000_000, bodyTimeoutMs: 300 },
  log: { review: (event) => void events.push(event), problem: (error) => problems.push(error) },
});
afterAll(() => admission.close());

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string; readonly reason: string };
  readonly patchType?: string;
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

async function review(path: string, request: JsonObject, where = admission): Promise<Response> {
  const answer = await send(`${where.url}${path}`, where.caPem, JSON.stringify(reviewOf(request)));
  expect(answer.status).toBe(200);
  const document = JSON.parse(answer.text) as { apiVersion: string; kind: string; response: Response };
  expect(document).toMatchObject({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' });
  return document.response;
}

const pod = (...images: readonly string[]): JsonObject =>
  podOf({ containers: images.map((image, index) => ({ name: `c${index}`, image })) });

const patchOf = (response: Response): unknown =>
  JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString());

test('a signed Pod is allowed, and mutate pins it to the digest', async () => {
  const request = requestFor(pod('a.b/signed:1'));
  expect(await review('/validate', request)).toEqual({
    uid: request.uid,
    allowed: true,
    auditAnnotations: expect.objectContaining({ mode: 'enforce', 'decision-id': expect.any(String) }),
  });
  const mutated = await review('/mutate?timeout=10s', request);
  expect(mutated).toMatchObject({ uid: request.uid, allowed: true, patchType: 'JSONPatch' });
  expect(patchOf(mutated)).toEqual([
    { op: 'replace', path: '/spec/containers/0/image', value: `a.b/signed:1@${digestOfText('signed')}` },
  ]);
});

test('nothing to patch is no patch: the API server refuses a patchType without one', async () => {
  const response = await review('/mutate', requestFor(pod(`a.b/signed@${digestOfText('signed')}`)));
  expect(response.allowed).toBe(true);
  expect(response).not.toHaveProperty('patchType');
  expect(response).not.toHaveProperty('patch');
});

test('an unsigned Pod is denied with a message a developer can act on, and never patched', async () => {
  for (const path of ['/validate', '/mutate']) {
    const response = await review(path, requestFor(pod('a.b/signed:1', 'a.b/unsigned:1')));
    expect(response).toMatchObject({ allowed: false, status: { code: 403, reason: 'Forbidden' } });
    expect(response).not.toHaveProperty('patch');
    const message = response.status?.message ?? '';
    expect(message).toContain('containers[1] "c1" a.b/unsigned:1');
    expect(message).toContain('[SIGNATURE_MISSING]');
    expect(message).toContain('expected: a signature by team');
    expect(message).toContain('found:    no signature');
    expect(message).toContain('remedy:   pratique sign');
    expect(message).toContain(`(decision ${response.auditAnnotations?.['decision-id']})`);
    expect(response.auditAnnotations).toMatchObject({ denials: 'SIGNATURE_MISSING' });
  }
});

test('workloads are patched only where that was asked for: GitOps tools see it as drift', async () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { template: { spec: { containers: [{ name: 'a', image: 'a.b/signed:1' }] } } },
  };
  expect(await review('/mutate', requestFor(deployment))).not.toHaveProperty('patch');
  const eager = await startAdmission({
    gate: fakeGate(),
    listen: 'localhost:0',
    tls: { names: ['localhost'] },
    mutateWorkloads: true,
  });
  const patched = await review('/mutate', requestFor(deployment), eager);
  await eager.close();
  expect(patchOf(patched)).toMatchObject([{ path: '/spec/template/spec/containers/0/image' }]);
});

test('a registry that is down denies under its own code', async () => {
  const response = await review('/validate', requestFor(pod('down.example/app:1')));
  expect(response.status?.message).toContain('[OCI_UNREACHABLE]');
  expect(response.status?.message).not.toContain('SIGNATURE_MISSING');
});

test('a registry that never answers is a reasoned denial before the API server gives up', async () => {
  for (const path of ['/validate', '/validate?timeout=100ms']) {
    const response = await review(path, requestFor(pod('slow.example/app:1')));
    expect(response).toMatchObject({ allowed: false, auditAnnotations: { denials: 'DEADLINE_EXCEEDED' } });
  }
});

test('in warn mode the reasons are warnings of at most 120 characters each', async () => {
  const lenient = await startAdmission({
    gate: fakeGate({ trust: trustFrom('default: allow\nmode: warn') }),
    listen: '127.0.0.1:0',
    tls: { names: ['127.0.0.1'] },
  });
  const images = Array.from({ length: 60 }, (_, index) => `a.b/${'long/'.repeat(20)}x${index}:1`);
  const response = await review('/validate', requestFor(pod(...images)), lenient);
  await lenient.close();
  expect(response).toMatchObject({
    allowed: true,
    auditAnnotations: { mode: 'warn', warnings: 'SIGNATURE_MISSING' },
  });
  expect(response.warnings?.length).toBeGreaterThan(1);
  for (const warning of response.warnings ?? []) expect(warning.length).toBeLessThanOrEqual(120);
  expect(response.warnings?.join('').length).toBeLessThanOrEqual(4096);
});

const valid = reviewOf(requestFor(pod('a.b/signed:1')));
const text = JSON.stringify(valid);

test.each<readonly [name: string, body: string | Uint8Array, status: number, code: string]>([
  ['nothing', '', 400, 'REVIEW_MALFORMED'],
  ['not JSON', 'hello', 400, 'REVIEW_MALFORMED'],
  ['truncated JSON', text.slice(0, -20), 400, 'REVIEW_MALFORMED'],
  ['trailing bytes', `${text}{}`, 400, 'REVIEW_MALFORMED'],
  ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 400, 'REVIEW_MALFORMED'],
  ['null', 'null', 400, 'REVIEW_MALFORMED'],
  ['a list', '[]', 400, 'REVIEW_MALFORMED'],
  [
    'another version',
    text.replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'),
    400,
    'REVIEW_MALFORMED',
  ],
  ['another kind', text.replace('AdmissionReview', 'ImageReview'), 400, 'REVIEW_MALFORMED'],
  [
    'a response instead of a request',
    JSON.stringify({ ...valid, request: undefined, response: { allowed: true } }),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'no uid',
    JSON.stringify(reviewOf({ ...(valid.request as JsonObject), uid: '' })),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'a uid that is a number',
    JSON.stringify(reviewOf({ ...(valid.request as JsonObject), uid: 7 })),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'an operation nobody knows',
    JSON.stringify(reviewOf({ ...(valid.request as JsonObject), operation: 'delete' })),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'no kind',
    JSON.stringify(reviewOf({ ...(valid.request as JsonObject), kind: 'Pod' })),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'an object that is a string',
    JSON.stringify(reviewOf({ ...(valid.request as JsonObject), object: 'Pod' })),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'a key said twice',
    text.replace('"operation":"CREATE"', '"operation":"DELETE","operation":"CREATE"'),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'a key said twice in the object',
    text.replace('"name":"c0"', '"name":"c0","image":"a.b/unsigned:1"'),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'a key said twice, once escaped',
    text.replace('"name":"c0"', '"name":"c0","im\\u0061ge":"a.b/unsigned:1"'),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'deep nesting',
    text.replace('"userInfo":', `"deep":${'['.repeat(5000)}${']'.repeat(5000)},"userInfo":`),
    400,
    'REVIEW_MALFORMED',
  ],
  [
    'more members than any object has',
    text.replace('"userInfo":', `"many":[${'{"a":[]},'.repeat(110_000)}1],"userInfo":`),
    400,
    'REVIEW_MALFORMED',
  ],
  ['a body over the limit', text.replace('admin', 'x'.repeat(1_100_000)), 413, 'REVIEW_TOO_LARGE'],
])('%s is a clear error, never an allow', async (_name, body, status, code) => {
  for (const path of ['/validate', '/mutate']) {
    const answer = await send(`${admission.url}${path}`, admission.caPem, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ code, remedy: expect.any(String) });
    expect(answer.text).not.toContain('allowed');
  }
});

test.each([
  ['a null object', { object: null }],
  ['a Pod that says it is something else', { object: { ...pod('a.b/signed:1'), kind: 'Secret' } }],
  [
    'an object with __proto__ instead of a spec',
    {
      object: JSON.parse(
        '{"apiVersion":"v1","kind":"Pod","__proto__":{"spec":{"containers":[]}}}',
      ) as JsonObject,
    },
  ],
])('%s is a denial with the uid of the request', async (_name, changes) => {
  const response = await review('/validate', requestFor(pod('a.b/signed:1'), changes as JsonObject));
  expect(response).toMatchObject({ uid: valid.request && (valid.request as JsonObject).uid, allowed: false });
  expect(response.status?.message).toContain('[OBJECT_INVALID]');
});

test('large bodies that stay take no memory from each other without end, and nothing from small ones', async () => {
  const bounded = await startAdmission({
    gate: fakeGate(),
    listen: '127.0.0.1:0',
    tls: { names: ['127.0.0.1'] },
    limits: { bodiesBytes: 150_000, bodyTimeoutMs: 60_000 },
  });
  onTestFinished(() => bounded.close());
  const large = JSON.stringify(
    reviewOf(requestFor(pod('a.b/signed:1'), { userInfo: { username: 'x'.repeat(200_000) } })),
  );
  const validate = (body: string) => send(`${bounded.url}/validate`, bounded.caPem, body);
  const headers = { 'content-type': 'application/json', 'content-length': 300_000 };
  const stalled = request(`${bounded.url}/validate`, {
    method: 'POST',
    ca: bounded.caPem,
    agent: false,
    headers,
  });
  stalled.on('error', () => {});
  stalled.write('x'.repeat(200_000));
  await expect.poll(async () => (await validate(large)).status).toBe(503);
  const refused = await validate(large);
  expect(refused.headers['retry-after']).toBe('1');
  expect(JSON.parse(refused.text)).toMatchObject({ code: 'REVIEW_OVERLOADED', remedy: expect.any(String) });
  expect((await validate(text)).status).toBe(200);
  stalled.destroy();
  await expect.poll(async () => (await validate(large)).status).toBe(200);
  // What was answered or refused has given everything back.
  for (let i = 0; i < 5; i++) expect((await validate(large)).status).toBe(200);
});

test('50 MB are refused before they are read, announced or not', async () => {
  const announced = await new Promise<number>((resolve, reject) => {
    const call = request(
      `${admission.url}/validate`,
      {
        method: 'POST',
        ca: admission.caPem,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': 50_000_000 },
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        call.destroy();
      },
    );
    call.on('error', reject);
    call.flushHeaders();
  });
  expect(announced).toBe(413);
  const sent = { bytes: 0 };
  const streamed = await new Promise<number>((resolve, reject) => {
    const call = request(
      `${admission.url}/validate`,
      { method: 'POST', ca: admission.caPem, agent: false, headers: { 'content-type': 'application/json' } },
      (response) => {
        resolve(response.statusCode ?? 0);
        call.destroy();
      },
    );
    call.on('error', reject);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const more = (): void => {
      if (call.destroyed || sent.bytes >= 50_000_000) return;
      sent.bytes += chunk.byteLength;
      call.write(chunk, () => setImmediate(more));
    };
    more();
  });
  expect(streamed).toBe(413);
});

test('a body that trickles in is given up', async () => {
  const status = await new Promise<number>((resolve, reject) => {
    const call = request(
      `${admission.url}/validate`,
      {
        method: 'POST',
        ca: admission.caPem,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': 100 },
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        call.destroy();
      },
    );
    call.on('error', reject);
    call.write('{');
  });
  expect(status).toBe(408);
});

test('a review under way is not cut for one more connection where another waits for a request', async () => {
  const full = await startAdmission({
    gate: fakeGate(),
    listen: '127.0.0.1:0',
    tls: { names: ['localhost', '127.0.0.1'] },
    limits: { maxConnections: 2 },
  });
  onTestFinished(() => full.close());
  const working = request(`${full.url}/validate`, {
    method: 'POST',
    ca: full.caPem,
    agent: false,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
  });
  const answered = new Promise<number | undefined>((resolve) => {
    working.on('response', (response) => resolve(response.resume().statusCode));
    working.on('error', () => resolve(undefined));
  });
  await new Promise((resolve) => working.write(text.slice(0, 9), resolve));
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  expect((await send(`${full.url}/healthz`, full.caPem, undefined, { agent })).status).toBe(200);
  expect((await send(`${full.url}/healthz`, full.caPem, undefined)).status).toBe(200);
  working.end(text.slice(9));
  expect(await answered).toBe(200);
});

test('another content type is refused', async () => {
  for (const type of ['text/plain', 'application/yaml', 'application/x-www-form-urlencoded']) {
    const answer = await send(`${admission.url}/validate`, admission.caPem, text, {
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(415);
  }
  const charset = { headers: { 'content-type': 'application/json; charset=utf-8' } };
  expect((await send(`${admission.url}/validate`, admission.caPem, text, charset)).status).toBe(200);
});

test('health, readiness, metrics, and nothing else', async () => {
  const get = (path: string) => send(`${admission.url}${path}`, admission.caPem, undefined);
  expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok' });
  expect(await get('/readyz')).toMatchObject({ status: 200, text: 'ok' });
  const metrics = await get('/metrics');
  expect(metrics.text).toMatch(
    /pratique_admission_reviews_total\{endpoint="validate",outcome="denied"\} [1-9]/,
  );
  expect(metrics.text).toMatch(
    /pratique_admission_findings_total\{kind="denial",code="SIGNATURE_MISSING"\} [1-9]/,
  );
  expect(metrics.text).toContain('pratique_verdict_cache_lookups_total{result="miss"}');
  expect(metrics.text).toContain('pratique_tls_certificate_expiry_timestamp_seconds');
  expect((await get('/')).status).toBe(404);
  expect((await get('/validate')).status).toBe(404);
});

test('every decision reaches the log with what was asked, and so does every body that could not be read', () => {
  expect(events.some(({ decision }) => decision.allowed)).toBe(true);
  expect(events.some(({ endpoint, decision }) => endpoint === 'mutate' && !decision.allowed)).toBe(true);
  expect(events.every(({ uid, operation }) => uid !== '' && operation === 'CREATE')).toBe(true);
  expect(problems).toContainEqual(expect.objectContaining({ code: 'REVIEW_TOO_LARGE' }));
});

test('a defect while deciding is a denial, not a hang and not an allow', async () => {
  const gate = fakeGate();
  const heard: unknown[] = [];
  const broken = await startAdmission({
    gate: { ...gate, reviewRequest: () => Promise.reject(new Error('secret')) },
    listen: '127.0.0.1:0',
    tls: { names: ['127.0.0.1'] },
    log: { problem: (error) => heard.push(error) },
  });
  const response = await review('/validate', requestFor(pod('a.b/signed:1')), broken);
  await broken.close();
  expect(response).toMatchObject({ allowed: false, status: { code: 500 } });
  expect(JSON.stringify(response)).not.toContain('secret');
  expect(heard).toHaveLength(1);
});

test('closing answers what is under way and then refuses', async () => {
  const stopping = await startAdmission({
    gate: fakeGate(),
    listen: '127.0.0.1:0',
    tls: { names: ['127.0.0.1'] },
    deadlineMs: 300,
  });
  const underWay = review('/validate', requestFor(pod('slow.example/app:1')), stopping);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const closed = stopping.close();
  expect(await underWay).toMatchObject({ allowed: false });
  await closed;
  await expect(send(`${stopping.url}/healthz`, stopping.caPem, undefined)).rejects.toThrow();
});

test.each(['nonsense', '127.0.0.1', '127.0.0.1:99999', ':8443'])(
  '%j is not an address to listen on',
  async (listen) => {
    await expect(
      startAdmission({ gate: fakeGate(), listen, tls: { names: ['localhost'] } }),
    ).rejects.toMatchObject({ code: 'LISTEN_INVALID', kind: 'usage' });
  },
);

test('what the tests send is what the parser reads', () => {
  expect(parseJson(new TextEncoder().encode(text), 'a review')).toEqual(valid);
});

import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { trustFrom } from '../testing/fakes.ts';

test('without engine, policies are evaluated here', () => {
  expect(trustFrom('').engine).toEqual({ kind: 'embedded' });
  expect(trustFrom('').decisionLog).toBeNull();
});

test('an OPA server, with paths relative to the file', () => {
  const { engine } = trustFrom(
    'engine: { kind: opa, url: "https://opa:8181", caFile: ca.pem, token: { file: t } }',
  );
  expect(engine).toEqual({
    kind: 'opa',
    url: 'https://opa:8181',
    caFile: '/etc/ca.pem',
    token: { file: '/etc/t' },
  });
});

test('a wasm policy', () => {
  const { engine } = trustFrom('engine: { kind: wasm, file: policy.wasm, maxMemoryMiB: 64 }');
  expect(engine).toEqual({ kind: 'wasm', file: '/etc/policy.wasm', maxMemoryMiB: 64 });
});

test('a decision log, with OPA’s size of uploads', () => {
  const { decisionLog } = trustFrom(
    'decisionLog: { file: { path: log/d.json, sync: true }, http: { url: "https://logs" }, labels: { site: a } }',
  );
  expect(decisionLog).toMatchObject({
    console: false,
    file: { path: '/etc/log/d.json', sync: true, keep: 5 },
    http: { url: 'https://logs', chunkBytes: 32_768 },
    labels: { site: 'a' },
  });
});

test('neither is part of the trust digest: the engine is part of the policy digest', () => {
  const digests = ['', 'engine: { kind: opa, url: "https://opa" }', 'decisionLog: { console: true }'].map(
    (lines) => trustFrom(lines).digest,
  );
  expect(new Set(digests).size).toBe(1);
});

test.each([
  ['an engine that is none', 'engine: { kind: cedar }'],
  ['a misspelt setting of an engine', 'engine: { kind: opa, url: "https://o", tokenfile: x }'],
  ['settings of another engine', 'engine: { kind: embedded, url: "https://o" }'],
  ['an OPA without address', 'engine: { kind: opa }'],
  ['two tokens', 'engine: { kind: opa, url: "https://o", token: { file: a, env: B } }'],
  ['a token in the file itself', 'engine: { kind: opa, url: "https://o", token: secret }'],
  ['no time at all', 'engine: { kind: opa, url: "https://o", timeoutMs: 0 }'],
  ['a log that goes nowhere', 'decisionLog: { labels: {} }'],
  ['a partition that is a path', 'decisionLog: { http: { url: "https://l", partition: ../x } }'],
  ['a misspelt setting of a log', 'decisionLog: { file: { path: x, fsync: true } }'],
])('%s is refused with its place', (_name, lines) => {
  let error: unknown;
  try {
    trustFrom(lines);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(PratiqueError);
  expect(error).toMatchObject({ code: 'TRUST_INVALID', message: expect.stringMatching(/^trust\.yaml:3:/) });
});

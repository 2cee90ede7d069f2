import { afterAll, beforeAll, describe, test } from 'vitest';
import { caseWasm } from '../testing/build-wasm.ts';
import { casePolicies, caseTrust, engineCases } from '../testing/engine-cases.ts';
import { type FakeOpa, startFakeOpa } from '../testing/fake-opa.ts';
import { createOpaEngine } from './opa/engine.ts';
import { createRegoEngine } from './rego.ts';
import { defaultPolicies } from './sources.ts';
import type { PolicyEngine } from './types.ts';
import { createWasmEngine } from './wasm/engine.ts';

describe('embedded', () => {
  const engine = createRegoEngine({ trust: caseTrust, policies: casePolicies });
  test.each(engineCases({ strictBuiltins: true }))('$name', ({ run }) => run(engine));
});

describe('remote OPA', () => {
  let opa: FakeOpa;
  let engine: PolicyEngine;
  beforeAll(async () => {
    const data = { pratique: { parameters: caseTrust.parameters }, site: caseTrust.site };
    opa = await startFakeOpa([...defaultPolicies(), ...casePolicies], data);
    engine = createOpaEngine({ url: opa.url, trust: caseTrust, policies: casePolicies, timeoutMs: 10_000 });
    await engine.evaluate('request', { request: {}, images: [] });
  });
  afterAll(() => opa.close());
  test.each(engineCases({ strictBuiltins: true }))('$name', ({ run }) => run(engine));
});

describe('wasm', () => {
  let engine: PolicyEngine;
  beforeAll(async () => {
    engine = await createWasmEngine({ wasm: caseWasm(), trust: caseTrust, policies: casePolicies });
  });
  test.each(engineCases({ strictBuiltins: false }))('$name', ({ run }) => run(engine));
});

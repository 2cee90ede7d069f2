import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PratiqueError } from '@pratique/errors';
import { expect, test } from 'vitest';
import { caseWasm } from '../../testing/build-wasm.ts';
import { casePolicies, caseTrust } from '../../testing/engine-cases.ts';
import { trustFrom } from '../../testing/fakes.ts';
import { createWasmEngine, type WasmEngineOptions } from './engine.ts';

const wasm = caseWasm();
const make = (options: Partial<WasmEngineOptions> = {}) =>
  createWasmEngine({ trust: caseTrust, wasm, policies: casePolicies, ...options });

async function problem(action: () => Promise<unknown>): Promise<PratiqueError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PratiqueError) return error;
    throw error;
  }
  throw new Error('accepted');
}

/** A WebAssembly module that is valid and no policy. */
const emptyModule = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

test.each([
  ['no WebAssembly', new TextEncoder().encode('policy')],
  ['no bytes', new Uint8Array()],
  ['half a policy', wasm.subarray(0, wasm.length / 2)],
  ['a module that is no policy', emptyModule],
])('%s is refused at the start', async (_name, bytes) => {
  expect(await problem(() => make({ wasm: bytes }))).toMatchObject({ code: 'ENGINE_INVALID', kind: 'usage' });
});

test('a policy that is no entry point is refused at the start, with the command that makes it one', async () => {
  const policies = [
    { path: 'a.rego', text: 'package pratique.image.site\nwarn contains "x"\ndeny contains "x"' },
  ];
  const error = await problem(() => make({ policies }));
  expect(error.expected).toBe('pratique/image/site/deny, pratique/image/site/warn');
  expect(error.remedy).toContain('-e pratique/image/signed/deny');
  expect(error.remedy).toContain('-e pratique/image/site/warn');
});

test('entry points nobody named are in force as well', async () => {
  const engine = await make({ policies: [] });
  const { deny } = await engine.evaluate('request', { request: { case: 'string' }, images: [] });
  expect(deny).toMatchObject([{ policy: 'pratique.request.cases', message: 'no' }]);
});

test('a policy that needs more memory than it may have is a fault, and the next request is answered', async () => {
  const engine = await make({ maxMemoryBytes: 4 * 1024 * 1024 });
  const large = { request: { case: 'string', word: 'x'.repeat(6 * 1024 * 1024) }, images: [] };
  let faults: readonly { fault: boolean }[];
  try {
    faults = (await engine.evaluate('request', large)).deny;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENGINE_FAILED', kind: 'fault' });
    faults = [{ fault: true }];
  }
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.every(({ fault }) => fault)).toBe(true);
  const { deny } = await engine.evaluate('request', { request: { case: 'string' }, images: [] });
  expect(deny).toMatchObject([{ message: 'no', fault: false }]);
});

test('a policy that hangs is stopped after its time, and those who wait behind it are answered', async () => {
  const engine = await make({ timeoutMs: 500 });
  const ask = async (name: string) =>
    await engine.evaluate('request', { request: { case: name }, images: [] });
  // Where wasm runs faster, its memory ends before its time does, which is a finding of the policy.
  const hanging = ask('endless').then(
    ({ deny }) => deny,
    (error: PratiqueError) => [{ code: error.code, fault: error.kind === 'fault' }],
  );
  const waiting = ask('string');
  const faults = await hanging;
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault).toMatchObject({ fault: true });
  expect((await waiting).deny).toMatchObject([{ message: 'no' }]);
});

test('the digest changes with the wasm and with the parameters it is given', async () => {
  const parameters = trustFrom('parameters: { requireDigest: true }');
  // A custom section (WebAssembly core §5.5.3) changes the file and nothing else.
  const commented = new Uint8Array([...wasm, 0, 2, 1, 0x78]);
  const digests = await Promise.all([make(), make({ trust: parameters }), make({ wasm: commented })]);
  expect(new Set(digests.map(({ digest }) => digest)).size).toBe(3);
  expect((await make()).digest).toBe(digests[0]!.digest);
});

test('a program that is done ends, though the policy’s thread is there', async () => {
  const script = `
    const { createWasmEngine } = await import(${JSON.stringify(import.meta.resolve('./engine.ts'))});
    const { caseWasm } = await import(${JSON.stringify(import.meta.resolve('../../testing/build-wasm.ts'))});
    const { caseTrust } = await import(${JSON.stringify(import.meta.resolve('../../testing/engine-cases.ts'))});
    const engine = await createWasmEngine({ wasm: caseWasm(), trust: caseTrust });
    const { deny } = await engine.evaluate('request', { request: { case: 'string' }, images: [] });
    process.stdout.write(deny[0].message);
  `;
  const args = ['--input-type=module', '--eval', script];
  expect((await promisify(execFile)(process.execPath, args, { timeout: 20_000 })).stdout).toBe('no');
});

/** The behavioural suite of policy engines, on a real OPA server (TLS, token) and on wasm a real `opa build` made. */
import { equal, ok, rejects } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSelfSigned } from '@pratique/crypto';
import { createOpaEngine, createRegoEngine, createWasmEngine, type PolicyEngine } from '@pratique/policy';
import { buildCaseWasm, caseWasm } from '../../packages/policy/src/testing/build-wasm.ts';
import { casePolicies, caseTrust, engineCases } from '../../packages/policy/src/testing/engine-cases.ts';
import type { Context, Scenario } from '../support/context.ts';
import { freePort, type Server, startServer } from '../support/process.ts';

const policy = fileURLToPath(new URL('../../packages/policy', import.meta.url));
const TOKEN = 'a-token-for-this-run';

const authz = `package system.authz
default allow := false
allow if input.identity == "${TOKEN}"
`;

interface RunningOpa {
  readonly engine: PolicyEngine;
  /** The same server, asked without the token. */
  readonly stranger: PolicyEngine;
  readonly stop: () => Promise<void>;
}

/** Starts OPA on the policies of the suite, as docs/reference/engines.md says to. */
async function startOpaServer(context: Context): Promise<RunningOpa> {
  const folder = context.scratch();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const certificate = createSelfSigned({ names: ['127.0.0.1'] });
  const caFile = file('ca.pem', certificate.caPem);
  const data = { pratique: { parameters: caseTrust.parameters }, site: caseTrust.site };
  const port = await freePort();
  const args = [
    'run',
    '--server',
    ...['--addr', `127.0.0.1:${port}`, '--skip-version-check'],
    ...['--tls-cert-file', file('tls.crt', certificate.certificatePem)],
    ...['--tls-private-key-file', file('tls.key', certificate.privateKeyPem)],
    ...['--authentication', 'token', '--authorization', 'basic'],
    file('authz.rego', authz),
    file('data.json', JSON.stringify(data)),
    join(policy, 'policies'),
    join(policy, 'src/testing/engine'),
  ];
  const server: Server = await startServer(context.tools.opa, args, /Server initialized|Initializing server/);
  await untilListening(port, certificate.caPem);
  const options = { url: `https://127.0.0.1:${port}`, caFile, trust: caseTrust, policies: casePolicies };
  const engine = createOpaEngine({ ...options, token: { file: file('token', TOKEN) } });
  await engine.evaluate('request', { request: {}, images: [] });
  return {
    engine,
    stranger: createOpaEngine({ ...options, token: { file: file('wrong', 'another-token') } }),
    stop: server.stop,
  };
}

/** The log line stands before the socket does. */
async function untilListening(port: number, ca: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answered = await new Promise<boolean>((resolve) => {
      request({ host: '127.0.0.1', port, path: '/health', ca }, (response) => {
        response.resume();
        resolve(true);
      })
        .on('error', () => resolve(false))
        .end();
    });
    if (answered) return;
    await sleep(100);
  }
  throw new Error('OPA does not listen');
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  const opa = once(() => startOpaServer(context));
  const wasm = once(() =>
    createWasmEngine({
      wasm: buildCaseWasm(context.tools.opa),
      trust: caseTrust,
      policies: casePolicies,
    }),
  );
  const embedded = createRegoEngine({ trust: caseTrust, policies: casePolicies });
  const suite = (name: string, strictBuiltins: boolean, engine: () => Promise<PolicyEngine>): Scenario[] =>
    engineCases({ strictBuiltins }).map((item) => ({
      name: `${name}: ${item.name}`,
      run: async () => item.run(await engine()),
    }));
  return [
    ...suite('embedded', true, async () => embedded),
    ...suite('opa run --server', true, async () => (await opa()).engine),
    ...suite('opa build -t wasm', false, wasm),
    {
      name: 'the three engines have three digests: none passes for another',
      run: async () => {
        const engines = [embedded, (await opa()).engine, await wasm()];
        equal(new Set(engines.map(({ digest }) => digest)).size, 3);
      },
    },
    {
      name: 'the wasm kept for the unit tests is what OPA makes of the policies as they are',
      run: async () => ok(Buffer.from(buildCaseWasm(context.tools.opa)).equals(caseWasm())),
    },
    {
      name: 'OPA refuses a wrong token, and that is a fault that does not show it',
      run: async () => {
        const { stranger } = await opa();
        await rejects(
          async () => stranger.evaluate('image', { image: {} }),
          (error: Error & { code?: string }) =>
            error.code === 'OPA_UNAUTHORIZED' &&
            !JSON.stringify([error.message, error]).includes('another-token'),
        );
      },
    },
    { name: 'OPA stops when told to', run: async () => (await opa()).stop() },
  ];
}

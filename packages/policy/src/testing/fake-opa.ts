import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compile, type Policy, RegoError } from '@pratique/rego';
import type { PolicySource } from '../engine/sources.ts';

/** What the server does instead of answering properly. */
export type Misbehaviour = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export interface FakeOpa {
  readonly url: string;
  /** Path, authorization and number of connections of what was asked. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  readonly connections: () => number;
  /** Looked at first; true when it has dealt with the request. */
  misbehave: Misbehaviour;
  modules: readonly PolicySource[];
  data: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** A server on loopback that speaks OPA's policy and data API, with our own Rego behind it. */
export async function startFakeOpa(
  modules: readonly PolicySource[],
  data: Readonly<Record<string, unknown>>,
): Promise<FakeOpa> {
  let connections = 0;
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    fake.requests.push({ path, authorization: incoming.headers.authorization });
    if (fake.misbehave(incoming, outgoing)) return;
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    incoming.on('end', () => answer(fake, path, body, outgoing));
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeOpa = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    connections: () => connections,
    misbehave: () => false,
    modules,
    data,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

/** Compiled once for each set of policies and data. */
let compiled: { readonly of: readonly unknown[]; readonly policy: Policy } | undefined;

function policyOf({ modules, data }: FakeOpa): Policy {
  if (compiled?.of[0] !== modules || compiled.of[1] !== data) {
    const texts = Object.fromEntries(modules.map(({ path, text }) => [path, text]));
    compiled = { of: [modules, data], policy: compile({ modules: texts, data }) };
  }
  return compiled.policy;
}

function answer(fake: FakeOpa, path: string, body: string, outgoing: ServerResponse): void {
  const send = (status: number, value: unknown) =>
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (path === '/v1/policies') {
    send(200, { result: fake.modules.map(({ path: id, text }) => ({ id, raw: text, ast: {} })) });
    return;
  }
  const [document = '', query = ''] = path.replace('/v1/data/', '').split('?');
  const name = document
    .split('/')
    .map((part) => `[${JSON.stringify(decodeURIComponent(part))}]`)
    .join('');
  try {
    const { input } = body === '' ? { input: undefined } : (JSON.parse(body) as { input: unknown });
    const [result] = policyOf(fake)
      .query(`x := data${name}`)
      .evaluate(input, {
        strictBuiltinErrors: query.includes('strict-builtin-errors=true'),
        timeoutMs: 1_000,
      });
    send(200, { decision_id: '1', ...(result === undefined ? {} : { result: result.bindings.x }) });
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    const { code, message, location } = error;
    send(500, {
      code: 'internal_error',
      message: 'error(s) occurred',
      errors: [{ code, message, location }],
    });
  }
}

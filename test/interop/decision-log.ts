/** Our decision log beside a real OPA's: one collector, the same mask and drop rules, the same input and result. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { openDecisionLog } from '@pratique/policy';
import { sampleDecision } from '../../packages/policy/src/testing/decision.ts';
import type { Context, Scenario } from '../support/context.ts';
import { startServer } from '../support/process.ts';

type Event = Readonly<Record<string, unknown>>;

interface Upload {
  readonly url: string | undefined;
  readonly method: string | undefined;
  readonly type: string | undefined;
  readonly encoding: string | undefined;
  readonly authorization: string | undefined;
  readonly events: readonly Event[];
}

const rules = `package system.log

drop if input.input.request.operation == "DRY"

mask contains "/input/request/userInfo"

mask contains "/input/request/groups/0"

mask contains "/input/none"

mask contains {"op": "upsert", "path": "/input/subject/name", "value": "***"}

mask contains {"op": "upsert", "path": "/input/request/note/deep", "value": {"by": "policy"}}

mask contains {"op": "remove", "path": "/result/denials"} if input.input.subject.kind == "Pod"
`;

const REQUEST = {
  uid: '7',
  operation: 'CREATE',
  userInfo: { username: 'alice' },
  groups: ['admins', 'all'],
};

/** A collector on loopback that keeps what it is sent, by who sent it. */
async function startCollector() {
  const uploads: Upload[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    incoming.on('end', () => {
      const { 'content-type': type, 'content-encoding': encoding, authorization } = incoming.headers;
      const events = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as Event[];
      uploads.push({ url: incoming.url, method: incoming.method, type, encoding, authorization, events });
      outgoing.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uploads,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

/** What OPA uploads after it was asked these inputs, `data.app.result` being `result`. */
async function uploadsOfOpa(
  context: Context,
  inputs: readonly object[],
  result: object,
): Promise<readonly Upload[]> {
  const folder = context.scratch();
  const collector = await startCollector();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const socketPath = join(folder, 'opa.sock');
  const config = {
    services: { collector: { url: collector.url, credentials: { bearer: { token: 'a-token' } } } },
    decision_logs: {
      service: 'collector',
      partition_name: 'eu',
      reporting: { min_delay_seconds: 1, max_delay_seconds: 1 },
    },
    labels: { site: 'a' },
  };
  const server = await startServer(
    context.tools.opa,
    [
      'run',
      '--server',
      ...['--addr', `unix://${socketPath}`, '--skip-version-check'],
      ...['--config-file', file('config.json', JSON.stringify(config))],
      file('log.rego', rules),
      file('app.rego', 'package app\nresult := data.fixed'),
      file('data.json', JSON.stringify({ fixed: result })),
    ],
    /Server initialized|Initializing server/,
  );
  try {
    for (const input of inputs) await ask(socketPath, JSON.stringify({ input }));
    for (let tries = 0; tries < 100 && collector.uploads.length === 0; tries++) await sleep(100);
  } finally {
    await server.stop();
    collector.close();
  }
  return collector.uploads;
}

/** Asks until the socket is there. */
async function ask(socketPath: string, body: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const status = await new Promise<number>((resolve) => {
      request({ socketPath, path: '/v1/data/app/result', method: 'POST' }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', () => resolve(0))
        .end(body);
    });
    if (status === 200) return;
    if (tries === 100) throw new Error(`OPA answered ${status}`);
    await sleep(100);
  }
}

async function compare(context: Context): Promise<void> {
  const folder = context.scratch();
  const rulesFile = join(folder, 'log.rego');
  writeFileSync(rulesFile, rules);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a-token');
  const decision = sampleDecision();
  const { subject, allowed, mode, denials, warnings } = decision;
  const requests = [REQUEST, { ...REQUEST, operation: 'DRY' }];

  const theirs = await uploadsOfOpa(
    context,
    requests.map((item) => ({ request: item, subject })),
    { allowed, mode, denials, warnings },
  );
  const collector = await startCollector();
  const log = openDecisionLog(
    {
      console: false,
      file: null,
      http: {
        url: collector.url,
        token: { file: tokenFile },
        partition: 'eu',
        chunkBytes: 32_768,
        bufferedEvents: 100,
        delayMs: 10,
      },
      labels: { site: 'a' },
      policies: [rulesFile],
    },
    {
      console: () => true,
      onProblem: (error) => {
        throw error;
      },
    },
  );
  for (const item of requests) await log.log(decision, { request: item, milliseconds: 1 });
  await log.close();
  collector.close();

  const [their, our] = [theirs, collector.uploads].map((uploads) => ({
    ...uploads[0]!,
    events: uploads.flatMap(({ events }) => events),
  }));
  for (const field of ['url', 'method', 'type', 'encoding', 'authorization'] as const)
    equal(our![field], their![field], field);
  deepEqual([our!.events.length, their!.events.length], [1, 1], 'the dropped event is dropped by both');
  compareEvents(our!.events[0]!, their!.events[0]!);
}

function compareEvents(our: Event, their: Event): void {
  deepEqual(our.input, their.input, 'input');
  deepEqual(our.result, their.result, 'result');
  for (const list of ['erased', 'masked'])
    deepEqual([...(our[list] as string[])].sort(), [...(their[list] as string[])].sort(), list);
  ok((our.erased as string[]).length === 3 && (our.masked as string[]).length === 2);
  equal((our.labels as Event).site, (their.labels as Event).site);
  for (const event of [our, their]) {
    equal(typeof (event.labels as Event).id, 'string');
    ok(!Number.isNaN(Date.parse(event.timestamp as string)));
    equal(typeof event.decision_id, 'string');
    equal(typeof event.path, 'string');
    equal(typeof (event.metrics as Event).timer_server_handler_ns, 'number');
  }
  const known = new Set([...Object.keys(their), 'bundles']);
  deepEqual(
    Object.keys(our).filter((field) => !known.has(field)),
    [],
    'a field OPA does not have',
  );
}

export async function scenarios(context: Context): Promise<Scenario[]> {
  return [
    {
      name: 'uploads, masks and drops are those of a real OPA with the same rules',
      run: () => compare(context),
    },
  ];
}

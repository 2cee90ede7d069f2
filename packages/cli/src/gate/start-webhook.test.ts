import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistryClient } from '@pratique/oci';
import { expect, onTestFinished, test } from 'vitest';
import { testTerminal } from '../testing/terminal.ts';
import { openGate } from './open-gate.ts';
import { startWebhook } from './start-webhook.ts';

/** Text of an answer over HTTPS. */
function ask(url: string, ca: string, body?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    const call = request(url, { method, ca, agent: false, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    namespace: 'default',
    operation: 'CREATE',
    userInfo: { username: 'somebody' },
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'shop' },
      spec: { containers: [{ name: 'c', image: '127.0.0.1:1/app:1' }] },
    },
  },
};

test.each(['', 'decisionLog: { console: true }\n'])(
  'decisions that nobody reads on standard error any more are counted where somebody looks: %j',
  async (decisionLog) => {
    const cwd = mkdtempSync(join(tmpdir(), 'pratique-webhook-'));
    onTestFinished(() => rmSync(cwd, { recursive: true }));
    writeFileSync(join(cwd, 'trust.yaml'), `apiVersion: pratique.dev/v1\nkind: Trust\n${decisionLog}`);
    let isRead = true;
    const terminal = Object.assign(testTerminal({ cwd }), { err: () => isRead });
    const client = createRegistryClient({ environment: {} });
    onTestFinished(() => client.close());
    const gate = await openGate(
      { trust: 'trust.yaml', policy: [], 'local-registries': false },
      client,
      terminal,
    );
    const flags = { listen: '127.0.0.1:0', data: undefined, deadline: 8000, 'mutate-workloads': false };
    const tls = { 'tls-cert': undefined, 'tls-key': undefined, 'tls-name': [] };
    const webhook = await startWebhook({ ...flags, ...tls }, gate, terminal);
    onTestFinished(() => webhook.close());
    const reviewed = () => ask(`${webhook.url}/validate`, webhook.caPem, review);
    expect(await reviewed()).toContain('"allowed":false');
    isRead = false;
    await reviewed();
    await reviewed();
    const metrics = await ask(`${webhook.url}/metrics`, webhook.caPem);
    expect(metrics).toContain('pratique_decision_log_events_total{result="logged"} 3');
    expect(metrics).toContain('pratique_decision_log_events_total{result="not_written"} 2');
  },
);

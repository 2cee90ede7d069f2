import { expect, test } from 'vitest';
import { admissionErrors } from '../errors.ts';
import { send } from '../testing/client.ts';
import { fakeGate, podOf, requestFor, reviewOf } from '../testing/gate.ts';
import type { AdmissionOptions } from './options.ts';
import { startAdmission } from './start.ts';

const review = JSON.stringify(
  reviewOf(requestFor(podOf({ containers: [{ name: 'c', image: 'a.b/signed:1' }] }))),
);

async function answerWith(options: Partial<AdmissionOptions>) {
  const admission = await startAdmission({
    gate: fakeGate(),
    listen: '127.0.0.1:0',
    tls: { names: ['127.0.0.1'] },
    ...options,
  });
  try {
    const { text } = await send(`${admission.url}/validate`, admission.caPem, review);
    const metrics = await send(`${admission.url}/metrics`, admission.caPem, undefined);
    const { response } = JSON.parse(text) as {
      response: { allowed: boolean; status?: { code: number; message: string } };
    };
    return { response, metrics: metrics.text };
  } finally {
    await admission.close();
  }
}

test('a decision is answered only when it is logged', async () => {
  const order: string[] = [];
  const { response } = await answerWith({
    log: {
      review: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push('logged');
      },
    },
  });
  order.push('answered');
  expect(response.allowed).toBe(true);
  expect(order).toEqual(['logged', 'answered']);
});

test('an allow that cannot be logged is refused, with the reason', async () => {
  const { response } = await answerWith({
    log: { review: () => Promise.reject(admissionErrors.error('LISTEN_FAILED', { message: 'disk full' })) },
  });
  expect(response).toMatchObject({ allowed: false, status: { code: 500 } });
  expect(response.status?.message).toContain('LISTEN_FAILED');
});

test('what becomes of decisions in the log is a metric, and what is lost above all', async () => {
  const lost = { buffer_full: 3, too_large: 0, not_uploaded: 0, not_written: 0 };
  const { metrics } = await answerWith({ decisionLogStats: () => ({ logged: 7, dropped: 2, lost }) });
  expect(metrics).toContain('pratique_decision_log_events_total{result="buffer_full"} 3');
  expect(metrics).toContain('pratique_decision_log_events_total{result="logged"} 7');
});

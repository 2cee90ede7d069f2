import { startAdmission } from '@pratique/admission';
import { fakeGate, podOf, requestFor, reviewOf } from '../../../packages/admission/src/testing/gate.ts';
import { isBare, jsonOf, type Target } from './target.ts';

/** The webhook, over a gate that knows signed and unsigned images. */
export async function admissionTarget(): Promise<Target> {
  const faults: unknown[] = [];
  const admission = await startAdmission({
    gate: fakeGate(),
    listen: '127.0.0.1:0',
    tls: { names: ['localhost', '127.0.0.1'] },
    deadlineMs: 200,
    limits: { maxBodyBytes: 200_000, bodyTimeoutMs: 500 },
    log: {
      problem: (error) => {
        if (
          (error as { code?: string }).code === 'ADMISSION_INTERNAL' ||
          !(error instanceof Error && 'code' in error)
        )
          faults.push(error);
      },
    },
  });
  return {
    name: 'admission',
    endpoint: { url: admission.url, ca: admission.caPem },
    request: (random) => {
      if (random.chance(0.1))
        return { method: 'GET', path: random.pick(['/healthz', '/readyz', '/metrics']) };
      const image = random.pick(['a.b/signed:1', 'a.b/unsigned:1', 'down.example/x', 'x@sha256:00', '']);
      const spec = {
        containers: [{ name: 'a', image }],
        initContainers: [{ name: 'b', image: 'a.b/signed' }],
      };
      const object = random.pick([
        podOf(spec),
        { apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec } } },
        { apiVersion: 'batch/v1', kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec } } } } },
        { apiVersion: 'v1', kind: 'List', items: [podOf(spec)] },
      ]);
      const operation = random.pick(['CREATE', 'UPDATE', 'DELETE']);
      const json = reviewOf(
        requestFor(object, { operation, oldObject: operation === 'CREATE' ? null : object }),
      );
      return { method: 'POST', path: `${random.pick(['/validate', '/mutate'])}?timeout=10s`, body: { json } };
    },
    faults: () => faults.splice(0),
    judge({ method, path, body }, answer, damaged) {
      if (answer === undefined) return undefined;
      const { status } = answer;
      const json = jsonOf(answer) as {
        response?: { uid?: unknown; allowed?: unknown; patch?: string };
        code?: unknown;
        error?: unknown;
      };
      if (method === 'POST' && status === 200 && /^\/(validate|mutate)/.test(path)) {
        const { response } = json ?? {};
        if (typeof response?.allowed !== 'boolean' || typeof response.uid !== 'string')
          return 'the answer is no AdmissionReview';
        if (response.patch !== undefined && !response.allowed) return 'a patch with a denial';
        const sent = body !== undefined && 'json' in body ? JSON.stringify(body.json) : '';
        if (!damaged && response.allowed && /unsigned|down\.example/.test(sent) && !sent.includes('"DELETE"'))
          return 'an image was allowed that nobody signed';
      }
      if (status < 400 || isBare(answer) || method === 'HEAD') return undefined;
      return typeof json?.code === 'string' || typeof json?.error === 'string'
        ? undefined
        : 'the answer has not the form of errors';
    },
    finish: () => admission.close(),
  };
}

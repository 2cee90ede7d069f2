/** Our admission webhook in a process of its own, and an API server's side of the conversation with it. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { pratique } from './pratique.ts';
import { startServer } from './process.ts';

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code?: number; readonly message?: string; readonly reason?: string };
  readonly patchType?: string;
  /** Base64 of a JSON Patch. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

/** What the API server sends when somebody creates the Pod `spec` (admission.k8s.io/v1). */
export function reviewOf(images: readonly string[], namespace = 'default'): { request: { uid: string } } {
  const uid = randomUUID();
  const name = `pod-${uid.slice(0, 8)}`;
  const containers = images.map((image, index) => ({
    name: `container-${index}`,
    image,
    imagePullPolicy: 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  }));
  const review = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      name,
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'kubernetes-admin', groups: ['kubeadm:cluster-admins', 'system:authenticated'] },
      object: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { name, namespace, uid: randomUUID(), creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: {
          containers,
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          dnsPolicy: 'ClusterFirst',
          serviceAccountName: 'default',
          securityContext: {},
          schedulerName: 'default-scheduler',
          enableServiceLinks: true,
        },
        status: { phase: 'Pending', qosClass: 'BestEffort' },
      },
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
  return review;
}

export interface Webhook {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** PEM of the CA its certificate was issued by. */
  readonly ca: string;
  /** Posts an AdmissionReview the way an API server does and returns the response in it. */
  review(
    path: '/validate' | '/mutate',
    review: { readonly request: { readonly uid: string } },
  ): Promise<AdmissionResponse>;
  stop(): Promise<void>;
}

/** Starts `pratique admission serve` on the trust configuration at `trust`, with its data in `directory`. */
export async function startWebhook(
  trust: string,
  directory: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Webhook> {
  const [command, ...prefix] = pratique;
  const args = [
    'admission',
    'serve',
    '--trust',
    trust,
    '--listen',
    '127.0.0.1:0',
    '--data',
    directory,
    '--local-registries',
  ];
  const server = await startServer(
    command,
    [...prefix, ...args, '-o', 'json'],
    /"ready":\s*true.*?(https:\/\/[^"/]+:\d+)/s,
    { env },
  );
  const url = server.match[1]!;
  const ca = readFileSync(join(directory, 'ca.crt'), 'utf8');
  return {
    url,
    ca,
    stop: server.stop,
    review: (path, review) => askWebhook({ url, ca }, path, review),
  };
}

/** Posts an AdmissionReview the way an API server does and returns the response in it. */
export async function askWebhook(
  { url, ca }: Pick<Webhook, 'url' | 'ca'>,
  path: '/validate' | '/mutate',
  review: { readonly request: { readonly uid: string } },
): Promise<AdmissionResponse> {
  const body = JSON.stringify(review);
  const text = await new Promise<string>((resolve, reject) => {
    const options = {
      method: 'POST',
      ca,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    };
    const outgoing = request(`${url}${path}?timeout=10s`, options, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(received)
          : reject(new Error(`POST ${path}: ${response.statusCode} ${received}`)),
      );
    });
    outgoing.on('error', reject).end(body);
  });
  const answer = JSON.parse(text) as { apiVersion: string; kind: string; response: AdmissionResponse };
  if (answer.apiVersion !== 'admission.k8s.io/v1' || answer.kind !== 'AdmissionReview') {
    throw new Error(`not an AdmissionReview v1: ${text}`);
  }
  if (answer.response.uid !== review.request.uid) throw new Error(`another request's answer: ${text}`);
  return answer.response;
}

/**
 * Whether a Pod with the image is let in, asked again while it is not: what was denied stays so for the seconds that
 * a webhook remembers it. @param seconds for how long
 */
export async function isLetIn(
  webhook: Pick<Webhook, 'url' | 'ca'>,
  image: string,
  seconds = 60,
): Promise<boolean> {
  for (let asked = 0; asked < seconds; asked++) {
    if ((await askWebhook(webhook, '/validate', reviewOf([image]))).allowed) return true;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return false;
}

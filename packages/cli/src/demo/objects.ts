import { randomUUID } from 'node:crypto';
import type { DemoCase } from './case.ts';

/** The AdmissionReview a Kubernetes API server would send for the case's object (admission.k8s.io/v1). */
export function admissionReview(demo: DemoCase, image: string, initImage: string | undefined): object {
  const spec = {
    containers: [{ name: 'guestbook', image }],
    ...(initImage ? { initContainers: [{ name: 'setup', image: initImage }] } : {}),
  };
  const labels = { app: 'guestbook' };
  const name = `guestbook-${demo.case}`;
  const metadata = { name, namespace: 'demo', labels };
  const pod = demo.object === 'Pod';
  const object = pod
    ? { apiVersion: 'v1', kind: 'Pod', metadata, spec }
    : {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: pod
        ? { group: '', version: 'v1', kind: 'Pod' }
        : { group: 'apps', version: 'v1', kind: 'Deployment' },
      resource: pod
        ? { group: '', version: 'v1', resource: 'pods' }
        : { group: 'apps', version: 'v1', resource: 'deployments' },
      name,
      namespace: 'demo',
      operation: 'CREATE',
      userInfo: { username: 'developer@example.com', groups: ['system:authenticated'] },
      object,
      oldObject: null,
      dryRun: false,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  };
}

/** The kinds of Kubernetes that make Pods: where they are created, and what a small one of them is but for its name. */

interface Workload {
  readonly kind: string;
  readonly apiVersion: string;
  readonly path: string;
  readonly make: (podSpec: object) => object;
}

const labels = { app: 'test' };
const template = (spec: object) => ({ metadata: { labels }, spec });
const selected = (spec: object) => ({
  spec: { selector: { matchLabels: labels }, template: template(spec) },
});
const job = (spec: object) => ({ template: template({ ...spec, restartPolicy: 'Never' }) });
const core = (kind: string, plural: string, make: Workload['make']): Workload => ({
  kind,
  apiVersion: 'v1',
  path: `/api/v1/namespaces/default/${plural}`,
  make,
});
const grouped = (group: string, kind: string, plural: string, make: Workload['make']): Workload => ({
  kind,
  apiVersion: `${group}/v1`,
  path: `/apis/${group}/v1/namespaces/default/${plural}`,
  make,
});

export const workloads: readonly Workload[] = [
  core('PodTemplate', 'podtemplates', (spec) => ({ template: template(spec) })),
  core('ReplicationController', 'replicationcontrollers', (spec) => ({
    spec: { selector: labels, template: template(spec) },
  })),
  grouped('apps', 'Deployment', 'deployments', selected),
  grouped('apps', 'ReplicaSet', 'replicasets', selected),
  grouped('apps', 'DaemonSet', 'daemonsets', selected),
  grouped('apps', 'StatefulSet', 'statefulsets', (spec) => ({
    spec: { serviceName: 'test', ...selected(spec).spec },
  })),
  grouped('batch', 'Job', 'jobs', (spec) => ({ spec: job(spec) })),
  grouped('batch', 'CronJob', 'cronjobs', (spec) => ({
    spec: { schedule: '@daily', jobTemplate: { spec: job(spec) } },
  })),
];

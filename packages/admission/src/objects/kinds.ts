/** Where the PodSpec of a kind stands: keys from the top of the object. */
export type PodSpecPath = readonly string[];

const inTemplate: PodSpecPath = ['spec', 'template', 'spec'];

/** Every kind of Kubernetes itself that carries a Pod, by `group/kind`; the version does not move the PodSpec. */
const podSpecPaths: ReadonlyMap<string, PodSpecPath> = new Map([
  ['/Pod', ['spec']],
  ['/PodTemplate', ['template', 'spec']],
  ['/ReplicationController', inTemplate],
  ['apps/Deployment', inTemplate],
  ['apps/ReplicaSet', inTemplate],
  ['apps/StatefulSet', inTemplate],
  ['apps/DaemonSet', inTemplate],
  ['batch/Job', inTemplate],
  ['batch/CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
]);

/** The resource of a kind, as Kubernetes guesses it (`meta.UnsafeGuessKindToResource`): right for all of its own. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name.endsWith('endpoints')) return name;
  if (name.endsWith('y')) return `${name.slice(0, -1)}ies`;
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}

/** Where `group/kind` carries its PodSpec; undefined for a kind Kubernetes itself does not define as carrying one. */
export function podSpecPath(group: string, kind: string): PodSpecPath | undefined {
  return podSpecPaths.get(`${group}/${kind}`);
}

import type { Trust } from '../trust/types.ts';
import { publicPem, trustFrom } from './fakes.ts';

export const indent = (text: string, by: number): string => text.trim().replace(/^/gm, ' '.repeat(by));

/** `key` of an authority: the key of that name. */
export const keyOf = (name: string): string => `key:\n        data: |\n${indent(publicPem(name), 10)}`;

/** Parts of a ClusterImagePolicy, YAML. */
export interface CipParts {
  readonly name?: string;
  readonly images?: string;
  readonly authorities?: string;
  /** More of its `spec`. */
  readonly more?: string;
}

/** A ClusterImagePolicy: a signature by `team` for everything in `r.io/acme`, where nothing else is said. */
export function cip({
  name = 'release',
  images = '[{ glob: "r.io/acme/**" }]',
  authorities = `    - ${keyOf('team')}`,
  more = '',
}: CipParts): string {
  return `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: ${name} }
spec:
  images: ${images}
  authorities:
${authorities}
${indent(more, 2)}
`;
}

/** Trust that is these documents alone. */
export function imported(...documents: readonly string[]): Trust {
  return trustFrom('clusterImagePolicies: [cip.yaml]', { 'cip.yaml': documents.join('---\n') });
}

/** `spec.policy` in Rego, with more members of it. */
export function overall(rego: string, more = ''): string {
  return `policy:\n  type: rego\n${more === '' ? '' : `${indent(more, 2)}\n`}  data: |\n${indent(rego, 4)}`;
}

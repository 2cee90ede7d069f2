import { defineCommand, type FlagSpecs } from '../program/spec.ts';
import { outputFlag, registryFlags, serverFlags, trustFlags } from './shared.ts';

const group = 'Enforce';

const localRegistriesFlag = {
  'local-registries': {
    kind: 'boolean',
    summary:
      'Nodes and this command are one machine: ask it for images of objects on loopback and link-local addresses',
  },
} as const satisfies FlagSpecs;

export const admit = defineCommand({
  name: 'admit',
  group,
  summary: "Make the webhook's decision for images or manifests, here or in CI",
  examples: [
    {
      command: 'pratique admit --trust trust.yaml registry.example/app:1.0',
      does: 'may this image be deployed?',
    },
    {
      command: 'pratique admit --trust trust.yaml -f deploy.yaml -f jobs/',
      does: 'may these manifests be applied?',
    },
    {
      command: 'helm template chart | pratique admit --trust trust.yaml -f - -o json',
      does: 'decisions as JSON',
    },
  ],
  description: 'Exit 0: all allowed. Exit 2: something is denied, with the reason and what to do about it.',
  args: ['[IMAGE...]'],
  flags: {
    filename: {
      kind: 'list',
      short: 'f',
      placeholder: 'FILE|DIR|-',
      summary: 'Kubernetes manifests, YAML or JSON; may be repeated',
    },
    namespace: {
      kind: 'string',
      short: 'n',
      placeholder: 'NAME',
      default: 'default',
      summary: 'For manifests that name no namespace',
    },
    timeout: {
      kind: 'string',
      placeholder: 'DURATION',
      default: '60s',
      summary: 'For each object: 30s, 2m, or a number of seconds; after that it is denied as a fault',
    },
    ...localRegistriesFlag,
    ...trustFlags,
    ...outputFlag,
    ...registryFlags,
  },
});

export const admissionServe = defineCommand({
  name: 'admission serve',
  group,
  summary: 'Run the Kubernetes admission webhook',
  examples: [
    {
      command:
        'pratique admission serve --trust trust.yaml --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key',
      does: 'with your certificate, reread when it changes',
    },
    {
      command: 'pratique admission serve --trust trust.yaml --data ./data',
      does: 'with a certificate of its own; ./data/ca.crt is what the API server must trust',
    },
  ],
  description:
    'Serves POST /validate and /mutate (AdmissionReview v1), /healthz, /readyz and /metrics over HTTPS.',
  args: [],
  flags: {
    ...serverFlags,
    data: { kind: 'string', placeholder: 'DIR', summary: 'Where the generated certificate is kept' },
    'tls-cert': { kind: 'string', placeholder: 'FILE', summary: 'Certificate chain, PEM' },
    'tls-key': { kind: 'string', placeholder: 'FILE', summary: 'Its private key, PEM' },
    'tls-name': {
      kind: 'list',
      placeholder: 'NAME',
      summary: 'Host names of the generated certificate; may be repeated',
    },
    deadline: {
      kind: 'integer',
      placeholder: 'MILLISECONDS',
      default: 8000,
      summary: "Answer after this long, with a reason; keep it below the webhook's timeoutSeconds",
    },
    'mutate-workloads': {
      kind: 'boolean',
      summary: 'Pin digests in Deployments and the like too, not only in Pods',
    },
    ...localRegistriesFlag,
    ...trustFlags,
    ...registryFlags,
  },
});

import { defineCommand } from '../program/spec.ts';
import { programFlags } from './shared.ts';

const group = 'Trusted roots';

export const initialize = defineCommand({
  name: 'initialize',
  group,
  summary: 'Fetch and keep the roots of a Sigstore from its TUF repository',
  examples: [
    { command: 'pratique initialize', does: 'the public-good Sigstore' },
    {
      command: 'pratique initialize --mirror https://tuf.example --root root.json',
      does: 'a private one, believed on a root that you got from its operator',
    },
    {
      command:
        'pratique initialize --mirror https://tuf.example --root https://tuf.example/root.json --root-checksum SHA256',
      does: 'the same with the root fetched and compared',
    },
  ],
  description:
    'The roots are kept in TUF_ROOT, else in ~/.sigstore/root, in the form that cosign shares. Commands that need a trusted root use them from then on, and ask the repository again at most once a day.',
  args: [],
  flags: {
    mirror: {
      kind: 'string',
      placeholder: 'URL',
      default: 'https://tuf-repo-cdn.sigstore.dev',
      summary: 'The repository: http://, https:// or file://',
    },
    root: {
      kind: 'string',
      placeholder: 'FILE|URL',
      summary: 'The root.json to begin with; absent: the one that comes with pratique',
    },
    'root-checksum': {
      kind: 'string',
      placeholder: 'SHA256',
      summary: 'What the SHA-256 of --root must be',
    },
    staging: { kind: 'boolean', summary: 'The staging Sigstore' },
    ...programFlags,
  },
});

const out = { kind: 'string', placeholder: 'FILE', summary: 'Write to this file' } as const;
const offline = { kind: 'boolean', summary: 'Use what pratique initialize fetched, and ask nobody' } as const;
const list = (placeholder: string, summary: string) => ({ kind: 'list', placeholder, summary }) as const;
const without = (what: string) =>
  ({ kind: 'boolean', summary: `With the default services: leave out ${what}` }) as const;
const specification = 'url=…,api-version=…,start-time=…,operator=…[,end-time=…]';

/** A service was once given by several flags, which are put together by their order. */
const older = (placeholder: string, summary: string) =>
  ({ kind: 'list', placeholder, summary, hidden: true }) as const;
export const olderServiceFlags = {
  'certificate-chain': older('FILE', 'As certificate-chain of --fulcio'),
  'fulcio-uri': older('URL', 'As url of --fulcio'),
  'ctfe-key': older('FILE', 'As public-key of --ctfe'),
  'ctfe-url': older('URL', 'As url of --ctfe'),
  'ctfe-start-time': older('TIME', 'As start-time of --ctfe'),
  'ctfe-end-time': older('TIME', 'As end-time of --ctfe'),
  'rekor-key': older('FILE[,ORIGIN]', 'As public-key and origin of --rekor'),
  'rekor-url': older('URL', 'As url of --rekor'),
  'rekor-start-time': older('TIME', 'As start-time of --rekor'),
  'rekor-end-time': older('TIME', 'As end-time of --rekor'),
  'timestamp-certificate-chain': older('FILE', 'As certificate-chain of --tsa'),
  'timestamp-uri': older('URL', 'As url of --tsa'),
} as const;

export const trustedRootCreate = defineCommand({
  name: 'trusted-root create',
  group,
  summary: 'Make a trusted root from certificates and keys',
  examples: [
    {
      command: 'pratique trusted-root create --with-default-services --out trusted_root.json',
      does: 'what the Sigstore in use publishes, as a file for machines that are offline',
    },
    {
      command:
        'pratique trusted-root create --fulcio url=https://fulcio.example,certificate-chain=ca.pem --rekor url=https://rekor.example,public-key=rekor.pub,start-time=2026-01-01T00:00:00Z',
      does: 'a private Sigstore',
    },
  ],
  args: [],
  flags: {
    fulcio: list(
      'url=…,certificate-chain=FILE[,start-time=…,end-time=…]',
      'A certificate authority; the chain in PEM, root last',
    ),
    ctfe: list('url=…,public-key=FILE,start-time=…[,end-time=…,origin=…]', 'A certificate log'),
    rekor: list(
      'url=…,public-key=FILE,start-time=…[,end-time=…,origin=…]',
      'A transparency log; origin for Rekor v2',
    ),
    tsa: list(
      'url=…,certificate-chain=FILE[,start-time=…,end-time=…]',
      'A timestamp authority; the chain in PEM, its own certificate first',
    ),
    'with-default-services': {
      kind: 'boolean',
      summary: 'Begin with the trusted root of the Sigstore in use',
    },
    'no-default-fulcio': without('its certificate authorities'),
    'no-default-ctfe': without('its certificate logs'),
    'no-default-rekor': without('its transparency logs'),
    'no-default-tsa': without('its timestamp authorities'),
    offline,
    out,
    ...olderServiceFlags,
    ...programFlags,
  },
});

export const signingConfigCreate = defineCommand({
  name: 'signing-config create',
  group,
  summary: 'Make a signing configuration: which services are asked when signing',
  examples: [
    {
      command: 'pratique signing-config create --with-default-services --no-default-rekor --out no-log.json',
      does: 'the services of the Sigstore in use, without a log',
    },
    {
      command:
        'pratique signing-config create --rekor url=https://rekor.example,api-version=2,start-time=2026-01-01T00:00:00Z,operator=example --rekor-config ANY',
      does: 'one log of your own',
    },
  ],
  args: [],
  flags: {
    'base-config': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Begin with this one; services given replace its',
    },
    fulcio: list(specification, 'A certificate authority'),
    rekor: list(specification, 'A transparency log'),
    'rekor-config': { kind: 'string', placeholder: 'ANY|ALL|EXACT:N', summary: 'How many of the logs sign' },
    'oidc-provider': list(specification, 'An issuer of identity tokens'),
    tsa: list(specification, 'A timestamp authority'),
    'tsa-config': {
      kind: 'string',
      placeholder: 'ANY|ALL|EXACT:N',
      summary: 'How many of the authorities stamp',
    },
    'with-default-services': { kind: 'boolean', summary: 'Begin with the services of the Sigstore in use' },
    'with-default-rekor-v2': { kind: 'boolean', summary: 'The same with Rekor v2, where it publishes that' },
    'no-default-fulcio': without('its certificate authorities'),
    'no-default-rekor': without('its transparency logs'),
    'no-default-oidc': without('its issuers'),
    'no-default-tsa': without('its timestamp authorities'),
    offline,
    out,
    ...programFlags,
  },
});

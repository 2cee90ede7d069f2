import { defineCommand, type FlagSpecs } from '../program/spec.ts';
import { needlessFlag, refusedFlag } from './refused.ts';
import { outputFlag, programFlags, registryFlags } from './shared.ts';

const group = 'Notation';

/** notation's names for what every command has. */
const commonFlags = {
  ...programFlags,
  verbose: { ...programFlags.verbose, aliases: ['debug'] },
  ...registryFlags,
  'allow-http-registry': { ...registryFlags['allow-http-registry'], aliases: ['insecure-registry'] },
  'registry-username': {
    ...registryFlags['registry-username'],
    short: 'u',
    aliases: ['username'],
    env: ['NOTATION_USERNAME'],
  },
  'registry-password': {
    ...registryFlags['registry-password'],
    short: 'p',
    aliases: ['password'],
    env: ['NOTATION_PASSWORD'],
  },
  'oci-layout': { kind: 'boolean', summary: 'IMAGE is in an image layout: PATH:TAG or PATH@DIGEST' },
  'allow-referrers-api': needlessFlag('boolean', 'Referrers are asked for in any case'),
} as const satisfies FlagSpecs;

const maxSignaturesFlag = {
  'max-signatures': {
    kind: 'integer',
    default: 100,
    placeholder: 'N',
    summary: 'More signatures than this are not looked at, and are a fault',
  },
} as const satisfies FlagSpecs;

const metadataFlag = {
  kind: 'list',
  short: 'm',
  placeholder: 'KEY=VALUE',
} as const;

export const notationSign = defineCommand({
  name: 'notation sign',
  group,
  summary: 'Sign images as notation does',
  examples: [
    {
      command: 'pratique notation sign registry.example/app@sha256:…',
      does: 'with the default key of signingkeys.json',
    },
    {
      command:
        'pratique notation sign --key-path release.key --cert-path release-chain.crt --signature-format cose -m build=7 registry.example/app@sha256:…',
      does: 'with files: the key, and its certificate with the whole chain behind it',
    },
  ],
  description:
    'Reads signingkeys.json and config.json in notation’s own folder: ~/.config/notation. What is stored is what notation 1 stores.',
  args: ['IMAGE...'],
  flags: {
    key: {
      kind: 'string',
      short: 'k',
      placeholder: 'NAME',
      summary: 'Name of a key in signingkeys.json; the default one there, unless given',
    },
    'key-path': {
      kind: 'string',
      placeholder: 'KEY',
      summary:
        'The private key: FILE, env://NAME, or an ECDSA key in a token or service (pkcs11:…, piv:…, k8s://…, hashivault://…, awskms://…, gcpkms://…, azurekms://…)',
    },
    'cert-path': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'Its certificate, and the chain behind it in order, PEM',
    },
    'signature-format': {
      kind: 'string',
      choices: ['jws', 'cose'],
      summary: 'The envelope; that of config.json unless given, else jws',
    },
    expiry: {
      kind: 'string',
      short: 'e',
      placeholder: 'DURATION',
      summary: 'The image is not to be used after this long: 12h, 3h20m',
    },
    'user-metadata': { ...metadataFlag, summary: 'Put this into what is signed; may be repeated' },
    'timestamp-url': {
      kind: 'string',
      placeholder: 'URL',
      summary: 'Have the signature stamped by this timestamp authority (RFC 3161)',
    },
    'timestamp-root-cert': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'With --timestamp-url: the root that its certificate must lead to',
    },
    'force-referrers-tag': needlessFlag(
      'boolean',
      'The tag is written where the registry keeps no referrers, and nowhere else',
    ),
    id: refusedFlag('string', 'plugins of notation are not run here; sign with --key or --key-path'),
    plugin: refusedFlag('string', 'plugins of notation are not run here; sign with --key or --key-path'),
    'plugin-config': refusedFlag(
      'list',
      'plugins of notation are not run here; sign with --key or --key-path',
    ),
    ...commonFlags,
  },
});

export const notationVerify = defineCommand({
  name: 'notation verify',
  group,
  summary: 'Verify signatures of notation on images, by its trust policy',
  examples: [
    {
      command: 'pratique notation verify registry.example/app@sha256:…',
      does: 'by ~/.config/notation/trustpolicy.json and the trust store beside it',
    },
    {
      command: 'pratique notation verify -m build=7 registry.example/app@sha256:…',
      does: 'with this metadata only',
    },
  ],
  description:
    'Reads trustpolicy.oci.json, else trustpolicy.json, and truststore/ in notation’s own folder: ~/.config/notation. Revocation is not looked up:\na policy that enforces it refuses certificates that name OCSP or CRLs.',
  args: ['IMAGE...'],
  flags: {
    'user-metadata': { ...metadataFlag, summary: 'The signature must have this; may be repeated' },
    ...maxSignaturesFlag,
    scope: {
      kind: 'string',
      placeholder: 'SCOPE',
      summary: 'With --oci-layout: the registry scope of the trust policy that the layout stands for',
    },
    'plugin-config': refusedFlag('list', 'plugins of notation are not run here; verify with notation'),
    ...commonFlags,
  },
});

export const notationList = defineCommand({
  name: 'notation list',
  group,
  summary: 'List the signatures of notation on an image',
  examples: [
    { command: 'pratique notation list registry.example/app:1.0', does: 'their digests, as a tree' },
  ],
  args: ['IMAGE'],
  flags: { ...maxSignaturesFlag, ...commonFlags },
});

/** notation's short name for it. */
export const notationLs = {
  ...notationList,
  name: 'notation ls',
  summary: 'The same as notation list',
  examples: [{ command: 'pratique notation ls registry.example/app:1.0', does: 'their digests, as a tree' }],
};

export const notationInspect = defineCommand({
  name: 'notation inspect',
  group,
  summary: 'Show what the signatures of notation on an image say, unverified',
  examples: [
    {
      command: 'pratique notation inspect -o json registry.example/app:1.0',
      does: 'attributes, certificates and what was signed, as notation prints them',
    },
  ],
  args: ['IMAGE'],
  flags: { ...maxSignaturesFlag, ...outputFlag, ...commonFlags },
});

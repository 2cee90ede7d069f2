import { defineCommand, type FlagSpecs } from '../program/spec.ts';
import { referrersMode, tagFlags } from './older.ts';
import { formatFlags, outputFlag, programFlags, registryFlags, signingFlags } from './shared.ts';

const group = 'Docker Content Trust';

/** Which Notary server is asked, and which root of a repository is trusted. */
export const contentTrustFlags = {
  'notary-server': {
    kind: 'string',
    placeholder: 'URL',
    env: ['DOCKER_CONTENT_TRUST_SERVER'],
    summary: 'The Notary server; by default Docker’s for Docker Hub, and otherwise the registry’s host',
  },
  'root-key': {
    kind: 'list',
    placeholder: 'ID',
    summary: 'Trust the root that this key signed, as docker trust inspect prints its id; may be repeated',
  },
  root: {
    kind: 'string',
    placeholder: 'FILE',
    summary:
      'Trust this root.json, and those that follow it; Docker keeps it in ~/.docker/trust/tuf/NAME/metadata',
  },
  'root-ca': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Trust root keys whose certificates these authorities issued, PEM',
  },
  'trust-on-first-use': {
    kind: 'boolean',
    summary: 'Trust the root that the server has now, and from then on those that follow it',
  },
  'trust-state': {
    kind: 'string',
    placeholder: 'DIR',
    summary:
      'Where is kept what was seen, so that nothing older is believed; by default ~/.local/state/pratique/content-trust',
  },
} as const satisfies FlagSpecs;

export const trustInspect = defineCommand({
  name: 'trust inspect',
  group,
  summary: 'Show which tags are signed with Docker Content Trust, and by whom',
  examples: [
    {
      command: 'pratique trust inspect --root-key ID registry.example/team/app',
      does: 'every signed tag, believed from the root key with this id',
    },
    {
      command:
        'pratique trust inspect --root ~/.docker/trust/tuf/docker.io/library/alpine/metadata/root.json alpine:3.20',
      does: 'one tag, from the root that Docker knows',
    },
    {
      command: 'pratique trust inspect --trust-on-first-use -o json IMAGE',
      does: 'as docker trust inspect prints it; the root is whatever the server says',
    },
  ],
  description:
    'What the Notary server says is verified: roots from the trusted one on, thresholds, expiry, versions, hashes, delegations. Docker takes\ntags of targets/releases, then of targets; other roles are signers, who agree. A role that cannot be believed is named, and the exit\ncode is 1. Exit 2: the tag is not signed.',
  args: ['IMAGE...'],
  flags: { ...contentTrustFlags, ...outputFlag, ...programFlags, ...registryFlags },
});

export const trustMigrate = defineCommand({
  name: 'trust migrate',
  group,
  summary: 'Sign as cosign does what is signed with Docker Content Trust',
  examples: [
    {
      command: 'pratique trust migrate --root-key ID --key cosign.key --dry-run registry.example/team/app',
      does: 'what would be signed: every tag of the repository',
    },
    {
      command: 'pratique trust migrate --root-key ID --key cosign.key registry.example/team/app:1.0',
      does: 'sign the digest that this tag is signed to be',
    },
    {
      command:
        'pratique trust migrate --root-key ID --certificate-identity dev@example.com --certificate-oidc-issuer https://accounts.example.com registry.example/team/app',
      does: 'without a key; what this identity has signed already is left out',
    },
  ],
  description:
    'Verifies the trust data as trust inspect does, fetches each manifest by the digest and length that are signed, and signs the digest.\nThe role that signed it, the ids of its keys and its tags become annotations (docker-content-trust.role, .keys, .tags). Exit 1: of some\ntags nothing could be signed, as the registry has them no more; the others are.',
  args: ['IMAGE...'],
  flags: {
    ...contentTrustFlags,
    'dry-run': { kind: 'boolean', summary: 'Verify all of it, and sign nothing' },
    ...outputFlag,
    ...signingFlags,
    'certificate-identity': {
      kind: 'string',
      placeholder: 'SUBJECT',
      summary: 'Without --key: leave out what this identity has signed, exactly',
    },
    'certificate-oidc-issuer': {
      kind: 'string',
      placeholder: 'URL',
      summary: 'With --certificate-identity: the issuer that vouches for it, exactly',
    },
    annotations: {
      kind: 'list',
      short: 'a',
      placeholder: 'NAME=VALUE',
      summary: 'Put this into the signatures too; may be repeated',
    },
    recursive: { kind: 'boolean', short: 'r', summary: 'Sign every manifest of an index too' },
    'record-creation-timestamp': {
      kind: 'boolean',
      summary: 'With --legacy: write the time into what is stored; bundles always say when they were made',
    },
    ...referrersMode,
    ...tagFlags,
    ...formatFlags,
    ...registryFlags,
  },
});

import type { FlagSpecs } from '../program/spec.ts';
import { olderSigningFlags } from './older.ts';

/** How a registry is reached: cosign's flags. */
export const registryFlags = {
  'allow-http-registry': {
    kind: 'boolean',
    summary: 'Use plain HTTP where HTTPS is not offered (loopback may always)',
  },
  'allow-insecure-registry': { kind: 'boolean', summary: "Do not check the registry's TLS certificate" },
  'registry-username': { kind: 'string', placeholder: 'NAME', summary: 'User name for the registry' },
  'registry-password': {
    kind: 'string',
    placeholder: 'PASSWORD',
    summary: 'Password for the registry; prefer the environment',
  },
  'registry-token': {
    kind: 'string',
    placeholder: 'TOKEN',
    summary: 'Bearer token for the registry; prefer the environment',
  },
  'k8s-keychain': {
    kind: 'boolean',
    summary: "Use the pull secrets of this Pod's service account, instead of Docker's and Podman's files",
  },
  'registry-cacert': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'CA certificates to trust for the registry, PEM',
  },
  'registry-client-cert': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Certificate to show to the registry, PEM (mutual TLS)',
  },
  'registry-client-key': { kind: 'string', placeholder: 'FILE', summary: 'Its private key, PEM' },
  'registry-server-name': {
    kind: 'string',
    placeholder: 'NAME',
    summary: "Name the registry's certificate must be for",
  },
} as const satisfies FlagSpecs;

/** What every command of cosign has; the program applies them. */
export const programFlags = {
  timeout: {
    kind: 'string',
    short: 't',
    placeholder: 'DURATION',
    summary: 'Give up after this long: 30s, 3m',
  },
  verbose: { kind: 'boolean', short: 'd', summary: 'Name every request and its answer on standard error' },
  'output-file': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Write what would go to standard output to this file',
  },
} as const satisfies FlagSpecs;

/** Cosign's flags for PIV tokens. */
export const securityKeyFlags = {
  sk: { kind: 'boolean', summary: 'The key is in a PIV token, such as a YubiKey: --key piv:SLOT' },
  slot: {
    kind: 'string',
    placeholder: 'SLOT',
    summary:
      'With --sk: the slot that the key is in, signature (9c) unless it is authentication (9a), key-management (9d) or card-authentication (9e)',
  },
} as const satisfies FlagSpecs;

/** Whose signatures count: cosign's flags. */
export const signerFlags = {
  key: {
    kind: 'list',
    placeholder: 'KEY',
    summary:
      'A public key to accept: FILE, env://NAME, https://…, or a key in a token or service (pkcs11:…, piv:…, k8s://…, gitlab://…, hashivault://…, awskms://…, gcpkms://…, azurekms://…); may be repeated',
  },
  ...securityKeyFlags,
  'certificate-identity': {
    kind: 'string',
    placeholder: 'SUBJECT',
    summary: 'Accept this identity: an e-mail address, URI or user name, exactly',
  },
  'certificate-identity-regexp': {
    kind: 'string',
    placeholder: 'RE2',
    summary: 'The same as a pattern, which must match the whole subject',
  },
  'certificate-oidc-issuer': {
    kind: 'string',
    placeholder: 'URL',
    summary: 'The issuer that vouches for the identity, exactly',
  },
  'certificate-oidc-issuer-regexp': {
    kind: 'string',
    placeholder: 'RE2',
    summary: 'The same as a pattern, which must match the whole issuer',
  },
  'certificate-github-workflow-trigger': {
    kind: 'string',
    placeholder: 'EVENT',
    summary: 'What triggered the GitHub workflow that signed',
  },
  'certificate-github-workflow-sha': {
    kind: 'string',
    placeholder: 'SHA',
    summary: 'The commit of the GitHub workflow that signed',
  },
  'certificate-github-workflow-name': {
    kind: 'string',
    placeholder: 'NAME',
    summary: 'The name of the GitHub workflow that signed',
  },
  'certificate-github-workflow-repository': {
    kind: 'string',
    placeholder: 'OWNER/NAME',
    summary: 'The repository of the GitHub workflow that signed',
  },
  'certificate-github-workflow-ref': {
    kind: 'string',
    placeholder: 'REF',
    summary: 'The git reference of the GitHub workflow that signed',
  },
  'trusted-root': {
    kind: 'string',
    placeholder: 'FILE',
    summary:
      'Sigstore trusted root: whose certificates, logs and timestamps are believed. For an identity without it: the one of pratique initialize, else of the public-good Sigstore',
  },
  'witness-policy': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Require that witnesses cosigned the log’s checkpoint: C2SP tlog-policy',
  },
  'ca-roots': {
    kind: 'string',
    placeholder: 'FILE',
    summary:
      'Root certificates of the authority that certifies identities, PEM, in place of those in the trusted root',
  },
  'ca-intermediates': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'With --ca-roots: its intermediate certificates, PEM',
  },
  'certificate-chain': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'The same as one chain: intermediate certificates, then the root, PEM',
  },
  'timestamp-certificate-chain': {
    kind: 'string',
    placeholder: 'FILE',
    summary:
      'Certificate of a timestamp authority, its issuers, then the root, PEM, in place of those in the trusted root',
  },
  'use-signed-timestamps': {
    kind: 'boolean',
    summary: 'Require a timestamp of an authority in the trusted root',
  },
  'insecure-ignore-tlog': {
    kind: 'boolean',
    summary: 'Do not require the log entry that --trusted-root asks for',
  },
  'insecure-ignore-sct': {
    kind: 'boolean',
    summary: 'Do not require that a certificate is in a certificate log',
  },
  offline: {
    kind: 'boolean',
    summary: 'Ask nobody but the registry: the roots kept by pratique initialize must do',
  },
  'private-infrastructure': { kind: 'boolean', hidden: true, summary: 'As --insecure-ignore-tlog' },
  'check-claims': { kind: 'boolean', default: true, hidden: true, summary: 'Claims are always checked' },
  'new-bundle-format': { kind: 'boolean', hidden: true, summary: 'Every format is read in any case' },
  ...programFlags,
} as const satisfies FlagSpecs;

/** Who signs, and which services witness it: cosign's flags. */
export const signingFlags = {
  ...programFlags,
  key: {
    kind: 'string',
    placeholder: 'KEY',
    summary:
      'Sign with this private key, not as an identity: FILE, env://NAME, pkcs11:…, piv:SLOT, k8s://NAMESPACE/SECRET, gitlab://PROJECT, hashivault://NAME, awskms://…, gcpkms://…, azurekms://…, or SCHEME://… of a KMS plugin',
  },
  ...securityKeyFlags,
  certificate: {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'With --key: its certificate, of an authority in the trusted root, PEM',
  },
  'certificate-chain': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'With --certificate: the certificates that issued it, PEM',
  },
  'signing-config': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Signing configuration: which Fulcio, Rekor and timestamp authorities to ask',
  },
  'trusted-root': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Sigstore trusted root: what those services say is checked against it',
  },
  'fulcio-url': {
    kind: 'string',
    placeholder: 'URL',
    summary: 'Certificate authority, without a signing configuration',
  },
  'rekor-url': {
    kind: 'string',
    placeholder: 'URL',
    summary: 'Transparency log (Rekor v1), without a signing configuration',
  },
  'timestamp-server-url': {
    kind: 'string',
    placeholder: 'URL',
    summary: 'Timestamp authority, without a signing configuration',
  },
  'timestamp-client-cacert': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'CA certificates to trust for the timestamp authority, PEM',
  },
  'timestamp-client-cert': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Certificate to show to the timestamp authority, PEM (mutual TLS)',
  },
  'timestamp-client-key': { kind: 'string', placeholder: 'FILE', summary: 'Its private key, PEM' },
  'timestamp-server-name': {
    kind: 'string',
    placeholder: 'NAME',
    summary: "Name the timestamp authority's certificate must be for",
  },
  'tlog-upload': {
    kind: 'boolean',
    default: true,
    summary: '--tlog-upload=false: do not put the signature into a log',
  },
  'identity-token': {
    kind: 'string',
    placeholder: 'TOKEN|FILE',
    env: ['SIGSTORE_ID_TOKEN'],
    summary: 'Sign as the identity in this OpenID Connect token; prefer a file or the environment',
  },
  'use-signing-config': {
    kind: 'boolean',
    hidden: true,
    summary: 'With --key: ask the services that the Sigstore in use publishes, as without one',
  },
  'oidc-provider': {
    kind: 'string',
    placeholder: 'NAME',
    summary:
      'Take the token from this provider: github-actions, buildkite-agent, filesystem, spiffe, google (default: the first that is there)',
  },
  'oidc-disable-ambient-providers': {
    kind: 'boolean',
    summary: 'Do not look for tokens that the surroundings (CI, Kubernetes) offer',
  },
  'fulcio-auth-flow': {
    kind: 'string',
    placeholder: 'FLOW',
    choices: ['normal', 'device', 'token', 'client_credentials'],
    summary: 'How to log in: with the browser, on another device, with --identity-token, or with a secret',
  },
  'oidc-issuer': {
    kind: 'string',
    placeholder: 'URL',
    summary: 'Log in at this issuer (default: the one in the signing configuration)',
  },
  'oidc-client-id': {
    kind: 'string',
    placeholder: 'ID',
    default: 'sigstore',
    summary: 'The OAuth client that this program is to the issuer',
  },
  'oidc-client-secret-file': {
    kind: 'string',
    placeholder: 'FILE',
    summary: "File with the client's secret",
  },
  'oidc-redirect-url': {
    kind: 'string',
    placeholder: 'URL',
    summary: 'http://localhost:PORT/PATH, where the issuer knows the client by it',
  },
  yes: {
    kind: 'boolean',
    short: 'y',
    aliases: ['skip-confirmation'],
    summary: 'Do not ask on a terminal whether who signs may be in a public log for good',
  },
  ...olderSigningFlags,
} as const satisfies FlagSpecs;

/** What is attested: cosign's flags. */
export const claimFlags = {
  predicate: { kind: 'string', placeholder: 'FILE|-', summary: 'What is said: the predicate' },
  type: {
    kind: 'string',
    placeholder: 'TYPE|URI',
    default: 'custom',
    summary:
      'Type of the predicate: slsaprovenance, slsaprovenance1, link, spdx, spdxjson, cyclonedx, vuln, openvex, custom, or a URI',
  },
  statement: {
    kind: 'string',
    placeholder: 'FILE|-',
    summary: 'A whole in-toto statement instead; it must be about what is attested',
  },
} as const satisfies FlagSpecs;

/** In which of Cosign's formats a signature of an image is stored. */
export const formatFlags = {
  legacy: { kind: 'boolean', summary: 'Write the tag-based format (sha256-….sig, .att) of cosign 1 and 2' },
  'new-bundle-format': {
    kind: 'boolean',
    hidden: true,
    default: true,
    summary: '--new-bundle-format=false is --legacy',
  },
} as const satisfies FlagSpecs;

/** Files for the parts of a signature, beside the bundle that holds them all. */
export const outputFlags = {
  'output-signature': { kind: 'string', placeholder: 'FILE', summary: 'Write the signature alone here' },
  'output-certificate': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Write the certificate of the signer here',
  },
} as const satisfies FlagSpecs;

/** A signature of a file that stands in files of its own, as cosign 2 wrote it. */
export const detachedFlags = {
  signature: {
    kind: 'string',
    placeholder: 'FILE|BASE64|URL',
    summary: 'In place of --bundle: the signature in base64, or the DSSE envelope',
  },
  certificate: {
    kind: 'string',
    placeholder: 'FILE|URL',
    summary: 'With --signature: the certificate of the signer, PEM. A bundle must hold this one, or none',
  },
  'rfc3161-timestamp': { kind: 'string', placeholder: 'FILE', summary: 'With --signature: its timestamp' },
} as const satisfies FlagSpecs;

export const outputFlag = {
  output: {
    kind: 'string',
    short: 'o',
    choices: ['text', 'json'],
    default: 'text',
    summary: 'Form of the output',
  },
} as const satisfies FlagSpecs;

/** The servers' common flags (design §4). */
export const serverFlags = {
  listen: {
    kind: 'string',
    placeholder: 'HOST:PORT',
    summary: 'Address to listen on; port 0 takes any free one',
  },
  ...outputFlag,
} as const satisfies FlagSpecs;

/** For servers without TLS. */
export const allowedHostFlag = {
  'allowed-host': {
    kind: 'list',
    placeholder: 'NAME',
    summary:
      'Name under which it may be asked when it listens on loopback, besides its own, localhost and addresses; may be repeated',
  },
} as const satisfies FlagSpecs;

/** What decides: the trust configuration and policies. */
export const trustFlags = {
  trust: {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Trust configuration: whose signatures which images need',
  },
  policy: {
    kind: 'list',
    placeholder: 'FILE|DIR',
    summary: 'Rego policies in addition to the trust configuration’s; may be repeated',
  },
  opa: { kind: 'string', placeholder: 'URL', summary: 'Have policies evaluated by this OPA server' },
  'opa-cacert': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'CA certificates to trust for the OPA server, PEM',
  },
  'opa-token-file': {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'File with the bearer token for the OPA server',
  },
  wasm: {
    kind: 'string',
    placeholder: 'FILE',
    summary: 'Have policies evaluated by this policy.wasm of opa build -t wasm',
  },
} as const satisfies FlagSpecs;

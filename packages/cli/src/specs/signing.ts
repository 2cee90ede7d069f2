import { defineCommand } from '../program/spec.ts';
import { olderBlobFlags, olderImageSignerFlags, olderVerifyFlags, referrersMode, tagFlags } from './older.ts';
import { needlessFlag } from './refused.ts';
import {
  detachedFlags,
  formatFlags,
  outputFlag,
  outputFlags,
  programFlags,
  registryFlags,
  securityKeyFlags,
  signerFlags,
  signingFlags,
} from './shared.ts';

const group = 'Sign and verify';

/** By cosign's names, the default first. */
const signingAlgorithms = [
  'ecdsa-sha2-256-nistp256',
  'ecdsa-sha2-384-nistp384',
  'ecdsa-sha2-512-nistp521',
  'rsa-sign-pkcs1-2048-sha256',
  'rsa-sign-pkcs1-3072-sha256',
  'rsa-sign-pkcs1-4096-sha256',
] as const;

export const generateKeyPair = defineCommand({
  name: 'generate-key-pair',
  group,
  summary: 'Make a key pair: cosign.key (encrypted) and cosign.pub',
  examples: [
    { command: 'pratique generate-key-pair', does: 'asks for a password, or takes COSIGN_PASSWORD' },
    {
      command: 'pratique generate-key-pair --output-key-prefix release',
      does: 'release.key and release.pub',
    },
    {
      command: 'pratique generate-key-pair k8s://team/signing',
      does: 'into a Secret of the cluster that KUBECONFIG names, and cosign.pub',
    },
    {
      command:
        "pratique generate-key-pair --kms 'pkcs11:token=team;object=release?module-path=/usr/lib/softhsm/libsofthsm2.so'",
      does: 'inside a token, which never shows the private key; also hashivault://NAME, awskms:///alias/NAME, gcpkms://…, azurekms://…',
    },
  ],
  args: ['[K8S-REFERENCE]'],
  flags: {
    kms: {
      kind: 'string',
      placeholder: 'KEY',
      aliases: ['key'],
      summary:
        'Make the key there: pkcs11:…, hashivault://NAME, awskms://…, gcpkms://…, azurekms://…, k8s://NAMESPACE/SECRET, or with a KMS plugin',
    },
    'output-key-prefix': {
      kind: 'string',
      placeholder: 'NAME',
      default: 'cosign',
      summary: 'Name of the files, without their endings',
    },
    yes: { kind: 'boolean', short: 'y', aliases: ['skip-confirmation'], summary: 'Overwrite existing files' },
    ...programFlags,
  },
});

export const importKeyPair = defineCommand({
  name: 'import-key-pair',
  group,
  summary: 'Turn a PEM private key into an encrypted cosign key pair',
  examples: [
    { command: 'pratique import-key-pair --key rsa.pem', does: 'import-cosign.key and import-cosign.pub' },
    {
      command: 'pratique import-key-pair --key ~/.docker/trust/private/KEY-ID.key',
      does: 'a key of Docker Content Trust; COSIGN_PASSWORD opens it, and encrypts the new file',
    },
  ],
  description:
    'Reads PKCS#8 (encrypted, too), PKCS#1 and SEC 1 PEM: ECDSA P-256, P-384, P-521, RSA from 2048 bits, Ed25519.',
  args: [],
  flags: {
    key: { kind: 'string', short: 'k', placeholder: 'FILE', summary: 'The private key to import' },
    'output-key-prefix': {
      kind: 'string',
      placeholder: 'NAME',
      default: 'import-cosign',
      summary: 'Name of the files, without their endings',
    },
    yes: { kind: 'boolean', short: 'y', aliases: ['skip-confirmation'], summary: 'Overwrite existing files' },
    ...programFlags,
  },
});

export const publicKey = defineCommand({
  name: 'public-key',
  group,
  summary: 'Print the public key of a private one, wherever that is',
  examples: [
    { command: 'pratique public-key --key cosign.key', does: 'PEM on standard output' },
    {
      command: 'pratique public-key --key env://COSIGN_PRIVATE_KEY --outfile cosign.pub',
      does: 'from the environment, to a file',
    },
    {
      command: "pratique public-key --key 'pkcs11:token=team;object=release'",
      does: 'of a key in the token of the module COSIGN_PKCS11_MODULE_PATH names',
    },
  ],
  args: [],
  flags: {
    key: {
      kind: 'string',
      placeholder: 'KEY',
      summary:
        'The private key: FILE, env://NAME, pkcs11:…, piv:…, k8s://…, hashivault://…, awskms://…, gcpkms://…, azurekms://…, or of a KMS plugin',
    },
    ...securityKeyFlags,
    outfile: { kind: 'string', placeholder: 'FILE', summary: 'Write there instead of standard output' },
    ...programFlags,
  },
});

export const sign = defineCommand({
  name: 'sign',
  group,
  summary: 'Sign images',
  examples: [
    { command: 'pratique sign --key cosign.key registry.example/app@sha256:…', does: 'sign one image' },
    {
      command:
        'pratique sign --signing-config signing_config.json --trusted-root trusted_root.json --identity-token token IMAGE@DIGEST',
      does: 'without a key, as the identity in a token',
    },
    {
      command: 'pratique sign --key cosign.key -a env=prod -a build=42 IMAGE@DIGEST',
      does: 'with annotations inside the signature',
    },
    {
      command: 'pratique sign --key cosign.key -r IMAGE@DIGEST',
      does: 'an index, and the image of every platform in it',
    },
    {
      command: 'pratique sign --key env://COSIGN_PRIVATE_KEY --legacy IMAGE@DIGEST',
      does: 'key from the environment, tag-based format of cosign 1 and 2',
    },
  ],
  description:
    'Writes a Sigstore bundle (v0.3) as a referrer of the image, as cosign 3 does. Sign digests: a tag may mean another image a\nmoment later, so it is resolved once and a warning is given. What was made is verified before it is stored.',
  args: ['IMAGE...'],
  flags: {
    ...signingFlags,
    annotations: {
      kind: 'list',
      short: 'a',
      placeholder: 'NAME=VALUE',
      summary: 'Put this into the signature; may be repeated',
    },
    recursive: { kind: 'boolean', short: 'r', summary: 'Sign every manifest of an index too' },
    bundle: {
      kind: 'string',
      placeholder: 'FILE',
      summary:
        'Write the bundle to this file too; with --legacy signature, certificate and log entry as JSON',
    },
    upload: {
      kind: 'boolean',
      default: true,
      summary:
        '--upload=false: do not store the signature; needs --bundle, or --output-signature with --legacy',
    },
    ...outputFlags,
    'output-payload': {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'With --legacy: write what was signed here',
    },
    'sign-container-identity': {
      kind: 'list',
      placeholder: 'NAME,…',
      summary:
        'With --legacy: the name of the image inside the signature; of several names, one signature for each',
    },
    attachment: {
      kind: 'string',
      placeholder: 'sbom',
      choices: ['sbom'],
      summary: 'Sign the SBOM under the image’s SBOM tag, and not the image',
    },
    payload: {
      kind: 'string',
      placeholder: 'FILE',
      summary:
        'With --legacy: sign this document about the image (as pratique generate prints it), not one made here',
    },
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

export const signBlob = defineCommand({
  name: 'sign-blob',
  group,
  summary: 'Sign files',
  examples: [
    {
      command: 'pratique sign-blob --key cosign.key --bundle app.sigstore.json app.tar.gz',
      does: 'the signature goes into the bundle',
    },
    {
      command:
        'pratique sign-blob --signing-config signing_config.json --trusted-root trusted_root.json --identity-token token --bundle app.sigstore.json app.tar.gz',
      does: 'without a key, as the identity in a token',
    },
  ],
  description:
    'Writes a Sigstore bundle (v0.3) with a signature over the bytes of the file. `-` is standard input.',
  args: ['FILE|-'],
  flags: {
    bundle: { kind: 'string', placeholder: 'FILE', summary: 'Where to write the Sigstore bundle' },
    ...outputFlags,
    output: { kind: 'string', placeholder: 'FILE', hidden: true, summary: 'As --output-signature' },
    b64: {
      kind: 'boolean',
      default: true,
      summary: '--b64=false: signature and certificate as they are, not in base64',
    },
    'rfc3161-timestamp': { kind: 'string', placeholder: 'FILE', summary: 'Write the timestamp here' },
    'signing-algorithm': {
      kind: 'string',
      choices: signingAlgorithms,
      default: signingAlgorithms[0],
      summary: 'Without --key: the kind of key that is made for the signature',
    },
    'new-bundle-format': needlessFlag('boolean', 'There is one format of bundles'),
    ...signingFlags,
  },
});

export const verify = defineCommand({
  name: 'verify',
  group,
  summary: "Check images' signatures",
  examples: [
    {
      command: 'pratique verify --key cosign.pub registry.example/app:1.0',
      does: 'exit 0 when a good signature by this key is found',
    },
    { command: 'pratique verify --key cosign.pub -a env=prod IMAGE', does: 'and it says env=prod' },
    {
      command: 'pratique verify --key a.pub --key b.pub -o json IMAGE',
      does: 'by either key; JSON as cosign prints it',
    },
    {
      command:
        'pratique verify --trusted-root trusted_root.json --certificate-identity dev@example.com --certificate-oidc-issuer https://accounts.example.com IMAGE',
      does: 'by this person, whoever holds the key',
    },
  ],
  description:
    'Reads every format cosign has written: bundles (v0.1 to v0.3) as referrers and tag-based signatures. All signatures are\nchecked; those refused are listed with the reason. Exit 10: no signature; 11: no such image; 12: none by this key; 13: no certificate.',
  args: ['IMAGE...'],
  flags: {
    ...signerFlags,
    annotations: {
      kind: 'list',
      short: 'a',
      placeholder: 'NAME=VALUE',
      summary: 'The signature must say this; may be repeated',
    },
    output: {
      kind: 'string',
      short: 'o',
      choices: ['json', 'text'],
      default: 'json',
      summary: 'Form of the output',
    },
    'local-image': { kind: 'boolean', summary: 'IMAGE is an OCI image layout directory' },
    'max-workers': { kind: 'integer', default: 10, summary: 'How much is fetched at once, at most 100' },
    'experimental-oci11': { kind: 'boolean', hidden: true, summary: 'Every format is read in any case' },
    ...olderVerifyFlags,
    ...registryFlags,
  },
});

export const verifyAttestation = defineCommand({
  name: 'verify-attestation',
  group,
  summary: 'Check attestations of images, and print them',
  examples: [
    {
      command: 'pratique verify-attestation --key cosign.pub --type spdx IMAGE',
      does: 'the SBOMs this key signed, one DSSE envelope a line',
    },
    {
      command:
        "pratique verify-attestation --trusted-root trusted_root.json --certificate-identity-regexp 'https://github.com/owner/.*' --certificate-oidc-issuer https://token.actions.githubusercontent.com --type slsaprovenance1 IMAGE",
      does: 'the provenance a GitHub workflow signed',
    },
  ],
  description:
    'Prints the attestations of the type asked for as cosign does: one DSSE envelope a line, the statement in its payload in base64.\nAn attestation of another type never counts. Exit 13: an identity was asked for, and there are only signatures by keys.',
  args: ['IMAGE...'],
  flags: {
    ...signerFlags,
    type: {
      kind: 'string',
      placeholder: 'TYPE|URI',
      default: 'custom',
      summary:
        'Type of the predicate: slsaprovenance, slsaprovenance1, link, spdx, cyclonedx, vuln, openvex, custom, or a URI',
    },
    policy: {
      kind: 'list',
      placeholder: 'FILE.rego',
      summary: 'Rego v0 that must say data.signature.allow of each statement; may be repeated',
    },
    output: {
      kind: 'string',
      short: 'o',
      choices: ['json', 'text'],
      default: 'json',
      hidden: true,
      summary: 'Attestations are always printed as JSON',
    },
    'local-image': { kind: 'boolean', summary: 'IMAGE is an OCI image layout directory' },
    'max-workers': { kind: 'integer', default: 10, summary: 'How much is fetched at once, at most 100' },
    'experimental-oci11': { kind: 'boolean', hidden: true, summary: 'Every format is read in any case' },
    ...olderImageSignerFlags,
    ...registryFlags,
  },
});

export const verifyBlob = defineCommand({
  name: 'verify-blob',
  group,
  summary: 'Check the signature of a file',
  examples: [
    {
      command: 'pratique verify-blob --key cosign.pub --bundle app.sigstore.json app.tar.gz',
      does: 'exit 0 when this key signed the file',
    },
    {
      command:
        'pratique verify-blob --trusted-root trusted_root.json --certificate-identity dev@example.com --certificate-oidc-issuer https://accounts.example.com --bundle app.sigstore.json app.tar.gz',
      does: 'when this person did',
    },
    {
      command: 'pratique verify-blob --key cosign.pub --bundle app.sigstore.json sha256:…',
      does: 'with the digest of the file alone',
    },
  ],
  description:
    'Reads Sigstore bundles v0.1 to v0.3: a signature over the file, or an in-toto statement with it among its subjects.\nEvery check is listed. Exit 13: an identity was asked for, and the signature is by a key.',
  args: ['FILE|DIGEST'],
  flags: {
    bundle: {
      kind: 'string',
      placeholder: 'FILE',
      summary: 'The Sigstore bundle of the file, or the one of cosign 2',
    },
    ...detachedFlags,
    ...signerFlags,
    ...olderBlobFlags,
    ...outputFlag,
  },
});

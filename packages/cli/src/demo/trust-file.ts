import type { Digest } from '@pratique/oci';

/** The trust configuration of the demo, as a file that a reader can change and try again. */
export function trustFile(digest: Digest, mode: 'enforce' | 'warn'): string {
  return `# Who may sign what. Format: docs/reference/trust.md
apiVersion: pratique.dev/v1
kind: Trust
mode: ${mode}
authorities:
  guestbook-team: { keyFile: team.pub }
images:
  - match: "127.0.0.1:*/**"
    mode: ${mode}
    require: { any: [guestbook-team] }
parameters:
  # The tutorial's two policies: this digest only, and signed for dev.
  digests:
    "127.0.0.1:*/**": ["${digest}"]
  environment: dev
`;
}

/** The same with identities: who may sign is said by name and issuer, and what they signed must be in the log. */
export function keylessTrustFile(issuer: string): string {
  return `# Who may sign what, without a key. Format: docs/reference/trust.md
apiVersion: pratique.dev/v1
kind: Trust
authorities:
  people:
    identities:
      - { issuer: "${issuer}", subjectRegExp: 'alice@example\\.com' }
      - { issuer: "${issuer}", subject: bob@example.com }
  contents:
    identities: [{ issuer: "${issuer}", subject: bob@example.com }]
    attestations: [cyclonedx]
images:
  - match: "127.0.0.1:*/**"
    require: { any: [people] }
  - match: "127.0.0.1:*/keyless/sbom/*"
    require: { any: [contents] }
log: { trustedRoot: trusted_root.json }
parameters:
  environment: dev
`;
}

/** What developers build must be signed, and made on the base image with this digest. */
export function basesTrustFile(base: Digest): string {
  return `# Who may sign what, made on which base. Format: docs/reference/trust.md
apiVersion: pratique.dev/v1
kind: Trust
authorities:
  guestbook-team: { keyFile: team.pub }
images:
  - match: "127.0.0.1:*/on-base/*"
    require: { any: [guestbook-team] }
parameters:
  bases: ["${base}"]
`;
}

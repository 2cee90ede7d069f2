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

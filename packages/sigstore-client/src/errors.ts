import { defineErrors } from '@pratique/errors';

/** Codes of signing with the services of a Sigstore. */
export const sigstoreClientErrors = defineErrors({
  SIGNING_CONFIG_INVALID: {
    kind: 'usage',
    title: 'A signing configuration cannot be used.',
    remedy:
      'Fetch `signing_config.v0.2.json` again from whoever runs the Sigstore, or make one with `pratique signing-config create`.',
  },
  SIGNING_SERVICE_MISSING: {
    kind: 'usage',
    title: 'The signing configuration names no service that can be used now.',
    remedy:
      'Check the times and API versions in the signing configuration: it may be older than the services, or newer than this program.',
  },
  SIGNING_SERVICE_ADDRESS: {
    kind: 'usage',
    title: 'The address of a signing service cannot be used.',
    remedy: 'Use https://, or http:// on this machine: an identity token must not travel in the clear.',
  },
  SIGNING_SERVICE_UNREACHABLE: {
    kind: 'fault',
    title: 'A service that is needed to sign did not answer.',
    remedy: 'Try again; check the address in the signing configuration, DNS and HTTPS_PROXY.',
  },
  SIGNING_SERVICE_REFUSED: {
    kind: 'fault',
    title: 'A service that is needed to sign refused to.',
    remedy: 'Read its message; 429 means that it is asked too often: wait and try again.',
  },
  SIGNING_SERVICE_ANSWER: {
    kind: 'fault',
    title: 'A service that is needed to sign gave an answer that makes no sense.',
    remedy: 'Check that the address in the signing configuration is the one of that service.',
  },
  SIGNING_KEY_UNSUPPORTED: {
    kind: 'usage',
    title: 'A signature by a key of this kind cannot be put into the log.',
    remedy: 'Sign with an ECDSA key (`pratique generate-key-pair`), or without a log.',
  },
  CERTIFICATE_UNUSABLE: {
    kind: 'fault',
    title: 'The certificate to sign with is not one that a verifier would believe.',
    remedy:
      'Check that `--trusted-root` is the root of the certificate authority in the signing configuration.',
  },
  IDENTITY_TOKEN_MISSING: {
    kind: 'auth',
    title: 'There is no identity to sign with.',
    remedy:
      'Sign with a key (--key FILE), or give --identity-token FILE or set SIGSTORE_ID_TOKEN; in CI, let the job have identity tokens (GitHub Actions: `permissions: id-token: write`); on a terminal, log in with the browser.',
  },
  IDENTITY_TOKEN_INVALID: {
    kind: 'auth',
    title: 'The identity token cannot be used.',
    remedy: 'Get a new one for the audience `sigstore`; tokens live for minutes.',
  },
  IDENTITY_TOKEN_REFUSED: {
    kind: 'auth',
    title: 'The certificate authority did not accept the identity token.',
    remedy:
      'Check that it trusts the token’s issuer, that the audience is `sigstore`, and that the token has not expired.',
  },
  IDENTITY_PROVIDER_FAILED: {
    kind: 'fault',
    title: 'The surroundings offer identity tokens, but none could be had.',
    remedy:
      'Read the message; name the provider with --oidc-provider, or give a token with --identity-token.',
  },
  LOGIN_FAILED: {
    kind: 'auth',
    title: 'The log-in did not succeed.',
    remedy: 'Try again; without a browser use --fulcio-auth-flow device.',
  },
});

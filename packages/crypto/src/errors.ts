import { defineErrors } from '@pratique/errors';

/** Error codes of this package. Messages never carry key material or passwords. */
export const cryptoErrors = defineErrors({
  ENCODING_INVALID: {
    kind: 'fault',
    title:
      'Bytes that should be base64, PEM or JSON are not, or not in the one strict form that is accepted.',
    remedy: 'Fetch or create the file again; it is truncated, altered or of another kind.',
  },
  DER_INVALID: {
    kind: 'fault',
    title: 'A key, certificate or signature is not strict DER.',
    remedy: 'Fetch or create it again. `openssl asn1parse -inform DER -in FILE` shows where it breaks.',
  },
  CERTIFICATE_INVALID: {
    kind: 'fault',
    title: 'A certificate cannot be read as X.509 version 3.',
    remedy: 'Look at it with `openssl x509 -noout -text -in FILE`.',
  },
  KEY_INVALID: {
    kind: 'usage',
    title: 'A key file is not a key in a form that is read here.',
    remedy:
      'Give a PEM file: `PUBLIC KEY`, or `ENCRYPTED SIGSTORE PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `PRIVATE KEY`, `EC PRIVATE KEY`, `RSA PRIVATE KEY`. `pratique generate-key-pair` makes a new pair.',
  },
  KEY_UNSUPPORTED: {
    kind: 'usage',
    title: 'The key is well formed but of an algorithm or size that is not accepted.',
    remedy: 'Use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits with exponent 65537.',
  },
  KEY_FILE_INVALID: {
    kind: 'usage',
    title: 'An encrypted private key file is damaged or uses parameters that are refused.',
    remedy: 'Restore the file from a backup, or make a new pair with `pratique generate-key-pair`.',
  },
  KEY_PASSWORD_WRONG: {
    kind: 'auth',
    title: 'The password does not open the private key file.',
    remedy: 'Set COSIGN_PASSWORD to the password given when the key was made.',
  },
  NOTE_INVALID: {
    kind: 'fault',
    title: 'A signed note or checkpoint of a log is not well formed.',
    remedy: 'Fetch it again from the log; a log that publishes such a checkpoint does not follow C2SP.',
  },
  WITNESS_POLICY_INVALID: {
    kind: 'usage',
    title: 'A witness policy cannot be read.',
    remedy:
      'Write it as C2SP tlog-policy: `witness NAME VKEY [URL]` lines, `group NAME all|any|K NAME…`, and one `quorum NAME`.',
  },
  TIMESTAMP_UNREADABLE: {
    kind: 'fault',
    title: 'A signed timestamp cannot be read as RFC 3161.',
    remedy: 'Look at it with `openssl ts -reply -text -in FILE`, and have it made again.',
  },
  ENVELOPE_INVALID: {
    kind: 'fault',
    title: 'A DSSE envelope is not well formed.',
    remedy: 'Sign again: the envelope was truncated or written by a tool that does not follow DSSE v1.',
  },
});

import { defineErrors } from '@pratique/errors';

/** Codes of keys that are not files. No message holds a PIN, a token or a password. */
export const keysErrors = defineErrors({
  KEY_REFERENCE_INVALID: {
    kind: 'usage',
    title: 'A reference to a key does not have the form that its scheme asks for.',
    remedy:
      'Write pkcs11:token=LABEL;object=LABEL?module-path=/PATH, k8s://NAMESPACE/SECRET, hashivault://NAME or hashivault://NAME?version=2.',
  },
  KEY_NOT_FOUND: {
    kind: 'usage',
    title: 'There is no such key where the reference points to.',
    remedy:
      'List what is there (pratique pkcs11-tool list-keys-uris), or make it: pratique generate-key-pair.',
  },
  KEY_AMBIGUOUS: {
    kind: 'usage',
    title: 'A reference to a key fits several keys, or several tokens.',
    remedy:
      'Name more of it, as `pratique pkcs11-tool list-keys-uris` prints it: id, object, serial, slot-id.',
  },
  KEY_EXISTS: {
    kind: 'usage',
    title: 'There is a key already where a new one was to be made.',
    remedy: 'Name another place. A key that others rely on is never replaced here.',
  },
  KEY_MECHANISM_UNSUPPORTED: {
    kind: 'usage',
    title: 'A token or service cannot sign with this key in a way that Sigstore knows.',
    remedy:
      'Use a key that may sign: ECDSA on P-256, P-384 or P-521, Ed25519, or RSA from 2048 bits (PKCS #1 v1.5).',
  },
  KEY_SIGNATURE_WRONG: {
    kind: 'fault',
    title: 'A token or service made a signature that does not verify under the public key it gave.',
    remedy: 'Check that public and private key belong together (the same id in a token), then try again.',
  },
  KEY_SERVICE_UNREACHABLE: {
    kind: 'fault',
    title: 'The service that holds a key did not answer.',
    remedy: 'Check its address (VAULT_ADDR, the kubeconfig) and the network, then try again.',
  },
  KEY_SERVICE_REFUSED: {
    kind: 'auth',
    title: 'The service that holds a key refused to use or to show it.',
    remedy: 'Check the credentials (VAULT_TOKEN, the kubeconfig) and what they are allowed to.',
  },
  KEY_SERVICE_ANSWER: {
    kind: 'fault',
    title: 'The service that holds a key gave an answer that cannot be what was asked for.',
    remedy: 'Check that the address is that of the service, and its version.',
  },
  KEY_SERVICE_CONFIG: {
    kind: 'usage',
    title: 'It is not said how to reach the service that holds a key.',
    remedy: 'Set VAULT_ADDR and VAULT_TOKEN for hashivault:// and openbao://, KUBECONFIG for k8s://.',
  },
  KEY_PLUGIN_MISSING: {
    kind: 'usage',
    title: 'There is no program for the scheme of a key.',
    remedy:
      'Put the plugin `sigstore-kms-SCHEME` on the PATH (sigstore’s KMS plugin protocol), or use pkcs11:, k8s:// or hashivault://.',
  },
  KEY_PLUGIN_FAILED: {
    kind: 'fault',
    title: 'A KMS plugin failed, or answered what its protocol does not know.',
    remedy:
      'Run the same with cosign, which uses the same plugin; what the plugin printed is in the message.',
  },
  PKCS11_LIBRARY_MISSING: {
    kind: 'usage',
    title: 'The optional package that calls PKCS#11 modules is not installed.',
    remedy: 'Install it beside pratique: npm install koffi@3.3.4. All other keys work without it.',
  },
  PKCS11_MODULE_UNUSABLE: {
    kind: 'usage',
    title: 'A PKCS#11 module could not be loaded.',
    remedy:
      'Give the absolute path of the vendor’s library, for this machine’s processor: module-path in the URI, or COSIGN_PKCS11_MODULE_PATH.',
  },
  PKCS11_TOKEN_NOT_FOUND: {
    kind: 'usage',
    title: 'The PKCS#11 module has no such token.',
    remedy: 'See which there are: pratique pkcs11-tool list-tokens --module-path FILE.',
  },
  PKCS11_PIN_MISSING: {
    kind: 'usage',
    title: 'A token wants a PIN and there is nobody to ask.',
    remedy: 'Set COSIGN_PKCS11_PIN, or name a file with the PIN in the URI: pin-source=file:/PATH.',
  },
  PKCS11_PIN_REFUSED: {
    kind: 'auth',
    title: 'A token refused the PIN.',
    remedy: 'Check the PIN. It was tried once: most tokens lock after a few wrong ones.',
  },
  PKCS11_FAILED: {
    kind: 'fault',
    title: 'A PKCS#11 module failed.',
    remedy: 'Look the CKR_ code up in the vendor’s manual; try `pratique pkcs11-tool list-tokens`.',
  },
});

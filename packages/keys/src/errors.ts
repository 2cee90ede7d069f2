import { defineErrors } from '@pratique/errors';

/** Codes of keys that are not files. No message holds a PIN, a token or a password. */
export const keysErrors = defineErrors({
  KEY_REFERENCE_INVALID: {
    kind: 'usage',
    title: 'A reference to a key does not have the form that its scheme asks for.',
    remedy:
      'Write pkcs11:token=LABEL;object=LABEL?module-path=/PATH, piv:SLOT, k8s://NAMESPACE/SECRET, gitlab://PROJECT, hashivault://NAME or hashivault://NAME?version=2, awskms:///alias/NAME, gcpkms://projects/…/cryptoKeys/KEY, azurekms://VAULT.vault.azure.net/KEY.',
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
  KEY_DISABLED: {
    kind: 'usage',
    title:
      'The service that holds a key has it, but does not let it be used: it is disabled, expired or to be deleted.',
    remedy: 'Have it enabled again, or name another key or version.',
  },
  KEY_CREDENTIALS_MISSING: {
    kind: 'auth',
    title: 'There are no credentials for the service that holds a key.',
    remedy: 'Set one of those that the message names, or log in with the command of the cloud.',
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
    remedy: 'Check its address (VAULT_ADDR, the kubeconfig, AWS_REGION) and the network, then try again.',
  },
  KEY_SERVICE_REFUSED: {
    kind: 'auth',
    title: 'The service that holds a key refused to use or to show it.',
    remedy:
      'Check the credentials (VAULT_TOKEN, the kubeconfig, the login of the cloud) and what they are allowed to.',
  },
  KEY_SERVICE_ANSWER: {
    kind: 'fault',
    title: 'The service that holds a key gave an answer that cannot be what was asked for.',
    remedy: 'Check that the address is that of the service, and its version.',
  },
  KEY_SERVICE_CONFIG: {
    kind: 'usage',
    title: 'It is not said how to reach the service that holds a key.',
    remedy:
      'Set VAULT_ADDR and VAULT_TOKEN for hashivault:// and openbao://, KUBECONFIG for k8s://, GITLAB_TOKEN for gitlab://, AWS_REGION for awskms://, GOOGLE_APPLICATION_CREDENTIALS for gcpkms://, AZURE_TENANT_ID and AZURE_CLIENT_ID for azurekms://.',
  },
  KEY_PLUGIN_MISSING: {
    kind: 'usage',
    title: 'There is no program for the scheme of a key.',
    remedy:
      'Put the plugin `sigstore-kms-SCHEME` on the PATH (sigstore’s KMS plugin protocol), or use pkcs11:, k8s://, gitlab://, hashivault://, awskms://, gcpkms:// or azurekms://.',
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
  PIV_SERVICE_MISSING: {
    kind: 'usage',
    title: 'The service that speaks with smart card readers, pcscd, is not running.',
    remedy:
      'Install and start it: apt-get install pcscd (or pcsc-lite), systemctl enable --now pcscd.socket. PCSCLITE_CSOCK_NAME says where it listens, if not at /run/pcscd/pcscd.comm.',
  },
  PIV_SERVICE_FAILED: {
    kind: 'fault',
    title: 'The service that speaks with smart card readers failed, or does not let this program use them.',
    remedy:
      'Take the token out, put it in again and try once more; see what pcscd says (journalctl -u pcscd).',
  },
  PIV_READER_MISSING: {
    kind: 'usage',
    title: 'There is no smart card reader.',
    remedy:
      'Plug the token in. If it is, install the driver of USB readers (apt-get install libccid) and start pcscd again.',
  },
  PIV_TOKEN_MISSING: {
    kind: 'usage',
    title: 'There is no smart card, or not the one that is meant.',
    remedy: 'Put the card or token in.',
  },
  PIV_TOKEN_BUSY: {
    kind: 'fault',
    title: 'Another program has the smart card to itself.',
    remedy: 'End that program. GnuPG lets go of tokens with: gpgconf --kill scdaemon.',
  },
  PIV_APPLICATION_MISSING: {
    kind: 'usage',
    title: 'The smart card has no PIV application, or it is switched off.',
    remedy: 'Use a token with PIV, such as a YubiKey; switch it on with: ykman config usb --enable PIV.',
  },
  PIV_PIN_MISSING: {
    kind: 'usage',
    title: 'A PIV token wants its PIN and there is nobody to ask.',
    remedy: 'Set PRATIQUE_PIV_PIN, or sign where somebody can be asked.',
  },
  PIV_PIN_INVALID: {
    kind: 'usage',
    title: 'What was given cannot be a PIN or PUK of a PIV token.',
    remedy: 'A PIN or PUK has 6 to 8 digits. It was not tried.',
  },
  PIV_PIN_REFUSED: {
    kind: 'auth',
    title: 'A PIV token refused the PIN or PUK.',
    remedy: 'Check it. It was tried once: tokens block after a few wrong ones.',
  },
  PIV_PIN_BLOCKED: {
    kind: 'auth',
    title: 'The PIN or PUK of a PIV token is blocked.',
    remedy: 'Set a new PIN with the PUK: pratique piv-tool unblock --puk PUK --new-PIN PIN.',
  },
  PIV_TOUCH_MISSING: {
    kind: 'auth',
    title: 'A token waited to be touched, and was not.',
    remedy: 'Run it again, and touch the token while it blinks.',
  },
  PIV_MANAGEMENT_KEY_INVALID: {
    kind: 'usage',
    title: 'What was given cannot be the management key of the PIV token.',
    remedy: 'Give it in hexadecimal: 48 digits for Triple DES and AES-192, 32 for AES-128, 64 for AES-256.',
  },
  PIV_MANAGEMENT_KEY_REFUSED: {
    kind: 'auth',
    title: 'The management key is not that of the PIV token.',
    remedy:
      'Give the one that was set. Where nobody knows it, only pratique piv-tool reset helps, and the keys are gone.',
  },
  PIV_ATTESTATION_INVALID: {
    kind: 'denial',
    title: 'It is not proven that a key was made in a token of a known maker.',
    remedy:
      'Do not take the key for one that cannot be copied. For tokens of another maker, name its authority: --attestation-roots FILE.',
  },
  PIV_ANSWER_INVALID: {
    kind: 'fault',
    title: 'A smart card sent what no PIV application sends.',
    remedy: 'Try another token. If it is a sound one, report what is in the message.',
  },
  PIV_FAILED: {
    kind: 'fault',
    title: 'A PIV token refused a command, or failed.',
    remedy:
      'Look the status up in ISO/IEC 7816-4 (6982: something has to be opened first); try with the tools of its maker.',
  },
  PKCS11_FAILED: {
    kind: 'fault',
    title: 'A PKCS#11 module failed.',
    remedy: 'Look the CKR_ code up in the vendor’s manual; try `pratique pkcs11-tool list-tokens`.',
  },
});

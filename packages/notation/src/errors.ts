import { defineErrors } from '@pratique/errors';

const resign = 'Sign the image again: `pratique notation sign IMAGE@DIGEST`, or notation itself.';
const tampered = `Do not deploy this image until you know who changed its signature. ${resign}`;

/** Error codes of this package. */
export const notationErrors = defineErrors({
  NOTATION_SIGNATURE_MISSING: {
    kind: 'denial',
    title: 'The image has no signature of the Notary Project.',
    remedy: 'Sign it: `pratique notation sign IMAGE@DIGEST`, or notation itself.',
  },
  NOTATION_NOT_VERIFIED: {
    kind: 'denial',
    title: 'No signature of the Notary Project on the image meets the trust policy.',
    remedy: 'Read why each was refused, and compare the signers with `pratique notation inspect IMAGE`.',
  },
  NOTATION_MANIFEST_INVALID: {
    kind: 'denial',
    title: 'A signature manifest of the Notary Project is not well formed.',
    remedy: resign,
  },
  NOTATION_ENVELOPE_UNSUPPORTED: {
    kind: 'denial',
    title: 'A signature is in an envelope that is neither JWS nor COSE.',
    remedy: 'Sign with `--signature-format jws` or `cose`.',
  },
  NOTATION_ENVELOPE_TOO_LARGE: {
    kind: 'denial',
    title: 'A signature envelope is larger than is read.',
    remedy: resign,
  },
  NOTATION_ENVELOPE_MISSING: {
    kind: 'denial',
    title: 'A signature is listed, but the registry does not have it.',
    remedy: 'Copy the image again together with its signatures; the mirror is incomplete.',
  },
  NOTATION_EVIDENCE_LIMIT: {
    kind: 'fault',
    title: 'The image has more signatures of the Notary Project, or larger ones, than are read.',
    remedy: 'Remove signatures that are not needed, or raise the limit (`--max-signatures`).',
  },
  NOTATION_ENVELOPE_INVALID: {
    kind: 'denial',
    title: 'A signature envelope is not well formed.',
    remedy: tampered,
  },
  NOTATION_CRITICAL_HEADER: {
    kind: 'denial',
    title: 'A signature has a critical header that is not understood, so it may not be what it seems.',
    remedy: 'Verify with the tool that the signer names, or have it signed without that header.',
  },
  NOTATION_PLUGIN_NEEDED: {
    kind: 'denial',
    title: 'A signature can be verified only with a plugin of notation, which are not run here.',
    remedy: 'Verify with notation and that plugin, or have it signed without a verification plugin.',
  },
  NOTATION_ALGORITHM_MISMATCH: {
    kind: 'denial',
    title: 'A signature names another algorithm than the one of the signer’s key.',
    remedy: tampered,
  },
  NOTATION_SIGNATURE_INVALID: {
    kind: 'denial',
    title: 'The signing certificate’s key did not make the signature, or what it signed was changed.',
    remedy: tampered,
  },
  NOTATION_CHAIN_INVALID: {
    kind: 'denial',
    title: 'The certificate chain of a signature does not meet the rules of the Notary Project.',
    remedy:
      'Sign with a certificate for signing and its whole chain, from the signer to the root. `openssl x509 -noout -text` shows key usages.',
  },
  NOTATION_PAYLOAD_INVALID: {
    kind: 'denial',
    title: 'What was signed is not a payload of the Notary Project.',
    remedy: resign,
  },
  NOTATION_SUBJECT_MISMATCH: {
    kind: 'denial',
    title: 'The signature is genuine, but it is for another image.',
    remedy: 'Sign this image itself: a signature cannot be copied from one image to another.',
  },
  NOTATION_METADATA_MISMATCH: {
    kind: 'denial',
    title: 'The signature does not have the user metadata that was asked for.',
    remedy: 'Look at what it has with `pratique notation inspect IMAGE`, or sign again with `-m KEY=VALUE`.',
  },
  NOTATION_SIGNER_UNTRUSTED: {
    kind: 'denial',
    title: 'No certificate of the signature’s chain is in the trust store.',
    remedy:
      'Sign with a certificate of an authority that is trusted, or add its root to the trust store after checking whose it is.',
  },
  NOTATION_IDENTITY_MISMATCH: {
    kind: 'denial',
    title:
      'The signature is by a trusted authority’s certificate, but for another subject than those that are trusted.',
    remedy:
      'Compare the subject found with `trustedIdentities`; attributes and their values must be the same.',
  },
  NOTATION_SIGNATURE_EXPIRED: {
    kind: 'denial',
    title: 'The signature has expired: its signer says that the image is not to be used any more.',
    remedy: 'Deploy a newer image, or have this one signed again.',
  },
  NOTATION_CERTIFICATE_EXPIRED: {
    kind: 'denial',
    title:
      'A certificate of the chain is not valid now, and nothing trusted proves that it was when it signed.',
    remedy:
      'Sign again with a certificate that is valid, or with a timestamp (`--timestamp-url`), and trust its authority (trust store `tsa`).',
  },
  NOTATION_TIMESTAMP_MISSING: {
    kind: 'denial',
    title: 'The trust policy asks for a timestamp, and the signature has none.',
    remedy: 'Sign again with `--timestamp-url`, or set `verifyTimestamp: afterCertExpiry`.',
  },
  NOTATION_TIMESTAMP_INVALID: {
    kind: 'denial',
    title: 'The timestamp of a signature is not good for it, or by no authority that is trusted.',
    remedy: 'Sign again with a timestamp authority whose root is in the trust store `tsa`.',
  },
  NOTATION_REVOCATION_UNCHECKED: {
    kind: 'denial',
    title:
      'The trust policy asks that certificates are not revoked, and whether they are is not looked up here.',
    remedy:
      'Set `override: {revocation: log}` (told with each signature) or `skip` once you accept that; or sign with certificates that name neither OCSP nor CRLs, which cannot be revoked.',
  },
  NOTATION_POLICY_INVALID: {
    kind: 'usage',
    title: 'A trust policy of notation cannot be used.',
    remedy:
      'Correct it by the trust store and trust policy specification of the Notary Project, version 1.0.',
  },
  NOTATION_POLICY_MISSING: {
    kind: 'denial',
    title: 'No statement of the trust policy speaks of this repository.',
    remedy: 'Add the repository to the `registryScopes` of a statement, or a statement with the scope `*`.',
  },
  NOTATION_TRUST_STORE: {
    kind: 'usage',
    title: 'A trust store of notation cannot be used.',
    remedy:
      'Its folder `truststore/x509/TYPE/NAME` must have files with certificates of authorities only, PEM or DER, and no links.',
  },
  NOTATION_KEY_UNUSABLE: {
    kind: 'usage',
    title: 'The key and certificates to sign with cannot be used.',
    remedy:
      'Give the private key and a file with its certificate and the whole chain behind it, in order, as PEM (`signingkeys.json`).',
  },
  NOTATION_METADATA_RESERVED: {
    kind: 'usage',
    title: 'Names of user metadata that begin with `io.cncf.notary` are reserved by the Notary Project.',
    remedy: 'Choose another name.',
  },
  NOTATION_TIMESTAMP_FAILED: {
    kind: 'fault',
    title: 'The timestamp authority made no timestamp that is good for the signature.',
    remedy: 'Check `--timestamp-url` and `--timestamp-root-cert`, and try again.',
  },
});

import { defineErrors, type ErrorEntry } from '@pratique/errors';

const resign = 'Sign the image again: `pratique sign --key cosign.key IMAGE@DIGEST`.';
const tampered = `Do not deploy this image until you know who changed its signature. ${resign}`;
const logRemedy =
  'Sign again with an upload to the log that is trusted, or take the log out of the trust configuration.';

const entries = {
  SIGNATURE_MISSING: {
    kind: 'denial',
    title: 'The image has no signature.',
    remedy: 'Sign it: `pratique sign --key cosign.key IMAGE@DIGEST`, or deploy an image that is signed.',
  },
  NO_MATCHING_SIGNATURE: {
    kind: 'denial',
    title: 'The image is signed, but no signature meets what was asked for.',
    remedy:
      'Look at why each was refused with `pratique verify -o json`, then sign with a trusted key or add its key to the trust configuration.',
  },
  NO_CERTIFICATE: {
    kind: 'denial',
    title: 'An identity was asked for, but the signature carries no certificate.',
    remedy: 'Verify with `--key`, or sign keylessly so that the signature carries a certificate.',
  },
  SIGNER_UNTRUSTED: {
    kind: 'denial',
    title: 'No trusted key verifies the signature: another key made it, or what it signs was changed.',
    remedy:
      'Sign with a trusted key, or add the signer’s public key to the trust configuration after checking whose it is.',
  },
  SIGNATURE_INVALID: {
    kind: 'denial',
    title: 'The signature names a trusted key, but that key does not verify it.',
    remedy: tampered,
  },
  SIGNATURE_MALFORMED: {
    kind: 'denial',
    title: 'The signature is missing or is not in the form its key makes.',
    remedy: resign,
  },
  KEY_OUTSIDE_VALIDITY: {
    kind: 'denial',
    title: 'The key that signed is trusted, but not for the time of this signature.',
    remedy: 'Sign with the key that is valid now, or correct its dates in the trust configuration.',
  },
  CERTIFICATE_NOT_TRUSTED: {
    kind: 'denial',
    title: 'The signature is by a certificate, and no certificate authority is trusted.',
    remedy: 'Sign with a trusted key, or name the authority and identity in the trust configuration.',
  },
  SBOM_MISSING: {
    kind: 'denial',
    title: 'No SBOM is attached to the image under its SBOM tag.',
    remedy: 'Look at what there is with `pratique tree IMAGE`; SBOMs that are signed are attestations.',
  },
  ATTESTATION_NOT_ALLOWED: {
    kind: 'denial',
    title: 'An attestation is genuine, and the policy that was given does not allow what it says.',
    remedy: 'Read the statement with `pratique download attestation IMAGE`, and compare it with the policy.',
  },
  NO_MATCHING_ATTESTATION: {
    kind: 'denial',
    title: 'No attestation of the type asked for is by a signer that is trusted.',
    remedy: 'Look at what there is with `pratique tree IMAGE`, or ask for another type with `--type`.',
  },
  BLOB_NOT_VERIFIED: {
    kind: 'denial',
    title: 'The bundle does not prove that a trusted signer signed this file.',
    remedy:
      'Fetch the file and its bundle again from the same place, and check the identity or key asked for.',
  },
  CERTIFICATE_PATH_INVALID: {
    kind: 'denial',
    title: 'The signing certificate was not issued by a trusted authority, or was not valid when it signed.',
    remedy:
      'Sign again, or verify with the trusted root of the Sigstore it was signed with (`--trusted-root FILE`).',
  },
  CERTIFICATE_MISMATCH: {
    kind: 'denial',
    title: 'The signature carries another certificate than the one that was given.',
    remedy: 'Leave `--certificate` out: the certificate that the signature carries is judged as well.',
  },
  CERTIFICATE_LOG_MISSING: {
    kind: 'denial',
    title: 'The signing certificate is not proven to be in a trusted certificate transparency log.',
    remedy:
      'Verify with the trusted root of the Sigstore it was signed with; a private one without such a log needs `--insecure-ignore-sct`.',
  },
  CERTIFICATE_EXTENSION_INVALID: {
    kind: 'denial',
    title: 'The signing certificate says something about its holder in a form Fulcio does not write.',
    remedy: resign,
  },
  IDENTITY_MISMATCH: {
    kind: 'denial',
    title: 'The signature is genuine, but by another identity than those that are trusted.',
    remedy:
      'Compare the identity found with `--certificate-identity` and `--certificate-oidc-issuer`; patterns must match the whole text.',
  },
  IDENTITY_PATTERN_INVALID: {
    kind: 'usage',
    title: 'An identity pattern is not a regular expression that can be used.',
    remedy: 'Write it in RE2 syntax (https://github.com/google/re2/wiki/Syntax), at most 1024 characters.',
  },
  SIGNING_TIME_MISSING: {
    kind: 'denial',
    title: 'Nothing that is trusted proves when the signature was made, so its certificate proves nothing.',
    remedy:
      'Sign with a transparency log that promises inclusion or with a timestamp authority, and trust it (`--trusted-root FILE`).',
  },
  TIMESTAMP_INVALID: {
    kind: 'denial',
    title: 'A timestamp of a trusted authority is not good for this signature.',
    remedy: tampered,
  },
  TIMESTAMP_REQUIRED: {
    kind: 'denial',
    title: 'The signature has fewer timestamps of trusted authorities than are asked for.',
    remedy: 'Sign again with a timestamp authority that is in the trusted root.',
  },
  ARTIFACT_MISMATCH: {
    kind: 'denial',
    title: 'The signature is genuine, but for another file.',
    remedy: 'Fetch the file and its bundle again from the same place.',
  },
  PAYLOAD_INVALID: {
    kind: 'denial',
    title: 'What was signed is not a well-formed simple-signing document or in-toto statement.',
    remedy: resign,
  },
  PAYLOAD_TYPE_MISMATCH: {
    kind: 'denial',
    title: 'What was signed says that it is something else than an image signature.',
    remedy: 'Sign the image with `pratique sign`; a signature over another kind of document does not count.',
  },
  SUBJECT_MISMATCH: {
    kind: 'denial',
    title: 'The signature is genuine, but it is for another image.',
    remedy: 'Sign this image itself: a signature cannot be copied from one image to another.',
  },
  ENVELOPE_SIGNATURE_COUNT: {
    kind: 'denial',
    title: 'A DSSE envelope in a Sigstore bundle must have exactly one signature.',
    remedy: resign,
  },
  BUNDLE_INVALID: {
    kind: 'denial',
    title: 'A Sigstore bundle is not well formed, or its parts contradict its version.',
    remedy: resign,
  },
  BUNDLE_VERSION_UNSUPPORTED: {
    kind: 'denial',
    title: 'A Sigstore bundle has a media type that is not 0.1, 0.2 or 0.3.',
    remedy: 'Sign again with a tool that writes bundle v0.3.',
  },
  BUNDLE_CONTENT_UNSUPPORTED: {
    kind: 'denial',
    title: 'A Sigstore bundle on an image must hold a DSSE envelope.',
    remedy: resign,
  },
  LOG_ENTRY_REQUIRED: {
    kind: 'denial',
    title: 'The trust configuration names a transparency log, and the signature is in none.',
    remedy: logRemedy,
  },
  LOG_NOT_TRUSTED: {
    kind: 'denial',
    title: 'The signature is in transparency logs, but in none that is trusted.',
    remedy: logRemedy,
  },
  LOG_ENTRY_INVALID: {
    kind: 'denial',
    title: 'A transparency log entry is not well formed or lacks the proof its version needs.',
    remedy: resign,
  },
  LOG_THRESHOLD: {
    kind: 'denial',
    title: 'The signature is in fewer trusted transparency logs than are asked for.',
    remedy: logRemedy,
  },
  LOG_WITNESSES_MISSING: {
    kind: 'denial',
    title: 'Too few of the witnesses that are asked for have cosigned the log’s checkpoint.',
    remedy:
      'Sign again with a log that asks these witnesses, or ask for others in the witness policy. A log that hides entries from witnesses is not to be trusted.',
  },
  LOG_ENTRY_DUPLICATE: {
    kind: 'denial',
    title: 'The same transparency log entry is given twice.',
    remedy: tampered,
  },
  LOG_ENTRY_MISMATCH: {
    kind: 'denial',
    title: 'The transparency log entry is for another signature.',
    remedy: tampered,
  },
  LOG_PROMISE_INVALID: {
    kind: 'denial',
    title: 'The log did not sign the entry’s timestamp (SET).',
    remedy: tampered,
  },
  LOG_PROOF_INVALID: {
    kind: 'denial',
    title: 'The proof that the entry is in the log does not lead to the log’s root hash.',
    remedy: tampered,
  },
  LOG_CHECKPOINT_INVALID: {
    kind: 'denial',
    title: 'The log’s checkpoint is not signed by the log or is about another tree.',
    remedy: tampered,
  },
  LOG_OUTSIDE_VALIDITY: {
    kind: 'denial',
    title: 'The log’s key is trusted, but not for the time of the entry.',
    remedy: logRemedy,
  },
  TRUSTED_ROOT_INVALID: {
    kind: 'usage',
    title: 'A trusted root file cannot be used.',
    remedy: 'Fetch `trusted_root.json` again from whoever runs the log.',
  },
  EVIDENCE_LIMIT: {
    kind: 'fault',
    title: 'The image has more signatures, or larger ones, than are read.',
    remedy: 'Remove signatures that are not needed with `pratique clean`, or raise the limit.',
  },
  EVIDENCE_TOO_LARGE: {
    kind: 'denial',
    title: 'One signature or attestation is larger than is read.',
    remedy: 'Raise the limit if the attestation is wanted.',
  },
  EVIDENCE_TYPE_UNKNOWN: {
    kind: 'denial',
    title: 'Something of an unknown media type stands where signatures are kept.',
    remedy: 'Sign with a tool that writes Cosign signatures or Sigstore bundles.',
  },
  EVIDENCE_MISSING: {
    kind: 'denial',
    title: 'A signature is listed, but the registry does not have it.',
    remedy: 'Copy the image again together with its signatures; the mirror is incomplete.',
  },
  VERIFICATION_FAILED: {
    kind: 'fault',
    title: 'A signature made the verifier itself fail. It counts as refused.',
    remedy: 'Report it with the signature attached; that is a defect of ours.',
  },
  SIGNING_CONFLICT: {
    kind: 'fault',
    title: 'Other signers kept replacing the signature tag.',
    remedy: 'Sign again, or use the bundle format, in which signers cannot disturb each other.',
  },
  PREDICATE_INVALID: {
    kind: 'usage',
    title: 'What should be attested is not of the type that was named.',
    remedy: 'Check the file and `--type`; a whole in-toto statement is given with `--statement`.',
  },
  SIGNING_FORMAT_UNSUPPORTED: {
    kind: 'usage',
    title: 'The signature cannot be written in the format asked for.',
    remedy: 'Leave out --legacy (--new-bundle-format=false), or sign with a Rekor v1 log.',
  },
  SIGNATURE_NOT_VERIFIABLE: {
    kind: 'fault',
    title: 'A signature that was just made does not verify, and was not stored.',
    remedy:
      'Check that the trusted root is the one of the services that were asked (`--trusted-root`, `--signing-config`).',
  },
  SIGNING_SUBJECT_INVALID: {
    kind: 'usage',
    title: 'What should be signed cannot be.',
    remedy: 'Name an image or index by its digest: `pratique sign --key cosign.key IMAGE@sha256:…`.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type SigstoreErrorCode = keyof typeof entries;

/** Error codes of this package. The `denial`s also stand as `code` of a `Rejection`. */
export const sigstoreErrors = defineErrors<SigstoreErrorCode>(entries);

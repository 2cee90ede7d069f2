/**
 * The exit code `cosign verify` documents for an outcome, by error code of the product: 10 image without signature,
 * 11 image (tag) not found, 12 no signature matched, 13 no certificate on the signature. `undefined` for every other
 * code, for which the general rules hold.
 */
export function cosignExitCode(code: string): 10 | 11 | 12 | 13 | undefined {
  switch (code) {
    case 'SIGNATURE_MISSING':
      return 10;
    case 'OCI_NOT_FOUND':
      return 11;
    case 'NO_MATCHING_SIGNATURE':
      return 12;
    case 'NO_CERTIFICATE':
      return 13;
    default:
      return undefined;
  }
}

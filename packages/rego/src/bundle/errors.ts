/** What can be wrong with a bundle, or with files policies are loaded from. */
export type BundleErrorCode =
  | 'bundle_unreadable'
  | 'bundle_invalid'
  | 'bundle_limit'
  | 'bundle_conflict'
  | 'bundle_signature'
  | 'bundle_entrypoint';

/** A bundle or a file that cannot be used. The message says which one and why, in OPA's words where OPA has some. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;

  constructor(code: BundleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

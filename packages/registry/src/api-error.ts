/** Error codes of the distribution-spec ("Error Codes"), and `UNKNOWN` for faults of ours. */
export type ApiErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'PAGINATION_NUMBER_INVALID'
  | 'SIZE_INVALID'
  | 'TAG_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNAUTHORIZED'
  | 'UNKNOWN'
  | 'UNSUPPORTED';

/** An answer other than success. The body is built from `code`, `message` and `detail`; nothing else leaves the server. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: ApiErrorCode;
  readonly detail: readonly Readonly<Record<string, unknown>>[];
  readonly headers: Readonly<Record<string, string>>;

  /** Each element of `detail` makes one entry of the answer's `errors` list; none makes one entry without detail. */
  constructor(
    status: number,
    code: ApiErrorCode,
    message: string,
    detail: readonly Readonly<Record<string, unknown>>[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.headers = headers;
  }
}

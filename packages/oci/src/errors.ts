import { defineErrors, PratiqueError } from '@pratique/errors';

/** Everything `@pratique/oci` throws. `OCI_NOT_FOUND` is an answer; the other non-usage codes mean "no answer". */
export const ociErrors = defineErrors({
  OCI_REFERENCE_INVALID: {
    kind: 'usage',
    title: 'The image reference does not follow the grammar.',
    remedy:
      'Write it as [HOST[:PORT]/]REPOSITORY[:TAG][@sha256:HEX], in lower case: `localhost:5000/team/app:v1`.',
  },
  OCI_DIGEST_INVALID: {
    kind: 'usage',
    title: 'The digest is not sha256 or sha512 in lower-case hexadecimal.',
    remedy: 'Copy the whole digest, for example from `pratique resolve IMAGE`.',
  },
  OCI_NOT_FOUND: {
    kind: 'fault',
    title: 'The registry answered that there is no such repository, tag, manifest or blob.',
    remedy:
      'Check the spelling; `pratique ls REPOSITORY` lists the tags. Some registries say this instead of "log in first".',
  },
  OCI_UNREACHABLE: {
    kind: 'fault',
    title: 'The registry could not be reached, or the connection broke.',
    remedy: 'Check host, port, DNS and HTTP(S)_PROXY/NO_PROXY: `curl -v https://HOST/v2/`.',
  },
  OCI_TLS_UNTRUSTED: {
    kind: 'fault',
    title: "The registry's TLS certificate is not trusted.",
    remedy:
      'Name the certificate authority that issued it: --registry-cacert FILE, or NODE_EXTRA_CA_CERTS=FILE in the environment; NODE_USE_SYSTEM_CA=1 trusts what this machine trusts.',
  },
  OCI_TIMEOUT: {
    kind: 'fault',
    title: 'The registry did not answer in time, or sent too slowly.',
    remedy:
      'Try again, or raise the deadline; `curl -v https://HOST/v2/` shows whether the registry answers.',
  },
  OCI_CANCELLED: {
    kind: 'fault',
    title: 'The operation was cancelled by the caller.',
    remedy: 'Run it again.',
  },
  OCI_UNAUTHORIZED: {
    kind: 'auth',
    title: 'The registry wants valid credentials.',
    remedy:
      'Log in: `pratique login HOST` (or set REGISTRY_AUTH_FILE), and check that the credentials have not expired.',
  },
  OCI_FORBIDDEN: {
    kind: 'auth',
    title: 'The registry refused the operation for these credentials.',
    remedy: 'Use an account that may read (or write) this repository: `pratique login HOST`.',
  },
  OCI_CREDENTIALS_UNREADABLE: {
    kind: 'auth',
    title: 'A credential file or helper could not be used.',
    remedy: 'Run `pratique login HOST` again, or repair the file named in the message.',
  },
  OCI_RATE_LIMITED: {
    kind: 'fault',
    title: 'The registry limits how often it may be asked.',
    remedy: 'Wait, log in (`pratique login HOST`) for a higher limit, or use a mirror.',
  },
  OCI_SERVER_ERROR: {
    kind: 'fault',
    title: 'The registry reported an error of its own.',
    remedy: "Try again later; the registry's log says more.",
  },
  OCI_RESPONSE_INVALID: {
    kind: 'fault',
    title: 'The registry answered something the distribution specification does not allow.',
    remedy:
      'Check that the host is a registry (`curl -v https://HOST/v2/`) and no login page or proxy answers in its place.',
  },
  OCI_REDIRECT_REFUSED: {
    kind: 'fault',
    title: 'The registry redirected to a place that is not safe to follow.',
    remedy: 'Fix the external URL (https) in the configuration of the registry or of the proxy before it.',
  },
  OCI_DIGEST_MISMATCH: {
    kind: 'fault',
    title: 'The content is not what its digest says: it was damaged or replaced.',
    remedy: 'Do not use it. Pull from another registry or push the image again.',
  },
  OCI_SIZE_MISMATCH: {
    kind: 'fault',
    title: 'The content is shorter or longer than announced.',
    remedy: 'Try again; if it persists, the registry or a proxy before it damages content.',
  },
  OCI_SIZE_EXCEEDED: {
    kind: 'fault',
    title: 'The content is larger than the limit.',
    remedy:
      'Check that the image is the one meant; the limit can be raised where the caller sets `maxBytes`.',
  },
  OCI_MANIFEST_INVALID: {
    kind: 'fault',
    title: 'The manifest does not follow the OCI image specification.',
    remedy:
      'Rebuild or re-push the image with a current tool; `pratique inspect IMAGE` shows what is stored.',
  },
  OCI_CONFIG_INVALID: {
    kind: 'fault',
    title: 'The image configuration cannot be read, or two programs would read two different ones.',
    remedy: 'Rebuild the image with a current tool; `pratique inspect --config IMAGE` shows what is stored.',
  },
  OCI_MEDIA_TYPE_UNSUPPORTED: {
    kind: 'fault',
    title: 'The manifest has a media type that is not supported.',
    remedy:
      'Re-push it as an OCI image (`skopeo copy --format oci`); Docker schema 1 is obsolete and cannot be verified.',
  },
  OCI_OPERATION_UNSUPPORTED: {
    kind: 'fault',
    title: 'The registry or archive does not support this operation.',
    remedy:
      'Enable it in the registry (for deletion: REGISTRY_STORAGE_DELETE_ENABLED=true), or use another target.',
  },
  OCI_PUSH_REJECTED: {
    kind: 'fault',
    title: 'The registry did not accept what was pushed.',
    remedy:
      'Read the reason in the message; push the blobs before the manifest, and check quotas and size limits.',
  },
  OCI_REFERRERS_CONTENDED: {
    kind: 'fault',
    title: 'Other writers kept changing the referrers tag of the same image.',
    remedy: 'Try again when fewer jobs sign the same image, or use a registry with the referrers API.',
  },
  OCI_LAYOUT_INVALID: {
    kind: 'fault',
    title: 'The directory or archive is not a usable OCI image layout or docker archive.',
    remedy: 'Create it again, for example with `skopeo copy docker://IMAGE oci:DIR:TAG` or `docker save`.',
  },
  OCI_ARCHIVE_UNSAFE: {
    kind: 'fault',
    title: 'The archive holds entries no honest tool writes, or more than the limits allow.',
    remedy: 'Do not use it; ask whoever made it, and create it again with `docker save` or `skopeo copy`.',
  },
  OCI_FILE_UNREADABLE: {
    kind: 'fault',
    title: 'A local file or directory could not be read or written.',
    remedy: 'Check that the path exists, its permissions, and free disk space.',
  },
  OCI_BUILD_INPUT_INVALID: {
    kind: 'usage',
    title: 'The input of the image builder cannot be put into an image.',
    remedy: 'Use relative paths without `..`, each once, below existing directories.',
  },
  OCI_ELF_INVALID: {
    kind: 'fault',
    title: 'The file is not a well-formed ELF executable or library.',
    remedy: 'Check that the file is complete: `file PATH`.',
  },
  OCI_LIBRARY_NOT_FOUND: {
    kind: 'fault',
    title: 'A shared library the program needs was not found.',
    remedy: 'Install the package that holds it; `ldd PROGRAM` shows what is missing.',
  },
});

/** True where `error` is the registry's answer "there is no such thing", as opposed to a fault. */
export function isNotFound(error: unknown): boolean {
  return error instanceof PratiqueError && error.code === 'OCI_NOT_FOUND';
}

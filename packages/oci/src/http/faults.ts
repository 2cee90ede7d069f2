import { PratiqueError, printable } from '@pratique/errors';
import { ociErrors } from '../errors.ts';

/** The fault an aborted signal stands for: the caller's deadline, or the caller's wish. */
export function abortFault(signal: AbortSignal, what: string): PratiqueError {
  const reason: unknown = signal.reason;
  if (reason instanceof PratiqueError) return reason;
  return reason instanceof Error && reason.name === 'TimeoutError'
    ? ociErrors.error('OCI_TIMEOUT', { message: `${what}: the deadline passed` })
    : ociErrors.error('OCI_CANCELLED', { message: `${what}: cancelled` });
}

/** The outcome of work that others may wait for too, or the fault of the caller's signal if that comes first. */
export async function orAbort<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<Value> {
  if (signal === undefined) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(abortFault(signal, what));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    promise.catch(() => {});
  }
}

/** The `code` of a Node system or TLS error. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const certificateCodes =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|HOSTNAME_MISMATCH|CRL_|INVALID_CA|PATH_LENGTH)/;

/** How to run Node or call Bun otherwise, which is not for who runs us. */
const hints =
  /; if the root CA is installed locally.*$|[.] For more information, pass `verbose: true`.*$|[.] Is the computer able.*$/s;

const otherName = /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/;

/** What OpenSSL, BoringSSL and Bun say of a first record that is none of TLS. */
const notTls = /wrong version number|WRONG_VERSION_NUMBER|Does the server speak TLS/;

/** What Node's HTTP parser calls an answer that is none, and what Bun's does. */
const invalidHttpCodes =
  /^(?:HPE_|Malformed_HTTP|InvalidHTTPResponse|InvalidContentLength|UnsupportedTransferEncoding|ResponseHeadersTooLarge|UnexpectedData)/;

/** Turns whatever a socket, TLS or the HTTP parser threw into one of our faults. */
export function connectionFault(
  error: unknown,
  what: string,
  signal: AbortSignal | undefined,
): PratiqueError {
  if (signal?.aborted) return abortFault(signal, what);
  if (error instanceof PratiqueError) return error;
  const code = systemCode(error);
  const said = error instanceof Error ? error.message || String(code) : String(error);
  const text = printable(said.replace(hints, ''));
  if (notTls.test(said)) {
    return ociErrors.error('OCI_UNREACHABLE', {
      message: `${what}: the host does not speak TLS there`,
      expected: 'HTTPS',
      found: code,
      remedy:
        'Check host and port. If the registry offers plain HTTP only, anybody on the way can change what is sent: --allow-http-registry takes it all the same.',
      cause: error,
    });
  }
  if (code !== undefined && certificateCodes.test(code)) {
    const remedy = otherName.test(code)
      ? 'Use a name that is in the certificate, or say which it is for: --registry-server-name NAME.'
      : undefined;
    return ociErrors.error('OCI_TLS_UNTRUSTED', {
      message: `${what}: ${text}`,
      found: code,
      remedy,
      cause: error,
    });
  }
  if (code !== undefined && invalidHttpCodes.test(code)) {
    return ociErrors.error('OCI_RESPONSE_INVALID', {
      message: `${what}: the answer is not valid HTTP (${text})`,
      found: code,
      cause: error,
    });
  }
  return ociErrors.error('OCI_UNREACHABLE', { message: `${what}: ${text}`, found: code, cause: error });
}

const brokenCodes = [
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'EAI_AGAIN',
  'ENETRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
];

/** Whether trying again soon may help: a connection that broke, not one that was refused or timed out. */
export function isBrokenConnection(error: unknown): boolean {
  return (
    error instanceof PratiqueError &&
    error.code === 'OCI_UNREACHABLE' &&
    brokenCodes.includes(systemCode(error.cause) ?? '')
  );
}

/** Whether the peer answered a TLS handshake with something else: it speaks plain HTTP. */
export function isNotTls(error: unknown): boolean {
  const code = error instanceof PratiqueError ? systemCode(error.cause) : undefined;
  return code !== undefined && /^(?:EPROTO|ECONNRESET|EPIPE|ERR_SSL_)/.test(code);
}

/**
 * `http.send`: off unless the host offers a client, which then decides what may be reached, how long and how much. Here
 * only the request object is checked, and a failure made into a result where policy asked for that (`raise_error`).
 */
import { RegoObject, RegoSet, toTerm, type Value } from '../../values/index.ts';
import { objectOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { BuiltinError, OperandError, T } from '../types.ts';

const allowedMembers: ReadonlySet<string> = new Set([
  'method',
  'url',
  'body',
  'enable_redirect',
  'force_json_decode',
  'force_yaml_decode',
  'headers',
  'raw_body',
  'tls_use_system_certs',
  'tls_ca_cert',
  'tls_ca_cert_file',
  'tls_ca_cert_env_variable',
  'tls_client_cert',
  'tls_client_cert_file',
  'tls_client_cert_env_variable',
  'tls_client_key',
  'tls_client_key_file',
  'tls_client_key_env_variable',
  'tls_insecure_skip_verify',
  'tls_server_name',
  'timeout',
  'cache',
  'force_cache',
  'force_cache_duration_seconds',
  'raise_error',
  'caching_mode',
  'max_retry_attempts',
  'cache_ignored_headers',
]);

registerBuiltin(
  'http.send',
  { args: [T.object([T.string, T.any])], result: T.object([T.any, T.any]), nondeterministic: true },
  (context, request) => {
    const operand = objectOperand(request, 1);
    const raise = operand.get('raise_error') ?? true;
    if (typeof raise !== 'boolean') throw new BuiltinError('invalid value for raise_error field');
    try {
      checkRequest(operand);
      const { httpSend } = context.host;
      if (httpSend === undefined) {
        throw new BuiltinError(
          'network access is switched off: the host of this engine offers no HTTP client',
        );
      }
      return httpSend(operand, context);
    } catch (error) {
      if (raise || !(error instanceof BuiltinError)) throw error;
      return RegoObject.of([
        ['status_code', 0],
        [
          'error',
          RegoObject.of([
            ['code', 'eval_http_send_internal_error'],
            ['message', `${error.code}: http.send: ${error.message}`],
          ]),
        ],
      ]);
    }
  },
);

/** Throws OPA's errors for a request object (also that of `providers.aws.sign_req`) with unknown or missing members. */
export function checkRequest(request: RegoObject): void {
  const unknown = request.keys().filter((key) => typeof key !== 'string' || !allowedMembers.has(key));
  if (unknown.length > 0) throw membersError('invalid request parameters(s)', unknown);
  const missing = ['method', 'url'].filter((name) => !request.has(name));
  if (missing.length > 0) throw membersError('missing required request parameters(s)', missing);
}

function membersError(what: string, members: readonly Value[]): OperandError {
  return new OperandError(`operand 1 ${what}: ${toTerm(RegoSet.of(members))}`);
}

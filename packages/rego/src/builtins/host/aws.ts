/** `providers.aws.sign_req`: AWS Signature Version 4 for a request object of `http.send`. */
import { createHash, createHmac } from 'node:crypto';
import { RegoObject, RegoSet, toTerm, type Value } from '../../values/index.ts';
import { marshalJson } from '../go/json.ts';
import { escapedPath, type GoUrl, parseUrl, UrlError } from '../go/url.ts';
import { utf8Bytes } from '../go/utf8.ts';
import { chargeText } from '../limits.ts';
import { int64Of, numberOperand, objectOperand, wrongType } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { formatTime } from '../time/format.ts';
import { utc } from '../time/zone.ts';
import { BuiltinError, OperandError, T } from '../types.ts';
import { checkRequest } from './http.ts';

registerBuiltin(
  'providers.aws.sign_req',
  {
    args: [T.object([T.string, T.any]), T.object([T.string, T.any]), T.number],
    result: T.object([T.any, T.any]),
  },
  (context, request, config, time) => {
    const requestObject = objectOperand(request, 1);
    const configObject = objectOperand(config, 1);
    const credentials = credentialsOf(configObject);
    const nanoseconds = int64Of(numberOperand(time, 1));
    if (nanoseconds === undefined) {
      throw new OperandError('operand 3 could not convert time_ns value into a unix timestamp');
    }
    checkRequest(requestObject);
    const headers = requestObject.get('headers') ?? new RegoObject();
    if (!(headers instanceof RegoObject)) throw wrongType(0, headers, 'object');
    const [url, method] = requestLine(requestObject);
    const body = bodyOf(requestObject);
    chargeText(context, body.length);
    const unsignedPayload = configObject.get('disable_payload_signing') ?? false;
    if (typeof unsignedPayload !== 'boolean') {
      throw new OperandError("operand 2 invalid value for 'disable_payload_signing' in AWS config");
    }
    const contentHash = unsignedPayload ? 'UNSIGNED-PAYLOAD' : sha256(body);
    const given = headers.entries().map(([name, value]) => [textOf(name), textOf(value)] as const);
    const signed = sign({ method, url, given, contentHash, nanoseconds, ...credentials });
    const result = RegoObject.of(requestObject.entries());
    result.set('headers', RegoObject.of(signed));
    return result;
  },
);

interface Credentials {
  readonly service: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly sessionToken: string;
}

const requiredMembers = ['aws_access_key', 'aws_region', 'aws_secret_access_key', 'aws_service'];

function credentialsOf(config: RegoObject): Credentials {
  const missing = requiredMembers.filter((name) => !config.has(name));
  if (missing.length > 0) throw memberError('missing required AWS config parameters(s)', missing, 2);
  const invalid = requiredMembers.filter((name) => typeof config.get(name) !== 'string');
  if (invalid.length > 0)
    throw memberError('invalid values for required AWS config parameters(s)', invalid, 2);
  const member = (name: string) => textOf(config.get(name) ?? '');
  return {
    service: member('aws_service'),
    accessKey: member('aws_access_key'),
    secretKey: member('aws_secret_access_key'),
    region: member('aws_region'),
    sessionToken: member('aws_session_token'),
  };
}

function memberError(what: string, names: readonly string[], position: number): OperandError {
  return new OperandError(`operand ${position} ${what}: ${toTerm(RegoSet.of(names))}`);
}

function requestLine(request: RegoObject): [GoUrl, string] {
  const invalid = ['url', 'method'].filter((name) => typeof request.get(name) !== 'string');
  if (invalid.length > 0) throw memberError('invalid values for required request parameters(s)', invalid, 1);
  try {
    return [parseUrl(request.get('url') as string), request.get('method') as string];
  } catch (error) {
    if (error instanceof UrlError) throw new BuiltinError(error.message);
    throw error;
  }
}

function bodyOf(request: RegoObject): string {
  const raw = request.get('raw_body');
  if (raw !== undefined) return textOf(raw);
  const body = request.get('body');
  return body === undefined ? '' : marshalJson(body);
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : '';
}

const unsignedHeaders: ReadonlySet<string> = new Set(['authorization', 'user-agent', 'x-amzn-trace-id']);

interface Signing extends Credentials {
  readonly method: string;
  readonly url: GoUrl;
  readonly given: readonly (readonly [string, string])[];
  readonly contentHash: string;
  readonly nanoseconds: bigint;
}

/** The request's headers with those of the signature. */
function sign(request: Signing): Map<string, string> {
  const moment = { nanoseconds: request.nanoseconds, zone: utc };
  const date = formatTime(moment, '20060102');
  const timestamp = formatTime(moment, '20060102T150405Z');
  const added = new Map([
    ['host', request.url.host],
    ['x-amz-date', timestamp],
  ]);
  if (request.service === 's3' || request.service === 'glacier')
    added.set('x-amz-content-sha256', request.contentHash);
  if (request.sessionToken !== '') added.set('x-amz-security-token', request.sessionToken);
  const toSign = new Map(added);
  for (const [name, value] of request.given) {
    const lower = name.toLowerCase();
    if (!unsignedHeaders.has(lower)) toSign.set(lower, value);
  }
  const names = [...toSign.keys()].sort();
  const canonical = [
    request.method,
    escapedPath(request.url),
    request.url.rawQuery,
    ...names.map((name) => `${name}:${toSign.get(name)}`),
    '',
    names.join(';'),
    request.contentHash,
  ].join('\n');
  const scope = `${date}/${request.region}/${request.service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
  const key = [date, request.region, request.service, 'aws4_request'].reduce<Uint8Array>(
    (secret, part) => hmac(secret, part),
    utf8Bytes(`AWS4${request.secretKey}`),
  );
  const signature = Buffer.from(hmac(key, text)).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${request.accessKey}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return new Map([...request.given, ['Authorization', authorization], ...added]);
}

function sha256(text: string): string {
  return createHash('sha256').update(utf8Bytes(text)).digest('hex');
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(utf8Bytes(text)).digest();
}

import { randomBytes } from 'node:crypto';
import type { JsonObject } from '@pratique/crypto';
import { PratiqueError } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { ask, type Reply } from '../http/ask.ts';
import { readSetting } from '../http/files.ts';
import { type Expiring, renewed } from '../http/renewed.ts';
import { documentOf, explanation, harmless, refused, textAt, wrongAnswer } from '../http/service.ts';
import type { KeyContext } from '../managed-key.ts';
import { awsEndpoint } from './place.ts';
import type { AwsProfile } from './profile.ts';

export interface AwsCredentials extends Expiring {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** What credentials are got with. */
export interface AwsSurroundings {
  readonly profile: AwsProfile;
  readonly region: string;
  readonly ca: string | undefined;
  readonly context: KeyContext;
}

/**
 * Credentials for AWS, from the first of what its SDKs look for: the environment; a web identity (IRSA); the profile;
 * those of the container (ECS, EKS Pod Identity); those of the machine (IMDSv2). Whichever is set up is used or fails:
 * there is no going on to the next, which may be somebody else.
 *
 * @throws KEY_CREDENTIALS_MISSING, KEY_SERVICE_…
 */
export function awsCredentials(surroundings: AwsSurroundings): () => Promise<AwsCredentials> {
  const { profile, context } = surroundings;
  const { environment } = context;
  const inEnvironment = staticCredentials(
    'the environment',
    environment['AWS_ACCESS_KEY_ID'],
    environment['AWS_SECRET_ACCESS_KEY'],
    environment['AWS_SESSION_TOKEN'],
  );
  if (inEnvironment !== undefined) return () => Promise.resolve(inEnvironment);
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: role } = environment;
  if (tokenFile) {
    const session = environment['AWS_ROLE_SESSION_NAME'];
    return renewed(() => assumeRole(surroundings, tokenFile, role, session));
  }
  const inProfile = staticCredentials(
    'the profile',
    profile.get('aws_access_key_id'),
    profile.get('aws_secret_access_key'),
    profile.get('aws_session_token'),
  );
  if (inProfile !== undefined) return () => Promise.resolve(inProfile);
  const identity = profile.get('web_identity_token_file');
  if (identity) {
    const [arn, session] = [profile.get('role_arn'), profile.get('role_session_name')];
    return renewed(() => assumeRole(surroundings, identity, arn, session));
  }
  refuseOtherProfiles(profile);
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } =
    environment;
  if (relative || full) {
    const url = relative ? `http://169.254.170.2${relative.startsWith('/') ? '' : '/'}${relative}` : full!;
    return renewed(() => containerCredentials(url, context));
  }
  return renewed(() => machineCredentials(context));
}

function staticCredentials(
  where: string,
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): AwsCredentials | undefined {
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined, expires: undefined };
  throw keysErrors.error('KEY_SERVICE_CONFIG', {
    message: `of the credentials for AWS, ${where} has one half`,
    expected: 'an access key ID and a secret access key',
    found: accessKeyId ? 'only the access key ID' : 'only the secret access key',
  });
}

/** Programs, browsers and roles behind other profiles are AWS's own command's to use. */
function refuseOtherProfiles(profile: AwsProfile): void {
  const other = ['credential_process', 'sso_session', 'sso_start_url', 'source_profile', 'credential_source'];
  const found = other.find((name) => profile.has(name));
  if (found === undefined) return;
  throw keysErrors.error('KEY_SERVICE_CONFIG', {
    message: 'the profile of AWS gets its credentials in a way that is not followed here',
    expected: 'aws_access_key_id and aws_secret_access_key, or role_arn and web_identity_token_file',
    found,
    remedy: 'Let AWS’s command get them: eval "$(aws configure export-credentials --format env)"',
  });
}

/** STS AssumeRoleWithWebIdentity, which needs no other credentials than the token. */
async function assumeRole(
  { region, ca, context }: AwsSurroundings,
  tokenFile: string,
  role: string | undefined,
  session: string | undefined,
): Promise<AwsCredentials> {
  const name = 'AWS STS';
  if (!role) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'there is a web identity for AWS, and no role for it',
      expected: 'AWS_ROLE_ARN',
    });
  }
  const token = readSetting('AWS_WEB_IDENTITY_TOKEN_FILE', tokenFile).trim();
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: session || `pratique-${randomBytes(8).toString('hex')}`,
    WebIdentityToken: token,
  });
  const { environment, signal } = context;
  const reply = await ask({
    name,
    method: 'POST',
    url: `${awsEndpoint('sts', region, environment)}/`,
    headers: { accept: 'text/xml' },
    body: { type: 'application/x-www-form-urlencoded', text: form.toString() },
    ca,
    environment,
    signal,
  });
  const xml = new TextDecoder().decode(reply.body);
  if (reply.status !== 200)
    throw refused(name, reply.status, harmless(element(xml, 'Message') ?? '', [token]));
  const credentials = element(xml, 'Credentials') ?? '';
  return checkedCredentials(name, {
    AccessKeyId: element(credentials, 'AccessKeyId') ?? '',
    SecretAccessKey: element(credentials, 'SecretAccessKey') ?? '',
    Token: element(credentials, 'SessionToken') ?? '',
    Expiration: element(credentials, 'Expiration') ?? '',
  });
}

/** What is between the tags of an element that is there once; the values asked for need no escapes. */
function element(xml: string, name: string): string | undefined {
  const parts = xml.split(new RegExp(`</?${name}>`));
  return parts.length === 3 ? parts[1] : undefined;
}

async function containerCredentials(
  url: string,
  { environment, signal }: KeyContext,
): Promise<AwsCredentials> {
  const name = 'the credentials endpoint of the container';
  const file = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const token = file
    ? readSetting('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', file).trim()
    : environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  if (token && /[\r\n]/.test(token)) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'the token for the credentials endpoint of the container has several lines',
    });
  }
  const headers = token ? { authorization: token } : {};
  const reply = await ask({ name, method: 'GET', url, headers, environment, signal });
  return checkedCredentials(name, granted(name, reply, token ? [token] : []));
}

const metadata = 'http://169.254.169.254';

/** IMDSv2: nothing is asked without a token, which a request that somebody smuggled through a proxy could not get. */
async function machineCredentials({ environment, signal }: KeyContext): Promise<AwsCredentials> {
  if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') throw missing();
  const name = 'the metadata service of the machine';
  const base = (environment['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || metadata).replace(/\/+$/, '');
  const asked = { name, environment, signal };
  const lifetime = { 'x-aws-ec2-metadata-token-ttl-seconds': '300' };
  const session = await ask({
    ...asked,
    method: 'PUT',
    url: `${base}/latest/api/token`,
    headers: lifetime,
  }).catch((error: unknown) => {
    if (error instanceof PratiqueError && error.code === 'KEY_SERVICE_UNREACHABLE') throw missing(error);
    throw error;
  });
  const token = new TextDecoder().decode(session.body).trim();
  if (session.status !== 200 || !/^[\x21-\x7e]{1,1024}$/.test(token)) throw missing();
  const headers = { 'x-aws-ec2-metadata-token': token };
  const path = `${base}/latest/meta-data/iam/security-credentials/`;
  const roles = await ask({ ...asked, method: 'GET', url: path, headers });
  if (roles.status === 404) throw missing();
  if (roles.status !== 200) throw refused(name, roles.status, '');
  const role = new TextDecoder().decode(roles.body).split('\n')[0]!.trim();
  if (!/^[\w+=,.@-]{1,128}$/.test(role)) throw wrongAnswer(name, 'with no name of a role');
  const reply = await ask({ ...asked, method: 'GET', url: `${path}${encodeURIComponent(role)}`, headers });
  return checkedCredentials(name, granted(name, reply, [token]));
}

function granted(name: string, { status, body }: Reply, secrets: readonly string[]): JsonObject {
  if (status !== 200) throw refused(name, status, harmless(explanation(body), secrets));
  return documentOf(name, body);
}

/** Credentials as containers and machines are told them. */
function checkedCredentials(name: string, document: JsonObject): AwsCredentials {
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = (
    ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration'] as const
  ).map((member) => textAt(name, document, member)) as [string, string, string, string];
  const expires = Date.parse(expiration);
  if (!/^\w{1,128}$/.test(accessKeyId) || !/^[\x21-\x7e]{1,128}$/.test(secretAccessKey))
    throw wrongAnswer(name, 'with what are no credentials');
  if (!/^[\x21-\x7e]{1,8192}$/.test(sessionToken)) throw wrongAnswer(name, 'with what is no session token');
  if (Number.isNaN(expires)) throw wrongAnswer(name, 'Expiration is no time');
  return { accessKeyId, secretAccessKey, sessionToken, expires };
}

function missing(cause?: unknown) {
  return keysErrors.error('KEY_CREDENTIALS_MISSING', {
    message: 'there are no credentials for AWS',
    expected:
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN; a profile in ~/.aws; those of a container (AWS_CONTAINER_CREDENTIALS_…) or of a machine (IMDSv2)',
    found: 'none of them',
    remedy: 'With AWS’s command logged in: eval "$(aws configure export-credentials --format env)"',
    cause,
  });
}

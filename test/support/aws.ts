/**
 * AWS, as far as keys need it: local-kms behind a server that lets in only requests that its own reading of Signature
 * Version 4 finds signed with credentials it knows, and that gives such to web identities, containers and machines.
 * cosign, with AWS's SDK, comes in by the same doors.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSelfSigned } from '@pratique/crypto';
import type { Context } from './context.ts';
import { freePort, startServer } from './process.ts';

type Environment = Readonly<Record<string, string>>;

export const region = 'eu-west-2';

export interface Aws {
  /** Over plain HTTP. */
  readonly url: string;
  /** HOST:PORT over TLS, with a certificate of `ca`. */
  readonly secureHost: string;
  /** PEM file. */
  readonly ca: string;
  /** Long-lived credentials, and where everything is. */
  readonly env: Environment;
  /** The ways by which somebody who has no credentials gets some, each as it is set up. */
  readonly ways: Readonly<Record<string, Environment>>;
  /** Does something in KMS, as an administrator. */
  call(action: string, body: object): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

interface Known {
  readonly secret: string;
  readonly session: string | undefined;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** Whether a request is signed with known credentials, as "Signature Version 4 signing process" of AWS has it. */
function isSigned(request: IncomingMessage, body: Buffer, known: ReadonlyMap<string, Known>): boolean {
  const { authorization = '', 'x-amz-date': time, 'x-amz-security-token': session } = request.headers;
  const [, id, scope, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\S+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  const credentials = known.get(id ?? '');
  if (credentials === undefined || scope === undefined || names === undefined) return false;
  if (credentials.session !== session || !names.split(';').includes('x-amz-target')) return false;
  const [date, ...rest] = scope.split('/');
  if (rest.join('/') !== `${region}/kms/aws4_request` || String(time).slice(0, 8) !== date) return false;
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [request.method, request.url, '', headers.join(''), names, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [date!, ...rest].reduce<string | Buffer>(hmac, `AWS4${credentials.secret}`);
  return hmac(key, text).toString('hex') === signature;
}

/** Makes a key and an alias for it. */
export async function newAwsKey(aws: Aws, name: string, spec: string, usage = 'SIGN_VERIFY') {
  const { KeyMetadata } = await aws.call('CreateKey', { KeySpec: spec, KeyUsage: usage });
  const { KeyId, Arn } = KeyMetadata as { readonly KeyId: string; readonly Arn: string };
  await aws.call('CreateAlias', { AliasName: `alias/${name}`, TargetKeyId: KeyId });
  return { id: KeyId, arn: Arn };
}

export async function startAws(context: Context): Promise<Aws> {
  const directory = context.scratch();
  const at = (name: string) => join(directory, name);
  const port = await freePort();
  const kms = await startServer(context.tools['local-kms'], [], /Local KMS started/, {
    env: { PORT: String(port), KMS_DATA_PATH: at('kms'), KMS_REGION: region },
  });
  const call: Aws['call'] = async (action, body) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  };

  const known = new Map<string, Known>();
  const issue = (session: string | undefined) => {
    const id = `AKID${randomBytes(8).toString('hex').toUpperCase()}`;
    const secret = randomBytes(30).toString('base64');
    known.set(id, { secret, session });
    return { id, secret };
  };
  const temporary = () => {
    const session = randomBytes(60).toString('base64');
    const Expiration = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
    const { id, secret } = issue(session);
    return {
      Code: 'Success',
      Type: 'AWS-HMAC',
      LastUpdated: Expiration,
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: session,
      Expiration,
    };
  };
  const webToken = `ey${randomBytes(40).toString('hex')}`;
  const containerToken = randomBytes(20).toString('hex');
  const imdsToken = randomBytes(20).toString('hex');

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method, url, headers } = request;
    const answer = (status: number, content: string | object, type = 'application/x-amz-json-1.1') =>
      response
        .writeHead(status, { 'content-type': type })
        .end(typeof content === 'string' ? content : JSON.stringify(content));
    if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      const form = new URLSearchParams(body.toString());
      const allowed =
        form.get('Action') === 'AssumeRoleWithWebIdentity' &&
        form.get('WebIdentityToken') === webToken &&
        form.get('RoleArn') === 'arn:aws:iam::111122223333:role/signer';
      if (!allowed) {
        const error =
          '<Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>no such token</Message></Error>';
        return answer(
          400,
          `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${error}</ErrorResponse>`,
          'text/xml',
        );
      }
      const { AccessKeyId, SecretAccessKey, Token, Expiration } = temporary();
      const members = { AccessKeyId, SecretAccessKey, SessionToken: Token, Expiration };
      const elements = Object.entries(members).map(([name, value]) => `<${name}>${value}</${name}>`);
      return answer(
        200,
        `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>${elements.join('')}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
        'text/xml',
      );
    }
    if (url === '/container')
      return headers.authorization === containerToken ? answer(200, temporary()) : answer(401, {});
    if (url === '/latest/api/token' && method === 'PUT') {
      response.setHeader('x-aws-ec2-metadata-token-ttl-seconds', '300');
      return headers['x-aws-ec2-metadata-token-ttl-seconds'] === undefined
        ? answer(400, '')
        : answer(200, imdsToken, 'text/plain');
    }
    if (url?.startsWith('/latest/')) {
      if (headers['x-aws-ec2-metadata-token'] !== imdsToken) return answer(401, '');
      const roles = '/latest/meta-data/iam/security-credentials/';
      if (url === roles) return answer(200, 'signer', 'text/plain');
      return url === `${roles}signer` ? answer(200, temporary()) : answer(404, '');
    }
    if (!isSigned(request, body, known)) {
      const __type =
        headers.authorization === undefined
          ? 'MissingAuthenticationTokenException'
          : 'InvalidSignatureException';
      return answer(400, { __type, message: 'The request signature we calculated does not match' });
    }
    const forwarded = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': headers['content-type']!, 'x-amz-target': String(headers['x-amz-target']) },
      body,
    });
    return answer(forwarded.status, await forwarded.text());
  };
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void handle(request, response).catch((error: unknown) => response.writeHead(599).end(String(error)));
  const { caPem, certificatePem, privateKeyPem } = createSelfSigned({ names: ['localhost', '127.0.0.1'] });
  writeFileSync(at('ca.crt'), caPem);
  const servers = [
    createServer(listener),
    createTlsServer({ cert: certificatePem, key: privateKeyPem }, listener),
  ];
  const [plain, secure] = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.unref().listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
        ),
    ),
  );
  const url = `http://127.0.0.1:${plain}`;
  writeFileSync(at('token'), webToken);
  writeFileSync(at('container'), containerToken);
  const lasting = issue(undefined);
  writeFileSync(
    at('credentials'),
    `[ci]\naws_access_key_id = ${lasting.id}\naws_secret_access_key = ${lasting.secret}\n`,
  );
  writeFileSync(at('config'), `[default]\noutput = json\n[profile ci]\nregion = ${region}\n`);
  // AWS's SDK does not ask STS at AWS_ENDPOINT_URL.
  const nobody = {
    AWS_REGION: region,
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_STS: url,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return {
    url,
    secureHost: `localhost:${secure}`,
    ca: at('ca.crt'),
    env: { ...nobody, AWS_ACCESS_KEY_ID: lasting.id, AWS_SECRET_ACCESS_KEY: lasting.secret },
    ways: {
      'a profile with its region': {
        AWS_ENDPOINT_URL: url,
        AWS_PROFILE: 'ci',
        AWS_SHARED_CREDENTIALS_FILE: at('credentials'),
        AWS_CONFIG_FILE: at('config'),
      },
      'a web identity': {
        ...nobody,
        AWS_WEB_IDENTITY_TOKEN_FILE: at('token'),
        AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/signer',
        AWS_ROLE_SESSION_NAME: 'interop',
      },
      'a container': {
        ...nobody,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: at('container'),
      },
      'a machine': {
        ...nobody,
        AWS_EC2_METADATA_DISABLED: 'false',
        AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
      },
    },
    call,
    async stop() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await kms.stop();
    },
  };
}

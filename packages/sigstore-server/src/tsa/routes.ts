import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import {
  decodeBase64,
  formatPem,
  issueTimestamp,
  parseTimestampRequest,
  type TimestampRequest,
} from '@pratique/crypto';
import { Hono } from 'hono';
import type { TimestampAuthority } from '../ca/authorities.ts';
import { fromClient, Refusal } from '../http/refusal.ts';
import { member, only, readBody, readJson, text } from '../http/request.ts';
import type { Generation, Succession } from '../store/generations.ts';

/** Policy of Sigstore's timestamp authorities. */
const timestampPolicy = '1.3.6.1.4.1.57264.2';

/** The timestamp authority (RFC 3161 over HTTP, §3.4), below `/api/v1/timestamp`. */
export function timestampRoutes(
  authorities: Succession<Generation & TimestampAuthority>,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.post('/', async (context) => {
    const request = await readRequest(context.req.header('content-type') ?? '', context.env.incoming);
    if (request.policy !== null && request.policy !== timestampPolicy) {
      throw new Refusal(400, `timestamps are made under policy ${timestampPolicy} only`);
    }
    const now = new Date();
    const { key, leaf: certificate } = authorities.at(now);
    const response = await issueTimestamp(request, { key, certificate, policy: timestampPolicy }, now);
    return context.body(Uint8Array.from(response), 201, { 'content-type': 'application/timestamp-reply' });
  });
  app.get('/certchain', (context) => {
    const { leaf, root } = authorities.at(new Date());
    return context.body([leaf, root].map(({ der }) => formatPem('CERTIFICATE', der)).join(''), 200, {
      'content-type': 'application/pem-certificate-chain',
    });
  });
  return app;
}

const maxBodyBytes = 8 * 1024;
const digestBytes: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** DER, or the JSON form of Sigstore's timestamp authority, which sigstore-js sends. */
async function readRequest(type: string, incoming: IncomingMessage): Promise<TimestampRequest> {
  if (type === 'application/timestamp-query') {
    const body = await readBody(incoming, maxBodyBytes);
    return fromClient(() => parseTimestampRequest(body));
  }
  if (type !== 'application/json') {
    throw new Refusal(415, 'the body is not application/timestamp-query or application/json');
  }
  const body = await readJson(incoming, maxBodyBytes);
  only(body, ['artifactHash', 'hashAlgorithm', 'certificates', 'tsaPolicyOID'], 'the request');
  const hash = text(member(body, 'hashAlgorithm'), 'hashAlgorithm');
  const artifactHash = text(member(body, 'artifactHash'), 'artifactHash');
  const imprint = fromClient(() => decodeBase64(artifactHash, 'artifactHash'));
  const length = Object.hasOwn(digestBytes, hash) ? digestBytes[hash] : undefined;
  if (length === undefined || imprint.byteLength !== length) {
    throw new Refusal(
      400,
      'hashAlgorithm is not sha256, sha384 or sha512, or artifactHash has another length',
    );
  }
  const policy = member(body, 'tsaPolicyOID');
  return {
    hash: hash as TimestampRequest['hash'],
    imprint,
    policy: policy === undefined ? null : text(policy, 'tsaPolicyOID'),
    nonce: null,
    certificates: member(body, 'certificates') === true,
  };
}

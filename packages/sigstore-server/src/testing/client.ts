import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBase64, formatPublicKey, type SigningKey } from '@pratique/crypto';
import { type SigstoreServer, startSigstoreServer } from '../index.ts';
import type { SigstoreServerOptions } from '../options.ts';

export const alice = 'alice@example.test';

/** A directory that is there until `finished` is called back. */
export function temporaryDirectory(finished: (clean: () => void) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'sigstore-server-'));
  finished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function start(
  directory: string,
  options: Partial<SigstoreServerOptions> = {},
): Promise<SigstoreServer> {
  return startSigstoreServer({ listen: '127.0.0.1:0', directory, people: [alice], ...options });
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The status of an answer to whom the server goes by `host`: a browser says the name of the page. */
export async function askAs(host: string, url: string, method = 'GET'): Promise<number | undefined> {
  const [answer] = (await once(request(url, { method, headers: { host } }).end(), 'response')) as [
    IncomingMessage,
  ];
  answer.resume();
  return answer.statusCode;
}

/** A request for a certificate as sigstore-go sends it. */
export function certificateRequest(key: SigningKey, challenge: string, prover: SigningKey = key) {
  return {
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: formatPublicKey(key.publicKey) },
      proofOfPossession: encodeBase64(prover.sign(new TextEncoder().encode(challenge))),
    },
  };
}

/** A hashedrekord entry over `text`. */
export function hashedRekord(text: string, key: SigningKey, signer: SigningKey = key) {
  const data = new TextEncoder().encode(text);
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(data).digest('hex') } },
      signature: {
        content: encodeBase64(signer.sign(data)),
        publicKey: { content: encodeBase64(new TextEncoder().encode(formatPublicKey(key.publicKey))) },
      },
    },
  };
}

/** A request to Rekor v2 over `text`. */
export function hashedRekordV2(text: string, key: SigningKey, signer: SigningKey = key) {
  const data = new TextEncoder().encode(text);
  return {
    hashedRekordRequestV002: {
      digest: createHash('sha256').update(data).digest('base64'),
      signature: {
        content: encodeBase64(signer.sign(data)),
        verifier: {
          publicKey: { rawBytes: encodeBase64(key.publicKey.spki) },
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        },
      },
    },
  };
}

export function secretOf(server: SigstoreServer, email: string): string {
  return (JSON.parse(readFileSync(server.peopleFile, 'utf8')) as Record<string, string>)[email]!;
}

import { printable } from '@pratique/errors';
import {
  addressProblem,
  createExchange,
  defaultLimits,
  defaultRetry,
  readAll,
  withRetry,
} from '@pratique/oci';
import { keysErrors } from '../errors.ts';
import { reached } from './service.ts';

/** A question to who gives credentials. */
export interface Question {
  /** Who is asked, for people. */
  readonly name: string;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly type: string; readonly text: string };
  /** PEM of an authority of the server's certificate. */
  readonly ca?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
}

const maxReplyBytes = 256 * 1024;
const patienceMs = 30_000;
/** Who is on this very machine or its host answers at once; elsewhere these addresses lead nowhere. */
const metadataLimits = { ...defaultLimits, connectMs: 1000, inactivityMs: 5000 };

/** Where clouds tell a machine, container or Pod its credentials, in plain HTTP that does not leave the host. */
const metadataHosts = new Set([
  // Instance metadata of AWS, Google Cloud and Azure.
  '169.254.169.254',
  '[fd00:ec2::254]',
  // Containers: ECS, and EKS Pod Identity.
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
]);

/** Whether plain HTTP to this address is to a metadata service. */
function isMetadata(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && metadataHosts.has(new URL(url).hostname);
}

/**
 * Asks who gives credentials. HTTPS, or plain HTTP to this machine and the fixed addresses of metadata services, which are
 * asked once, without a proxy, and at once believed to be absent. Redirects are not followed.
 *
 * @throws KEY_SERVICE_CONFIG for another address, KEY_SERVICE_UNREACHABLE
 */
export async function ask(question: Question): Promise<Reply> {
  const { name, method, url, headers = {}, body, ca } = question;
  const metadata = isMetadata(url);
  const problem = metadata ? undefined : addressProblem(url);
  if (problem !== undefined) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: `the address of ${name} ${problem}`,
      expected: 'HTTPS, plain HTTP to this machine, or the link-local address of a metadata service',
      found: printable(url.replace(/[?#].*/s, ''), 100),
    });
  }
  const late = AbortSignal.timeout(patienceMs);
  const signal = question.signal === undefined ? late : AbortSignal.any([question.signal, late]);
  const bytes = body === undefined ? undefined : new TextEncoder().encode(body.text);
  const environment = metadata ? {} : question.environment;
  const limits = metadata ? metadataLimits : defaultLimits;
  const retry = metadata ? { ...defaultRetry, attempts: 1 } : defaultRetry;
  const { exchange, close } = createExchange({ environment, ...(ca === undefined ? {} : { ca }) }, limits);
  try {
    return await reached(name, async () => {
      const response = await withRetry(retry, limits, signal, () =>
        exchange({
          method,
          url: new URL(url),
          headers: {
            accept: 'application/json',
            'user-agent': 'pratique',
            ...(body === undefined ? {} : { 'content-type': body.type }),
            ...headers,
          },
          ...(bytes === undefined ? {} : { body: { size: bytes.byteLength, open: () => bytes } }),
          signal,
        }),
      );
      return { status: response.status, body: await readAll(response, limits, maxReplyBytes, signal) };
    });
  } finally {
    close();
  }
}

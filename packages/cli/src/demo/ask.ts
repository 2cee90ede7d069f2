import { request } from 'node:https';

/** The part of an AdmissionReview's response that the demo looks at. */
export interface AdmissionAnswer {
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string };
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** Sends an AdmissionReview over HTTPS as the API server does: by the certificate authority of the webhook's configuration. */
export function ask(
  url: string,
  caPem: string,
  review: object,
  signal: AbortSignal,
): Promise<AdmissionAnswer> {
  const body = JSON.stringify(review);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method: 'POST', ca: caPem, headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode !== 200)
          return reject(new Error(`the webhook answered ${response.statusCode}: ${text.slice(0, 200)}`));
        try {
          resolve((JSON.parse(text) as { response: AdmissionAnswer }).response);
        } catch (error) {
          reject(error);
        }
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

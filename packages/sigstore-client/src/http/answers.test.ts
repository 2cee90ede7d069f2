import { generateSigningKey } from '@pratique/crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestCertificate } from '../fulcio/request-certificate.ts';
import { discover } from '../identity/login/discovery.ts';
import { parseIdentityToken } from '../identity/token.ts';
import { addToRekorV1 } from '../rekor/v1.ts';
import { addToRekorV2 } from '../rekor/v2.ts';
import { requestTimestamp } from '../tsa/request-timestamp.ts';
import type { Services } from './services.ts';
import { serviceUrl } from './services.ts';

/** Services are asked over the network: whatever they answer, it is read or it is a fault, and nothing else. */
const url = 'https://service.test';
const key = generateSigningKey();
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = parseIdentityToken(`${part({})}.${part({ iss: url, sub: 'x' })}.x`);
const signature = {
  content: { form: 'message', bytes: Uint8Array.of(1) },
  signature: Uint8Array.of(2),
  key: key.publicKey,
  certificate: null,
} as const;

function answering(status: number, body: Uint8Array, location?: string): Services {
  return { close: () => {}, send: async () => ({ status, body, headers: { location } }) };
}

const clients: Readonly<Record<string, (services: Services) => Promise<unknown>>> = {
  Fulcio: (services) => requestCertificate(services, url, key, token),
  'Rekor v1': (services) => addToRekorV1(services, url, signature),
  'Rekor v2': (services) => addToRekorV2(services, url, signature),
  'a timestamp authority': (services) => requestTimestamp(services, url, Uint8Array.of(1)),
  'an issuer': (services) => discover(services, url),
};

const faults = [
  'SIGNING_SERVICE_ANSWER',
  'SIGNING_SERVICE_REFUSED',
  'SIGNING_SERVICE_ADDRESS',
  'IDENTITY_TOKEN_REFUSED',
];

/** An answer of the right shape, in which anything may stand. */
const rekorAnswer = fc.record(
  {
    body: fc.oneof(fc.base64String(), fc.string()),
    integratedTime: fc.oneof(fc.integer(), fc.jsonValue()),
    logID: fc.oneof(fc.string(), fc.jsonValue()),
    logIndex: fc.oneof(fc.integer(), fc.jsonValue()),
    verification: fc.oneof(
      fc.jsonValue(),
      fc.record({
        signedEntryTimestamp: fc.oneof(fc.base64String(), fc.string()),
        inclusionProof: fc.record({
          checkpoint: fc.string(),
          hashes: fc.array(fc.oneof(fc.string(), fc.jsonValue())),
          logIndex: fc.integer(),
          rootHash: fc.string(),
          treeSize: fc.integer(),
        }),
      }),
    ),
  },
  { requiredKeys: [] },
);

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value))),
  rekorAnswer.map((entry) => new TextEncoder().encode(JSON.stringify({ uuid: entry }))),
  fc
    .jsonValue()
    .map((certificates) =>
      new TextEncoder().encode(JSON.stringify({ signedCertificateEmbeddedSct: { chain: { certificates } } })),
    ),
);

test.each(Object.keys(clients))('whatever %s answers is read, or a fault', async (name) => {
  const statuses = fc.constantFrom(200, 201, 400, 401, 409, 500);
  await fc.assert(
    fc.asyncProperty(statuses, bodies, fc.string(), async (status, body, location) => {
      const outcome = await clients[name]!(answering(status, body, location)).then(
        () => null,
        (error: unknown) => error as { code?: string },
      );
      if (outcome !== null) expect(faults).toContain(outcome.code);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['in the clear', 'http://service.test'],
  ['of another scheme', 'file:///etc/passwd'],
  ['with a password', 'https://user:hunter2@service.test'],
  ['that is none', 'service'],
])('an address %s is not asked, and no password repeated', (_name, address) => {
  expect(() => serviceUrl('Fulcio', address)).toThrow(
    expect.objectContaining({
      code: 'SIGNING_SERVICE_ADDRESS',
      found: expect.not.stringContaining('hunter2'),
    }),
  );
});

test('this machine may be asked in the clear', () => {
  for (const host of ['127.0.0.1:8080', 'localhost', '[::1]']) {
    expect(serviceUrl('Fulcio', `http://${host}/`, '/api').pathname).toBe('/api');
  }
});

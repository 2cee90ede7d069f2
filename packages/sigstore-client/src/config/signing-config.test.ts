import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selectServices } from './select.ts';
import { parseSigningConfig } from './signing-config.ts';

const now = new Date('2026-06-01T00:00:00Z');
const service = (url: string, more: object = {}) => ({
  url,
  majorApiVersion: 1,
  validFor: { start: '2026-01-01T00:00:00Z' },
  operator: url,
  ...more,
});
const document = (more: object = {}) => ({
  mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
  caUrls: [service('https://fulcio.test')],
  oidcUrls: [service('https://oidc.test')],
  rekorTlogUrls: [service('https://rekor.test')],
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [service('https://tsa.test/api/v1/timestamp')],
  tsaConfig: { selector: 'EXACT', count: 1 },
  ...more,
});
const parse = (value: unknown) => parseSigningConfig(new TextEncoder().encode(JSON.stringify(value)));

test('a signing configuration is read', () => {
  expect(parse(document())).toMatchObject({
    certificateAuthorities: [{ url: 'https://fulcio.test', majorApiVersion: 1, validUntil: null }],
    logSelection: { selector: 'ANY' },
    timestampSelection: { selector: 'EXACT', count: 1 },
  });
});

test('what cosign writes where there is no service of a kind is read', () => {
  expect(parse(document({ tsaUrls: [], tsaConfig: {} }))).toMatchObject({ timestampAuthorities: [] });
  expect(() => parse(document({ tsaConfig: {} }))).toThrow(
    expect.objectContaining({ code: 'SIGNING_CONFIG_INVALID' }),
  );
});

test.each([
  ['another version', { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json' }],
  ['an unknown selector', { rekorTlogConfig: { selector: 'SOME' } }],
  ['EXACT without a count', { tsaConfig: { selector: 'EXACT' } }],
  ['a service without time', { caUrls: [{ url: 'https://fulcio.test', majorApiVersion: 1 }] }],
  ['a service without version', { caUrls: [service('https://fulcio.test', { majorApiVersion: '1' })] }],
  ['something that is no URL', { caUrls: [service('fulcio')] }],
  ['too many services', { caUrls: Array.from({ length: 65 }, () => service('https://fulcio.test')) }],
])('%s is refused', (_name, more) => {
  expect(() => parse(document(more))).toThrow(expect.objectContaining({ code: 'SIGNING_CONFIG_INVALID' }));
});

test('whatever the bytes are, only SIGNING_CONFIG_INVALID comes out', () => {
  const check = (bytes: Uint8Array) => {
    try {
      parseSigningConfig(bytes);
    } catch (error) {
      expect(error).toMatchObject({ code: 'SIGNING_CONFIG_INVALID' });
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check));
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(document())), fc.jsonValue(), (name, value) =>
      check(new TextEncoder().encode(JSON.stringify(document({ [name]: value })))),
    ),
  );
});

function select(services: object[], selection: { selector: 'ANY' | 'ALL' | 'EXACT'; count: number }) {
  const config = parse(document({ rekorTlogUrls: services }));
  return selectServices('logs', config.logs, [1, 2], selection, now).map(({ url }) => url);
}
const any = { selector: 'ANY', count: 0 } as const;
const all = { selector: 'ALL', count: 0 } as const;
const exactly = (count: number) => ({ selector: 'EXACT', count }) as const;
const [a, b, c] = ['https://a.test', 'https://b.test', 'https://c.test'] as const;

test('ANY is the newest one, ALL is one of each operator, EXACT is that many', () => {
  const older = { validFor: { start: '2025-01-01T00:00:00Z' } };
  const services = [service(a, older), service(b), service(c, { ...older, operator: b })];
  expect(select(services, any)).toEqual([b]);
  expect(select(services, all)).toEqual([b, a]);
  expect(select(services, exactly(2))).toEqual([b, a]);
});

test('services of another time or an unknown version are passed over', () => {
  const services = [
    service(a, { validFor: { start: '2026-07-01T00:00:00Z' } }),
    service(b, { validFor: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' } }),
    service(c, { majorApiVersion: 3 }),
    service('https://d.test'),
  ];
  expect(select(services, all)).toEqual(['https://d.test']);
});

test('the highest version is taken, and versions are not mixed', () => {
  const services = [service(a), service(b, { majorApiVersion: 2 }), service(c)];
  expect(select(services, all)).toEqual([b]);
});

test('too few services are an error, never fewer witnesses', () => {
  const missing = expect.objectContaining({ code: 'SIGNING_SERVICE_MISSING' });
  expect(() => select([service(a)], exactly(2))).toThrow(missing);
  expect(() => select([service(a), service(b, { operator: a })], exactly(2))).toThrow(missing);
  expect(() => select([service(a), service(b, { majorApiVersion: 2 })], exactly(2))).toThrow(missing);
  for (const selection of [any, all]) expect(() => select([], selection)).toThrow(missing);
});

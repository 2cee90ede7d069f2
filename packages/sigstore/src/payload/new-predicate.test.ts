import { expect, test } from 'vitest';
import { newPredicate } from './new-predicate.ts';

const now = new Date('2026-02-03T04:05:06.789Z');
const make = (type: string, content: string) => newPredicate(type, new TextEncoder().encode(content), now);

test('custom content is wrapped, SPDX tag-value is text, the rest is JSON', () => {
  expect(make('custom', '{"a":1}\n')).toEqual({
    predicateType: 'https://cosign.sigstore.dev/attestation/v1',
    predicate: { Data: '{"a":1}\n', Timestamp: '2026-02-03T04:05:06Z' },
  });
  expect(make('spdx', 'SPDXVersion: SPDX-2.3')).toMatchObject({ predicate: 'SPDXVersion: SPDX-2.3' });
  expect(make('spdxjson', '{"spdxVersion":"SPDX-2.3"}')).toEqual({
    predicateType: 'https://spdx.dev/Document',
    predicate: { spdxVersion: 'SPDX-2.3' },
  });
  expect(make('https://example.test/scan/v1', '{}')).toMatchObject({
    predicateType: 'https://example.test/scan/v1',
  });
});

test.each([
  ['an unknown type', 'sbom', '{}'],
  ['text where JSON is meant', 'cyclonedx', 'bomFormat: CycloneDX'],
  ['a list', 'openvex', '[]'],
  ['a member twice', 'openvex', '{"a":1,"a":2}'],
  ['provenance without a builder', 'slsaprovenance', '{"buildType":"x"}'],
  ['provenance of another version', 'slsaprovenance1', '{"builder":{"id":"x"},"buildType":"x"}'],
  ['a scan without a scanner', 'vuln', '{"invocation":{},"metadata":{}}'],
])('%s is not signed', (_name, type, content) => {
  expect(() => make(type, content)).toThrow(expect.objectContaining({ code: 'PREDICATE_INVALID' }));
});

test('bytes that are no text are not signed', () => {
  expect(() => newPredicate('custom', Uint8Array.of(0xff), now)).toThrow(
    expect.objectContaining({ code: 'PREDICATE_INVALID' }),
  );
});

test('a predicate too large for a statement is refused before it is copied', () => {
  expect(() => newPredicate('custom', new Uint8Array(64 * 1024 * 1024 + 1), now)).toThrow(
    expect.objectContaining({ code: 'PREDICATE_INVALID', message: expect.stringContaining('larger than') }),
  );
});

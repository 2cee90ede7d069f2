import { parseReference } from '@pratique/oci';
import { expect, test } from 'vitest';
import { parseImage } from '../gate/lookup.ts';
import { authorities, trustFrom } from '../testing/fakes.ts';
import { calledAs, requirementsFor } from './match.ts';
import { canonicalRegistry } from './registry-name.ts';

// Every one of these is pulled from the registry beside it.
const spellings: readonly (readonly [string, string])[] = [
  ['ghcr.io', 'GHCR.io'],
  ['ghcr.io', 'ghcr.io:443'],
  ['ghcr.io', 'ghcr.io:0443'],
  ['registry.example:5000', 'registry.example:05000'],
  ['[2001:db8::1]:5000', '[2001:DB8:0::1]:5000'],
  ['[2001:db8::1]', '[2001:0db8:0:0::1]:443'],
  ['10.0.0.5:5000', '10.5:5000'],
  ['10.0.0.5:5000', '0xa000005:5000'],
  ['10.0.0.5', '0012.0.0.5:443'],
  ['index.docker.io', 'registry-1.docker.io:00443'],
  ['localhost:5000', 'LOCALHOST:05000'],
  ['127.0.0.1:443', '127.1:0443'],
];

test.each(spellings)('a requirement for %s holds for %s, whoever spells it', (registry, spelling) => {
  const trust = trustFrom(
    `${authorities('team')}default: allow\nimages: [{ match: "${registry}/acme/**", require: { any: [team] } }]\n`,
  );
  const image = parseImage(`${spelling}/acme/app:1`);
  expect(requirementsFor(trust, calledAs(image), null)).toMatchObject([{ entry: 'images[0]' }]);
  expect(canonicalRegistry(parseReference(`${registry}/acme/app`).registry)).toBe(image.registry);
});

test.each([
  ['localhost', 'localhost.example'],
  ['ghcr.io', 'ghcr.io:4430'],
  ['127.0.0.1:443', '127.0.0.1'],
  ['10.0.0.5', 'x10.0.0.5'],
])('%s and %s stay two registries', (one, other) => {
  expect(canonicalRegistry(one)).not.toBe(canonicalRegistry(other));
});

test('what only begins like this machine has no port of its own for TLS', () => {
  expect(canonicalRegistry('localhost.example:443')).toBe('localhost.example');
  expect(canonicalRegistry('127.example:443')).toBe('127.example');
});

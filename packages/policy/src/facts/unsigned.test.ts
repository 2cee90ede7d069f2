import { buildImage, buildLayer } from '@pratique/oci';
import { describe, expect, test } from 'vitest';
import { createRegoEngine } from '../engine/rego.ts';
import { trustFrom } from '../testing/fakes.ts';
import { unsignedFacts } from './unsigned.ts';

const layer = await buildLayer([{ type: 'file', path: 'a', content: new Uint8Array(1) }]);
const image = buildImage({
  layers: [layer],
  platform: { os: 'linux', architecture: 'amd64' },
  run: { user: '65532:65532', labels: { team: 'base' } },
});
const now = new Date('2026-06-01T00:00:00Z');
const reference = { registry: 'registry.example', repository: 'base/perl', tag: '1' };
const statements = [
  { predicateType: 'https://cyclonedx.org/bom', predicate: { components: [{ name: 'perl' }] } },
  { predicateType: 'https://slsa.dev/provenance/v1', predicate: { at: undefined, runDetails: {} } },
];

const said = async (text: string, lines = '') => {
  const trust = trustFrom(lines);
  const engine = createRegoEngine({ trust, policies: [{ path: 'a.rego', text }] });
  return await engine.evaluate('image', { image: unsignedFacts(trust, reference, image, statements, now) });
};

describe('an image that is not signed yet', () => {
  test('is judged by what will be attested, and not refused for having no signature', async () => {
    const { deny } = await said(
      'package pratique.image.a\ndeny contains input.image.sbom.document.components[_].name if true',
    );
    expect(deny.map(({ message }) => message)).toEqual(['perl']);
  });

  test('has no signature that a policy could take for one', async () => {
    const { deny } = await said(
      'package pratique.image.a\ndeny contains "unsigned" if count(input.image.signatures) == 0',
    );
    expect(deny.map(({ message }) => message)).toEqual(['unsigned']);
    const facts = unsignedFacts(trustFrom(''), reference, image, statements, now);
    expect(facts.attestations.map(({ authorities, signedAt }) => [authorities, signedAt])).toEqual([
      [[], null],
      [[], null],
    ]);
  });

  test('is refused by what comes with Pratique where its parameters say so', async () => {
    const { deny } = await said(
      'package pratique.image.a\ndeny contains "never" if false',
      'parameters: { registries: ["other.example/**"] }',
    );
    expect(deny.map(({ code }) => code)).toEqual(['REGISTRY_NOT_ALLOWED']);
  });

  test('has predicates as JSON will carry them', () => {
    const facts = unsignedFacts(trustFrom(''), reference, image, statements, now);
    expect(facts.attestations[1]!.predicate).toStrictEqual({ runDetails: {} });
    expect(facts.config?.user).toBe('65532:65532');
  });
});

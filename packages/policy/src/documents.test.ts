import { readFileSync } from 'node:fs';
import { newRoot, pem } from '@pratique/notation/testing/authority';
import { parseReference } from '@pratique/oci';
import { sigstoreErrors } from '@pratique/sigstore';
import { expect, test } from 'vitest';
import { verdictsOf } from './engine/packages.ts';
import { createRegoEngine } from './engine/rego.ts';
import { defaultPolicies } from './engine/sources.ts';
import { policyErrors } from './errors.ts';
import { decisionEvent } from './log/event.ts';
import { logRules } from './log/rules.ts';
import { sampleDecision } from './testing/decision.ts';
import { publicPem, trustFrom } from './testing/fakes.ts';
import { compileGlob } from './trust/glob.ts';
import { parseTrust } from './trust/parse.ts';

const page = (name: string) =>
  readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8');

function blocks(name: string, language: string): string[] {
  const found = page(name).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...found].map((match) => match[1]!);
}

/** Of an authority, where a certificate is named. */
const authorityPem = pem(newRoot('authority'));

test('every trust configuration in trust.md is one', () => {
  const examples = blocks('trust.md', 'yaml');
  expect(examples.length).toBeGreaterThanOrEqual(3);
  for (const text of examples) {
    const trust = parseTrust(text, 'trust.md', {
      resolve: (path) => path,
      read: (path) => new TextEncoder().encode(path.endsWith('.crt') ? authorityPem : publicPem(path)),
    });
    expect(trust.digest).toMatch(/^sha256:/);
  }
});

test.each(['engines.md', 'decision-log.md'])('every trust configuration in %s is one', (name) => {
  const examples = blocks(name, 'yaml');
  expect(examples.length).toBeGreaterThan(0);
  const files = { resolve: (path: string) => path, read: () => new Uint8Array() };
  for (const text of examples) expect(parseTrust(text, name, files).digest).toMatch(/^sha256:/);
});

test('the rules in decision-log.md are rules of a decision log', () => {
  const [text] = blocks('decision-log.md', 'rego');
  const ruled = logRules([{ path: 'log.rego', text: text! }])(decisionEvent(sampleDecision(), {}, {}));
  expect(ruled).toMatchObject({ kind: 'log', event: { erased: ['/input/subject/name'] } });
});

test('the entry points in engines.md are those the policies need', () => {
  for (const { entrypoint } of verdictsOf(defaultPolicies()))
    expect(page('engines.md')).toContain(`-e ${entrypoint}`);
});

test('every pattern in the table of trust.md matches what stands beside it, and not what stands after that', () => {
  const rows = [...page('trust.md').matchAll(/^\| `([^`]+)` \| `([^`]+)`[^|]* \| (?:`([^`]+)` )?\|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(5);
  const nameOf = (image: string) => {
    const { registry, repository } = parseReference(image);
    return `${registry}/${repository}`;
  };
  for (const [, pattern, image, other] of rows) {
    expect(compileGlob(pattern!).matches(nameOf(image!), ''), pattern).toBe(true);
    if (other?.includes('/') === true)
      expect(compileGlob(pattern!).matches(nameOf(other), ''), pattern).toBe(false);
  }
});

test('every policy in policies.md compiles, and they work together', async () => {
  const policies = blocks('policies.md', 'rego').map((text, index) => ({
    path: `policies.md#${index}`,
    text,
  }));
  expect(policies).toHaveLength(4);
  const engine = createRegoEngine({ trust: trustFrom(''), policies });
  const pod = { object: { spec: { containers: [{ name: 'a', securityContext: { privileged: true } }] } } };
  const { deny } = await engine.evaluate('request', { request: pod, images: [] });
  expect(deny).toMatchObject([{ message: 'container a is privileged' }]);
});

test('every function of the library is documented, and every code of a policy is in the error registry', () => {
  const source = (path: string) => readFileSync(new URL(`../policies/${path}`, import.meta.url), 'utf8');
  const functions = new Set([...source('lib/lib.rego').matchAll(/^([a-z_]+)\(/gm)].map((match) => match[1]!));
  const internal = [
    'authority_match',
    'authority_matches',
    'complies',
    'compliance',
    'counts',
    'digest_set',
    'has_done_its_part',
    'is_compliant',
    'policy_allows',
    'policy_answer',
    'policy_part',
    'reasons',
    'result_list',
    'shown_attestation',
    'shown_signer',
    'trusted_attestation',
    'well_formed',
  ];
  for (const name of functions)
    if (!internal.includes(name)) expect(page('policies.md')).toContain(`\`${name}(`);
  for (const path of [
    'image/signed',
    'image/environment',
    'image/base',
    'image/digest',
    'image/registry',
    'request/reference',
    'request/environment',
  ]) {
    for (const [, code] of source(`${path}.rego`).matchAll(/"code": "([A-Z_]+)"/g)) {
      expect(Object.keys({ ...policyErrors.entries, ...sigstoreErrors.entries })).toContain(code);
    }
  }
});

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { policyErrors } from '../../errors.ts';
import { cip } from '../../testing/cluster-image-policies.ts';
import { loadTrust } from '../load.ts';

const text = 'package sigstore\n\nisCompliant = true\n';
const hex = (content: string) => createHash('sha256').update(content).digest('hex');
const elsewhere = (sha256: string) =>
  `policy: { type: rego, remote: { url: "https://x.test/p.rego", sha256sum: ${sha256} } }`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remote-policies-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(more: string, fetchPolicy: (url: URL) => Promise<Uint8Array>) {
  const file = join(folder, 'cip.yaml');
  writeFileSync(file, cip({ more }));
  return loadTrust(file, { fetchPolicy });
}

const served = (content: string) => async () => new TextEncoder().encode(content);

test('a policy elsewhere with the SHA-256 that is written down is in force', async () => {
  const trust = await load(elsewhere(hex(text)), served(text));
  expect(trust.ownPolicies).toMatchObject([
    { text: text.replace('sigstore', 'pratique.cluster_image_policy["release"]'), regoVersion: 'v0' },
  ]);
});

test('another text than the one that is written down is refused with its place', async () => {
  await expect(load(elsewhere(hex(text)), served(`${text} `))).rejects.toMatchObject({
    code: 'TRUST_INVALID',
    message: expect.stringMatching(/^cip\.yaml:\d+:\d+: .*another text/),
    expected: hex(text),
    found: hex(`${text} `),
  });
});

test('what has the SHA-256 and is no policy is refused', async () => {
  await expect(load(elsewhere(hex('x')), served('x'))).rejects.toMatchObject({ code: 'TRUST_INVALID' });
});

test('one that cannot be fetched is a fault with its place', async () => {
  const down = async () => {
    throw policyErrors.error('POLICY_UNREACHABLE', { message: 'the server answered 500' });
  };
  await expect(load(elsewhere(hex(text)), down)).rejects.toMatchObject({
    code: 'POLICY_UNREACHABLE',
    message: expect.stringMatching(/^cip\.yaml:\d+:\d+: .*500/),
  });
});

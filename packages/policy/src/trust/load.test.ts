import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePublicKey } from '@pratique/crypto';
import { afterAll, expect, test } from 'vitest';
import { publicPem } from '../testing/fakes.ts';
import { loadTrust } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'pratique-trust-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('paths in a trust file are relative to the file, wherever the command is run', async () => {
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys/team.pub'), publicPem('team'));
  const file = join(folder, 'trust.yaml');
  writeFileSync(
    file,
    'apiVersion: pratique.dev/v1\nkind: Trust\nauthorities: { team: { keyFile: keys/team.pub } }\npolicies: [policies]\n',
  );
  const trust = await loadTrust(file);
  expect(trust.authorities.get('team')?.keys).toHaveLength(1);
  expect(trust.policies).toEqual([join(folder, 'policies')]);
});

test('a trust file that is not there is an error with its path, never an empty configuration', async () => {
  const path = join(folder, 'missing.yaml');
  await expect(loadTrust(path)).rejects.toMatchObject({ code: 'TRUST_UNREADABLE' });
  await expect(loadTrust(path)).rejects.toThrow(`cannot read ${path} (ENOENT)`);
  const empty = join(folder, 'empty.yaml');
  writeFileSync(empty, '');
  await expect(loadTrust(empty)).rejects.toMatchObject({ code: 'TRUST_INVALID' });
});

const managed = (authority: string) => {
  const file = join(folder, 'managed.yaml');
  writeFileSync(file, `apiVersion: pratique.dev/v1\nkind: Trust\nauthorities: { team: ${authority} }\n`);
  return file;
};

test('keys in tokens and key services are looked up, each once, beside those that are written down', async () => {
  const asked: string[] = [];
  const openPublicKey = async (reference: string) => {
    asked.push(reference);
    return parsePublicKey(publicPem(reference.startsWith('pkcs11:') ? 'team' : 'security'));
  };
  const file = managed(
    `{ keys: ["pkcs11:token=t;object=o", "k8s://team/signing", "k8s://team/signing", "piv:signature"], key: ${JSON.stringify(publicPem('team'))} }`,
  );
  const trust = await loadTrust(file, { openPublicKey });
  expect(asked).toEqual(['pkcs11:token=t;object=o', 'k8s://team/signing', 'piv:signature']);
  expect(trust.authorities.get('team')?.keys.map(({ fingerprint }) => fingerprint)).toEqual(
    ['team', 'security'].map((name) => parsePublicKey(publicPem(name)).fingerprint),
  );
});

test('a key that cannot be looked up is a fault, and one that nobody looks up is refused without its PIN', async () => {
  const file = managed('{ key: "pkcs11:token=t;object=o?pin-value=s3cr3t" }');
  const fault = new Error('the token is gone');
  await expect(loadTrust(file, { openPublicKey: () => Promise.reject(fault) })).rejects.toBe(fault);
  const error = (await loadTrust(file).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ code: 'TRUST_INVALID' });
  expect(JSON.stringify(error) + error.message).not.toContain('s3cr3t');
});

test('a ClusterImagePolicy may name a key in a key service', async () => {
  const file = join(folder, 'cip.yaml');
  writeFileSync(
    file,
    `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: managed }
spec:
  images: [{ glob: "**" }]
  authorities: [{ name: team, key: { kms: "hashivault://team" } }]
`,
  );
  const openPublicKey = async (reference: string) => {
    expect(reference).toBe('hashivault://team');
    return parsePublicKey(publicPem('team'));
  };
  const { authorities } = await loadTrust(file, { openPublicKey });
  expect(authorities.get('managed/team')?.keys.map(({ fingerprint }) => fingerprint)).toEqual([
    parsePublicKey(publicPem('team')).fingerprint,
  ]);
  const fault = new Error('sealed');
  await expect(loadTrust(file, { openPublicKey: () => Promise.reject(fault) })).rejects.toBe(fault);
  await expect(loadTrust(file)).rejects.toMatchObject({ code: 'TRUST_INVALID' });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

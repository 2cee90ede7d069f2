import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Registry, startRegistry } from '@pratique/registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
let registry: Registry;
let cwd: string;
let image: string;

async function pratique(...argv: string[]) {
  const terminal = testTerminal({ cwd, env: { HOME: cwd, COSIGN_PASSWORD: '' } });
  const code = await run(argv, terminal, never);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function advisory(id: string): Promise<void> {
  const affected = [{ package: { ecosystem: 'npm', name: 'lodash' }, versions: ['1.0.0'] }];
  writeFileSync(join(cwd, 'advisory.json'), JSON.stringify({ id, affected }));
  expect(await pratique('db', 'import', 'advisory.json', '--db', 'mine.db')).toMatchObject({ code: 0 });
}

/** Publishes and signs what `mine.db` holds; returns the name with its digest. */
async function publish(): Promise<string> {
  const { code, stdout } = await pratique('db', 'export', image, '--db', 'mine.db');
  expect(code).toBe(0);
  const name = stdout.trim();
  expect(await pratique('sign', '--key', 'cosign.key', name)).toMatchObject({ code: 0 });
  return name;
}

const update = (...flags: string[]) => pratique('db', 'update', image, '--db', 'theirs.db', ...flags);

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-db-'));
  registry = await startRegistry({ listen: '127.0.0.1:0' });
  image = `${registry.address}/advisories:latest`;
  await pratique('generate-key-pair');
  await pratique('generate-key-pair', '--output-key-prefix', 'other');
  await advisory('GHSA-1');
});

afterEach(async () => {
  await registry.close();
  rmSync(cwd, { recursive: true });
});

test('a signed database arrives whole, and is used', async () => {
  const name = await publish();
  expect(await update('--key', 'cosign.pub')).toMatchObject({ code: 0, stdout: `${name}\n` });
  const component = { type: 'library', name: 'lodash', purl: 'pkg:npm/lodash@1.0.0' };
  writeFileSync(join(cwd, 'sbom.json'), JSON.stringify({ bomFormat: 'CycloneDX', components: [component] }));
  const scan = await pratique('scan', 'sbom.json', '--db', 'theirs.db');
  expect(scan).toMatchObject({ code: 0, stdout: expect.stringContaining('GHSA-1') });
});

test.each([
  ['nobody signed', false, ['--key', 'cosign.pub'], 'SIGNATURE_MISSING'],
  ['somebody else signed', true, ['--key', 'other.pub'], 'NO_MATCHING_SIGNATURE'],
  ['nobody is asked about', true, [], 'USAGE'],
])('a database that %s is not taken', async (_, signed, flags, code) => {
  if (signed) await publish();
  else await pratique('db', 'export', image, '--db', 'mine.db');
  const refused = await update(...flags);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain(code);
  expect(await pratique('db', 'status', '--db', 'theirs.db')).toMatchObject({ code: 1 });
});

test('an older database, replayed with its good signature, does not replace a newer one', async () => {
  const old = await publish();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await advisory('GHSA-2');
  await publish();
  expect(await update('--key', 'cosign.pub')).toMatchObject({ code: 0 });
  const replayed = await pratique('db', 'update', old, '--db', 'theirs.db', '--key', 'cosign.pub');
  expect(replayed.code).toBe(2);
  expect(replayed.stderr).toContain('ADVISORY_DATABASE_OLDER');
  expect((await pratique('db', 'status', '--db', 'theirs.db', '-o', 'json')).stdout).toContain(
    '"advisories": 2',
  );
});

test('an image that is no database is refused', async () => {
  await publish();
  const other = `${registry.address}/advisories@${(await pratique('resolve', image)).stdout.trim().split('@')[1]}`;
  expect(await pratique('db', 'update', other, '--db', 'theirs.db', '--allow-unsigned')).toMatchObject({
    code: 0,
  });
  const bundle = /sha256:[0-9a-f]{64}/.exec(
    (await pratique('tree', image, '-o', 'json')).stdout.split('"attached"')[1]!,
  )![0];
  const refused = await pratique(
    ...['db', 'update', `${registry.address}/advisories@${bundle}`, '--db', 'new.db', '--allow-unsigned'],
  );
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('ADVISORY_DATABASE_INVALID') });
});

test('a database with a view in the place of a table is refused', async () => {
  const database = new DatabaseSync(join(cwd, 'mine.db'));
  database.exec('CREATE VIEW more AS SELECT * FROM meta');
  database.close();
  const refused = await pratique('db', 'status', '--db', 'mine.db');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('ADVISORY_DATABASE_INVALID') });
});

import { existsSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '@pratique/crypto';
import { expect, onTestFinished, test } from 'vitest';
import { auditDirectory, backupDirectory, restoreDirectory } from '../index.ts';
import { hashedRekord, hashedRekordV2, post, start, temporaryDirectory } from '../testing/client.ts';

const key = generateSigningKey();

test('a backup of a running server holds what was acknowledged, and a server goes on from it', async () => {
  const scratch = temporaryDirectory(onTestFinished);
  const inside = (name: string) => join(scratch, name);
  const server = await start(inside('data'));
  onTestFinished(() => server.close());
  const acknowledged: string[] = [];
  let running = true;
  const signing = (async () => {
    for (let i = 0; running; i++) {
      const { headers } = await post(`${server.url}/api/v1/log/entries`, hashedRekord(`${i}`, key));
      acknowledged.push(headers.get('location')!);
      await post(`${server.url}/api/v2/log/entries`, hashedRekordV2(`${i}`, key));
    }
  })();
  while (acknowledged.length < 10) await new Promise((resolve) => setTimeout(resolve, 10));
  const before = acknowledged.length;
  const logs = await backupDirectory(inside('data'), inside('backup'));
  running = false;
  await signing;
  expect(logs.map(({ name }) => name)).toEqual(['rekor', 'rekor-v2', 'ctlog']);
  expect(statSync(join(inside('backup'), 'keys', 'rekor.pem')).mode & 0o077).toBe(0);

  await restoreDirectory(inside('backup'), inside('restored'));
  // Before a server was started there: whoever serves the files shows no checkpoint without its tiles.
  const files = await auditDirectory(inside('restored'), { seen: {} });
  expect(files.flatMap(({ problems }) => problems)).toEqual([]);
  const restored = await start(inside('restored'));
  onTestFinished(() => restored.close());
  for (const location of acknowledged.slice(0, before)) {
    expect((await fetch(restored.url + location)).status).toBe(200);
  }
  expect((await post(`${restored.url}/api/v1/log/entries`, hashedRekord('after', key))).status).toBe(201);
  await restored.close();
  const audits = await auditDirectory(inside('restored'), { seen: {} });
  expect(audits.flatMap(({ problems }) => problems)).toEqual([]);
});

test('a backup that lost an entry is not restored', async () => {
  const scratch = temporaryDirectory(onTestFinished);
  const inside = (name: string) => join(scratch, name);
  const server = await start(inside('data'));
  await post(`${server.url}/api/v1/log/entries`, hashedRekord('one', key));
  await backupDirectory(inside('data'), inside('backup'));
  await server.close();
  const journal = join(inside('backup'), 'rekor', 'journal');
  truncateSync(journal, readFileSync(journal).length - 1);
  await expect(restoreDirectory(inside('backup'), inside('restored'))).rejects.toThrow(
    expect.objectContaining({ code: 'SIGSTORE_SERVER_DAMAGED' }),
  );
  expect(existsSync(inside('restored'))).toBe(false);
});

test('nothing is overwritten, and what is no data directory or backup is said to be none', async () => {
  const scratch = temporaryDirectory(onTestFinished);
  const inside = (name: string) => join(scratch, name);
  const refused = expect.objectContaining({ code: 'SIGSTORE_SERVER_OPTION_INVALID' });
  await expect(backupDirectory(scratch, inside('backup'))).rejects.toThrow(refused);
  symlinkSync('circle', inside('circle'));
  await expect(backupDirectory(inside('circle'), inside('backup'))).rejects.toMatchObject({ code: 'ELOOP' });
  const server = await start(inside('data'));
  await server.close();
  await expect(restoreDirectory(inside('data'), inside('restored'))).rejects.toThrow(refused);
  writeFileSync(inside('file'), '');
  await expect(backupDirectory(inside('data'), inside('file'))).rejects.toThrow(refused);
  await expect(backupDirectory(inside('data'), scratch)).rejects.toThrow(refused);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commands } from '../specs/index.ts';
import { settings } from './config.ts';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'pratique-config-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const verify = commands.find(({ name }) => name === 'verify')!;
const resolve = (given: Record<string, unknown>, env: Record<string, string>, cwd = directory) =>
  settings(verify, given, { cwd, env: { HOME: join(directory, 'home'), ...env } }, commands);

test('flag before environment before file before default', async () => {
  writeFileSync(join(directory, 'pratique.yaml'), 'key: [file.pub]\n');
  expect((await resolve({ key: ['flag.pub'] }, { PRATIQUE_KEY: 'env.pub' }))['key']).toEqual({
    value: ['flag.pub'],
    origin: '--key',
  });
  expect((await resolve({}, { PRATIQUE_KEY: 'a.pub,b.pub' }))['key']).toEqual({
    value: ['a.pub', 'b.pub'],
    origin: '$PRATIQUE_KEY',
  });
  expect((await resolve({}, {}))['key']).toEqual({
    value: ['file.pub'],
    origin: join(directory, 'pratique.yaml'),
  });
  expect((await resolve({}, {}))['output']).toEqual({ value: 'json', origin: 'default' });
});

test('the nearest file above wins, then the user file', async () => {
  mkdirSync(join(directory, 'a/b'), { recursive: true });
  mkdirSync(join(directory, 'home/.config/pratique'), { recursive: true });
  writeFileSync(join(directory, 'home/.config/pratique/pratique.yaml'), 'key: [user.pub]\noutput: text\n');
  writeFileSync(join(directory, 'a/pratique.yaml'), 'verify:\n  key: [section.pub]\nkey: [all.pub]\n');
  const found = await resolve({}, {}, join(directory, 'a/b'));
  expect(found['key']).toEqual({ value: ['section.pub'], origin: join(directory, 'a/pratique.yaml') });
  expect(found['output']!.value).toBe('text');
});

test.each([
  ['kye: x\n', /no option is named 'kye'/],
  ['verify:\n  kye: x\n', /no option is named 'kye' in 'verify'/],
  ['key: 3\n', /wrong type/],
  ['output: yaml\n', /wrong type/],
  ['- a\n', /expected flag names/],
  ['key: [a\n', /pratique\.yaml/],
  ['__proto__: {key: [x]}\n', /no option is named '__proto__'/],
])('a file with a mistake is refused, not ignored: %j', async (text, message) => {
  writeFileSync(join(directory, 'pratique.yaml'), text);
  await expect(resolve({}, {})).rejects.toThrow(message);
  await expect(resolve({}, {})).rejects.toMatchObject({ code: 'CONFIG_INVALID', kind: 'usage' });
});

test('an environment value of the wrong type is refused', async () => {
  await expect(resolve({}, { PRATIQUE_OFFLINE: 'perhaps' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

test('where the program keeps its cache is no value of --cache', async () => {
  const sbom = commands.find(({ name }) => name === 'sbom')!;
  const context = { cwd: directory, env: { HOME: directory, PRATIQUE_CACHE: '/somewhere' } };
  expect((await settings(sbom, {}, context, commands))['cache']).toEqual({ value: true, origin: 'default' });
});

test('what is wrong with a file of settings is one line, and with a variable leads to the variable', async () => {
  writeFileSync(join(directory, 'pratique.yaml'), 'key: [a\n');
  await expect(resolve({}, {})).rejects.toThrow(/^[^\n]*line 2[^\n]*$/);
  rmSync(join(directory, 'pratique.yaml'));
  await expect(resolve({}, { PRATIQUE_OFFLINE: 'perhaps' })).rejects.toMatchObject({
    remedy: expect.stringContaining('unset PRATIQUE_OFFLINE'),
  });
});

import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

test('a signature that begins as JSON does is a signature all the same', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'pratique-detached-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let content = '';
  let signature = Buffer.alloc(0);
  for (let attempt = 0; signature[0] !== 0x7b; attempt++) {
    content = `content ${attempt}`;
    signature = sign(null, Buffer.from(content), privateKey);
  }
  writeFileSync(join(cwd, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(cwd, 'file'), content);
  writeFileSync(join(cwd, 'file.sig'), signature.toString('base64'));
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const args = [
    'verify-blob',
    '--key',
    'key.pub',
    '--signature',
    'file.sig',
    '--insecure-ignore-tlog',
    'file',
  ];
  const code = await run(args, terminal, new AbortController().signal);
  expect([code, terminal.stderr]).toEqual([0, expect.stringContaining('Verified OK')]);
});

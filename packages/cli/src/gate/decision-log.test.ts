import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

const never = new AbortController().signal;
const pod = (image: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shop' },
    spec: { containers: [{ name: 'c', image, env: [{ name: 'PASSWORD', value: 'hunter2' }] }] },
  });

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-log-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function admit(trust: string) {
  writeFileSync(join(cwd, 'trust.yaml'), `apiVersion: pratique.dev/v1\nkind: Trust\n${trust}`);
  const terminal = testTerminal({ cwd, env: { HOME: cwd }, stdin: pod('127.0.0.1:1/app:1') });
  const code = await run(
    ['admit', '--local-registries', '--trust', 'trust.yaml', '-f', '-'],
    terminal,
    never,
  );
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

test('pratique admit logs its decisions where the trust configuration says, without what is in the object', async () => {
  const { code, stderr } = await admit(
    'decisionLog: { console: true, file: { path: logs/d.json, sync: true }, labels: { site: ci } }\n',
  );
  expect(code).toBe(2);
  const line = readFileSync(join(cwd, 'logs/d.json'), 'utf8');
  expect(JSON.parse(line)).toMatchObject({
    labels: { site: 'ci' },
    path: 'pratique/request',
    input: { request: { operation: 'CREATE' }, subject: { kind: 'Pod', name: 'shop' } },
    result: { allowed: false, denials: [{ code: 'OCI_UNREACHABLE' }] },
  });
  expect(stderr).toBe(line);
  expect(line).not.toContain('hunter2');
});

test('a decision that must be logged first and cannot be is a fault, not an answer', async () => {
  writeFileSync(join(cwd, 'not-a-folder'), '');
  const { code, stdout, stderr } = await admit(
    'decisionLog: { file: { path: not-a-folder/d.json, sync: true } }\n',
  );
  expect(code).toBe(1);
  expect(stderr).toContain('LOG_WRITE_FAILED');
  expect(stdout).toBe('');
});

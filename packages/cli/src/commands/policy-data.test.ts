import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../program/run.ts';
import { testTerminal } from '../testing/terminal.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pratique-data-'));
  const lines = 'parameters: { forbiddenTags: [latest] }\ndata: { team: { size: 3 } }';
  writeFileSync(join(cwd, 'trust.yaml'), `apiVersion: pratique.dev/v1\nkind: Trust\n${lines}\n`);
});
afterAll(() => rmSync(cwd, { recursive: true }));

test('policy data prints what an OPA server needs beside the policies, with defaults filled in', async () => {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  expect(await run(['policy', 'data'], terminal, new AbortController().signal)).toBe(0);
  expect(JSON.parse(terminal.stdout)).toEqual({
    pratique: {
      parameters: {
        environment: { annotation: 'env', expected: null, namespaces: {} },
        digests: {},
        bases: [],
        registries: [],
        requireDigest: false,
        forbiddenTags: ['latest'],
        require: [],
        vulnerabilities: null,
        packages: { allow: [], deny: [], unknown: 'deny' },
        exceptions: [],
      },
    },
    site: { team: { size: 3 } },
  });
});

test('policy data says so when there is no trust configuration', async () => {
  const terminal = testTerminal({ cwd, env: { HOME: cwd } });
  const code = await run(['policy', 'data', '--trust', 'none.yaml'], terminal, new AbortController().signal);
  expect(code).toBe(3);
  expect(terminal.stderr).toContain('TRUST_UNREADABLE');
});

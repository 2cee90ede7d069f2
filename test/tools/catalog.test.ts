import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAcceptable, tools, versionIn } from './catalog.ts';

test.each([
  ['v0.21.9\n', '0.21.9'],
  ['cosign: A tool\n\nGitVersion:    v3.1.3\nGoVersion:     go1.26.8\n', '3.1.3'],
  ['Version:    1.3.6\nGo version: go1.26.8\n', '1.3.6'],
  ['Version: 1.20.2\nGo Version: go1.26.8\n', '1.20.2'],
  ['skopeo version 1.18.0\n', '1.18.0'],
  ['docker-registry github.com/docker/distribution 2.8.2+ds1\n', '2.8.2'],
  ['Go 1.26\n', undefined],
])('the version in %j is %s', (output, version) => {
  expect(versionIn(output)).toBe(version);
});

test('a tool we pin is not replaced by any other version', () => {
  expect(isAcceptable(tools.cosign, tools.cosign.version)).toBe(true);
  expect(isAcceptable(tools.cosign, '3.1.4')).toBe(false);
});

test('a tool of Debian is used from its minimum version on, compared as numbers', () => {
  expect(isAcceptable(tools.skopeo, '1.9.3')).toBe(false);
  expect(isAcceptable(tools.skopeo, '1.18.0')).toBe(true);
  expect(isAcceptable(tools.skopeo, '2.0.0')).toBe(true);
});

test('the API server is built from the release that is named', () => {
  const { directory, version } = tools['kube-apiserver'];
  const module = readFileSync(new URL(`${directory}/go.mod`, import.meta.url), 'utf8');
  expect(module).toContain(`k8s.io/kubernetes v${version}\n`);
  // What is released with it has its number, and nothing is left out.
  const released = module.split('\n').filter((line) => line.includes('=>'));
  expect(released.length).toBeGreaterThan(20);
  for (const line of released) expect(line).toContain(` v${version.replace(/^1/, '0')}`);
});

test('Vault is built from the release that is named', () => {
  const { directory, version } = tools['vault-server'];
  const module = readFileSync(new URL(`${directory}/go.mod`, import.meta.url), 'utf8');
  expect(module).toContain(`github.com/hashicorp/vault v${version}\n`);
});

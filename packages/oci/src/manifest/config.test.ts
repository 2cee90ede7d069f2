import { expect, test } from 'vitest';
import { parseConfigDocument } from './config.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test.each([
  ['another user, as Go reads it', { config: { User: '1000', user: 'root' } }],
  ['no user here, and one in Go', { config: { uSER: 'root' } }],
  ['a letter that Go takes for s', { config: { 'U\u017fer': 'root' } }],
  ['another whole configuration', { config: { User: '1000' }, Config: { User: 'root' } }],
  ['another machine', { os: 'unknown', architecture: 'unknown', OS: 'linux', Architecture: 'amd64' }],
  ['other layers', { rootfs: { type: 'layers', diff_ids: [], Diff_IDs: ['sha256:x'] } }],
])('a configuration that says %s is refused', (_, document) => {
  expect(() => parseConfigDocument(bytes(document))).toThrow(
    expect.objectContaining({ code: 'OCI_CONFIG_INVALID', kind: 'fault' }),
  );
});

test('names of labels, ports and volumes, and fields that nobody knows, are spelled as they like', () => {
  const document = {
    os: 'linux',
    moby: { OS: 1 },
    config: { User: '1', Labels: { user: 'a', User: 'b' }, ExposedPorts: { '80/tcp': {} }, OnBuild: null },
  };
  expect(parseConfigDocument(bytes(document))).toEqual(document);
});

test.each([
  ['not JSON', '{'],
  ['a list', '[]'],
  ['a member twice', '{"config":{"User":"1","User":"root"}}'],
])('%s is refused', (_, text) => {
  expect(() => parseConfigDocument(new TextEncoder().encode(text))).toThrow(
    expect.objectContaining({ code: 'OCI_CONFIG_INVALID' }),
  );
});

test('more bytes than are read are refused', () => {
  expect(() => parseConfigDocument(bytes({ os: 'linux' }), 5)).toThrow(
    expect.objectContaining({ code: 'OCI_CONFIG_INVALID' }),
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../reference/digest.ts';
import { buildImageManifest, buildIndex, emptyDescriptor } from './build.ts';
import { mediaTypes } from './media-types.ts';
import { maxManifestBytes, maxManifestEntries, parseManifest } from './parse.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytes(JSON.stringify(value));
const layer = { mediaType: mediaTypes.ociLayer, digest: digestOf(bytes('layer')), size: 5 };
const image = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: emptyDescriptor,
  layers: [layer],
};
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [layer] };
const refused = (code: string) => expect.objectContaining({ code, kind: 'fault' });

describe('a manifest that is two documents at once is refused', () => {
  test.each([
    ['image and index (CVE-2021-41190)', { ...image, manifests: [] }],
    ['index and image', { ...index, layers: [] }],
    ['index with config', { ...index, config: emptyDescriptor }],
    ['schema 1 and 2', { ...image, fsLayers: [] }],
    ['a field in another case, which Go reads', { ...image, Layers: [] }],
    ['a field spelled with a Kelvin-like letter', { ...image, 'layer\u017f': [] }],
    [
      'a descriptor field in another case',
      { ...image, layers: [{ ...layer, Digest: digestOf(bytes('other')) }] },
    ],
    [
      'a platform that is for no machine here, and for ours in Go',
      {
        ...index,
        manifests: [{ ...layer, platform: { os: 'unknown', architecture: 'unknown', OS: 'linux' } }],
      },
    ],
  ])('%s', (_, document) => {
    expect(() => parseManifest(json(document))).toThrow(refused('OCI_MANIFEST_INVALID'));
  });

  test('the same key twice', () => {
    const text = JSON.stringify(image).replace('"layers"', '"layers":[],"layers"');
    expect(() => parseManifest(bytes(text))).toThrow(refused('OCI_MANIFEST_INVALID'));
    expect(() => parseManifest(bytes(text.replace('"layers":[]', '"l\\u0061yers":[]')))).toThrow(
      refused('OCI_MANIFEST_INVALID'),
    );
  });

  test('Content-Type and mediaType that differ', () => {
    expect(() => parseManifest(json(image), mediaTypes.ociIndex)).toThrow(refused('OCI_MANIFEST_INVALID'));
    expect(() => parseManifest(json(image), mediaTypes.dockerManifest)).toThrow(
      refused('OCI_MANIFEST_INVALID'),
    );
  });

  test('a document without any type that could be either', () => {
    expect(() => parseManifest(json({ schemaVersion: 2, layers: [], manifests: [] }))).toThrow(
      refused('OCI_MANIFEST_INVALID'),
    );
    expect(() => parseManifest(json({ schemaVersion: 2 }))).toThrow(refused('OCI_MANIFEST_INVALID'));
  });
});

describe('a broken manifest is a fault, never half an image', () => {
  test.each([
    ['not JSON', '{'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['two documents', '{}{}'],
    ['truncated', JSON.stringify(image).slice(0, -1)],
    ['byte order mark', `\ufeff${JSON.stringify(image)}`],
    ['deep nesting', `${'['.repeat(100_000)}`],
    ['deep nesting, closed', `{"a":${'['.repeat(70)}${']'.repeat(70)}}`],
  ])('%s', (_, text) => {
    expect(() => parseManifest(bytes(text))).toThrow(refused('OCI_MANIFEST_INVALID'));
  });

  test.each([
    ['schemaVersion 3', { ...image, schemaVersion: 3 }],
    ['no schemaVersion', { ...image, schemaVersion: undefined }],
    ['no config', { ...image, config: undefined }],
    ['config null', { ...image, config: null }],
    ['layers an object', { ...image, layers: {} }],
    ['layer a string', { ...image, layers: ['x'] }],
    ['negative size', { ...image, layers: [{ ...layer, size: -1 }] }],
    ['fractional size', { ...image, layers: [{ ...layer, size: 1.5 }] }],
    ['size as text', { ...image, layers: [{ ...layer, size: '5' }] }],
    ['size past 2^53', { ...image, layers: [{ ...layer, size: 2 ** 60 }] }],
    ['digest of another algorithm', { ...image, layers: [{ ...layer, digest: `md5:${'a'.repeat(32)}` }] }],
    ['digest in upper case', { ...image, layers: [{ ...layer, digest: layer.digest.toUpperCase() }] }],
    ['digest with a path', { ...image, layers: [{ ...layer, digest: 'sha256:../../etc/passwd' }] }],
    ['no layer media type', { ...image, layers: [{ ...layer, mediaType: undefined }] }],
    ['media type with line break', { ...image, layers: [{ ...layer, mediaType: 'a/b\r\nx' }] }],
    ['annotation a number', { ...image, annotations: { a: 1 } }],
    ['annotations a list', { ...image, annotations: ['a'] }],
    ['subject a string', { ...image, subject: 'x' }],
    ['urls a string', { ...image, layers: [{ ...layer, urls: 'http://x' }] }],
    ['platform a string', { ...index, manifests: [{ ...layer, platform: 'linux' }] }],
    ['index without manifests', { ...index, manifests: undefined }],
    ['too many values of any kind', { ...image, unknown: Array.from({ length: 150_000 }, () => 0) }],
    ['too many layers', { ...image, layers: Array.from({ length: maxManifestEntries + 1 }, () => layer) }],
  ])('%s', (_, document) => {
    expect(() => parseManifest(json(document))).toThrow(refused('OCI_MANIFEST_INVALID'));
  });

  test('invalid UTF-8', () => {
    expect(() => parseManifest(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))).toThrow(
      refused('OCI_MANIFEST_INVALID'),
    );
  });

  test('a manifest over 4 MiB is not even parsed', () => {
    expect(() => parseManifest(new Uint8Array(maxManifestBytes + 1))).toThrow(refused('OCI_SIZE_EXCEEDED'));
  });

  test.each([
    ['Docker schema 1', { schemaVersion: 1, fsLayers: [] }],
    [
      'an artifact manifest of a draft',
      { ...image, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' },
    ],
    ['a web page', { ...image, mediaType: 'text/html' }],
  ])('%s is named as unsupported', (_, document) => {
    expect(() => parseManifest(json(document))).toThrow(refused('OCI_MEDIA_TYPE_UNSUPPORTED'));
  });
});

describe('what the tools of the field write is read', () => {
  test('OCI image, with the types registries serve it under', () => {
    for (const type of [
      undefined,
      mediaTypes.ociManifest,
      'application/json',
      'application/octet-stream',
      `${mediaTypes.ociManifest}; charset=utf-8`,
    ]) {
      expect(parseManifest(json(image), type)).toMatchObject({
        kind: 'image',
        layers: [layer],
        config: emptyDescriptor,
      });
    }
  });

  test('an OCI document without mediaType is what its fields say', () => {
    expect(parseManifest(json({ ...image, mediaType: undefined })).mediaType).toBe(mediaTypes.ociManifest);
    expect(parseManifest(json({ ...index, mediaType: undefined })).mediaType).toBe(mediaTypes.ociIndex);
  });

  test('null and "" where Go writes an absent field', () => {
    const document = { ...image, layers: null, annotations: null, subject: null, artifactType: '' };
    expect(parseManifest(json(document))).toEqual({
      kind: 'image',
      mediaType: mediaTypes.ociManifest,
      annotations: {},
      config: emptyDescriptor,
      layers: [],
    });
  });

  test('what we build parses to what was put in', () => {
    const subject = { ...layer, mediaType: mediaTypes.ociManifest };
    const built = buildImageManifest({
      artifactType: 'application/x',
      layers: [layer],
      subject,
      annotations: { a: 'b' },
    });
    expect(built.descriptor).toMatchObject({
      digest: digestOf(built.bytes),
      size: built.bytes.length,
      artifactType: 'application/x',
    });
    expect(parseManifest(built.bytes, built.descriptor.mediaType)).toEqual({
      kind: 'image',
      mediaType: mediaTypes.ociManifest,
      artifactType: 'application/x',
      config: emptyDescriptor,
      layers: [layer],
      subject,
      annotations: { a: 'b' },
    });
    const list = buildIndex({
      manifests: [{ ...subject, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }],
    });
    expect(parseManifest(list.bytes)).toMatchObject({
      kind: 'index',
      manifests: [{ platform: { variant: 'v8' } }],
    });
  });

  test('keys that are names of methods are plain annotations', () => {
    const text = JSON.stringify({ ...image, annotations: { constructor: 'c' } }).replace(
      '"constructor"',
      '"__proto__":"p","constructor"',
    );
    const { annotations } = parseManifest(bytes(text));
    expect(Object.entries(annotations)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });
});

describe('any bytes', () => {
  test('a manifest with any part replaced is parsed or refused with a code', () => {
    const valid = JSON.stringify({ ...image, annotations: { a: 'b' } });
    fc.assert(
      fc.property(fc.nat(valid.length), fc.nat(20), fc.oneof(fc.string(), fc.json()), (at, drop, put) => {
        try {
          parseManifest(bytes(valid.slice(0, at) + put + valid.slice(at + drop)));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^OCI_/) });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

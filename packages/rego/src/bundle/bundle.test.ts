import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonText, type RegoObject, toJsonText } from '../values/index.ts';
import { BundleError, type BundleErrorCode } from './errors.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { DEFAULT_MANIFEST } from './manifest.ts';
import { mergeBundles, readBundle, readBundleArchive, unpackArchive } from './read.ts';
import { signBundle, type VerificationKey } from './signature.ts';
import { type BundleFile, writeTar } from './tar.ts';
import { writeBundle } from './write.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (path: string, text: string): BundleFile => ({ path, bytes: bytes(text) });
const data = (text: string): RegoObject => parseJsonText(text) as RegoObject;
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = {
  private: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  public: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};
const verification: VerificationKey = { key: pem.public, algorithm: 'ES256' };
const POLICY = 'package a\n\nallow := true\n';
const content = {
  manifest: { ...DEFAULT_MANIFEST, revision: 'r1', regoVersion: 1 as const },
  data: data('{"b":{"big":123456789012345678901234567890,"__proto__":{"x":1.50}}}'),
  modules: [{ path: 'a.rego', text: POLICY }],
};

function refused(run: () => unknown): BundleErrorCode | 'accepted' {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof BundleError) return error.code;
    throw error;
  }
}

/** The files of a signed bundle, some of them exchanged. */
function forged(changes: Readonly<Record<string, string | null>>): BundleFile[] {
  const files = unpackArchive(writeBundle(content, { key: pem.private, algorithm: 'ES256', keyId: 'k' }));
  const kept = files.filter(({ path }) => changes[path] === undefined);
  for (const [path, text] of Object.entries(changes)) if (text !== null) kept.push(file(path, text));
  return kept;
}

test('what is written is read again, digit for digit, and twice the same bytes', () => {
  const archive = writeBundle(content);
  expect(writeBundle(content)).toEqual(archive);
  const bundle = readBundleArchive(archive);
  expect(toJsonText(bundle.data)).toBe(toJsonText(content.data));
  expect(bundle.modules).toEqual([{ path: 'a.rego', text: POLICY, regoVersion: 'v1' }]);
  expect(bundle.manifest).toMatchObject({ revision: 'r1', roots: [''], regoVersion: 1 });
});

test('a bundle signed by the key is accepted', () => {
  expect(readBundle(forged({}), { verification }).modules).toHaveLength(1);
  const reformatted = '{ "b": {"__proto__": {"x": 1.50},\n "big": 123456789012345678901234567890} }';
  expect(refused(() => readBundle(forged({ 'data.json': reformatted }), { verification }))).toBe('accepted');
});

test.each([
  ['a policy was changed', { 'a.rego': POLICY.replace('true', 'false') }],
  ['a document was changed', { 'data.json': '{}' }],
  ['the manifest was changed', { '.manifest': '{"revision":"r2"}' }],
  ['a file was added', { 'b.rego': 'package b' }],
  ['a file was taken away', { 'a.rego': null }],
  ['the signature was taken away', { '.signatures.json': null }],
  ['there is no token', { '.signatures.json': '{"signatures":[]}' }],
  ['the token is no JWT', { '.signatures.json': '{"signatures":["a.b"]}' }],
  ['the signatures file is no JSON', { '.signatures.json': 'x' }],
])('a signed bundle is refused when %s', (_, changes) => {
  expect(refused(() => readBundle(forged(changes), { verification }))).toBe('bundle_signature');
});

test('a signature of another key, algorithm or scope is refused', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  const read = (key: VerificationKey) => refused(() => readBundle(forged({}), { verification: key }));
  expect(read({ ...verification, key: other.toString() })).toBe('bundle_signature');
  expect(read({ ...verification, algorithm: 'ES384' })).toBe('bundle_signature');
  expect(read({ ...verification, algorithm: 'none' })).toBe('bundle_signature');
  expect(read({ ...verification, scope: 'write' })).toBe('bundle_signature');
});

test('a public key is not taken for an HMAC secret', () => {
  const files = [file('a.rego', POLICY)];
  const token = signBundle(files, { key: pem.public, algorithm: 'HS256', keyId: 'k' });
  const signatures = JSON.stringify({ signatures: [token] });
  const bundle = [...files, file('.signatures.json', signatures)];
  expect(refused(() => readBundle(bundle, { verification }))).toBe('bundle_signature');
});

test('a file listed twice, or with a hash that no longer binds, is refused', () => {
  const token = (entries: string): BundleFile => {
    const claims = data(`{"files":${entries}}`);
    const signed = signBundle([], { key: 'secret', algorithm: 'HS256', claims });
    return file('.signatures.json', JSON.stringify({ signatures: [signed] }));
  };
  const read = (entries: string) =>
    refused(() =>
      readBundle([file('x.txt', ''), token(entries)], {
        verification: { key: 'secret', algorithm: 'HS256' },
      }),
    );
  const md5 = '{"name":"x.txt","hash":"d41d8cd98f00b204e9800998ecf8427e","algorithm":"MD5"}';
  const sha =
    '{"name":"x.txt","hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","algorithm":"SHA-256"}';
  expect(read(`[${sha}]`)).toBe('accepted');
  expect(read(`[${md5}]`)).toBe('bundle_signature');
  expect(read(`[${sha},${sha}]`)).toBe('bundle_signature');
});

/** A tar archive whose one entry has something else in its header. */
function tampered(name: string, type: string): Uint8Array {
  const tar = writeTar([file('x', 'hello')]);
  tar.fill(0, 0, 100);
  tar.set(bytes(name), 0);
  tar[156] = type.charCodeAt(0);
  tar.fill(0x20, 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.set(bytes(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return gzipSync(tar);
}

test.each([
  ['leads out of it', '../x.rego', '0'],
  ['leads out of it further down', 'a/../../x.rego', '0'],
  ['has a backslash', 'a\\..\\x.rego', '0'],
  ['has a line break', 'a\nb.rego', '0'],
  ['is a symbolic link', 'x.rego', '2'],
  ['is a hard link', 'x.rego', '1'],
  ['is a device', 'x.rego', '3'],
])('an archive is refused when a file %s', (_, name, type) => {
  expect(refused(() => unpackArchive(tampered(name, type)))).toBe('bundle_invalid');
});

test('an archive is refused when it ends early, is damaged, or has one path twice', () => {
  const tar = writeTar([file('x', 'hello')]);
  expect(refused(() => unpackArchive(gzipSync(tar.subarray(0, 515))))).toBe('bundle_invalid');
  expect(refused(() => unpackArchive(gzipSync(tar).subarray(0, 40)))).toBe('bundle_invalid');
  expect(refused(() => unpackArchive(gzipSync(writeTar([file('x', ''), file('x', '')]))))).toBe(
    'bundle_invalid',
  );
  tar[0] = 0x79;
  expect(refused(() => unpackArchive(gzipSync(tar)))).toBe('bundle_invalid');
  expect(refused(() => unpackArchive(new Uint8Array()))).toBe('bundle_invalid');
});

test('an archive is refused when it is larger than the limits, before it is unpacked', () => {
  const archive = gzipSync(writeTar([file('a', 'x'.repeat(100_000)), file('b', '')]));
  const read = (limits: Partial<typeof DEFAULT_LIMITS>) =>
    refused(() => unpackArchive(archive, { ...DEFAULT_LIMITS, ...limits }));
  expect(read({ totalBytes: 50_000 })).toBe('bundle_limit');
  expect(read({ fileBytes: 99_999 })).toBe('bundle_limit');
  expect(read({ archiveBytes: 10 })).toBe('bundle_limit');
  expect(read({ files: 1 })).toBe('bundle_limit');
  expect(read({ files: 2 })).toBe('accepted');
});

test('long names survive', () => {
  const path = `${'directory/'.repeat(20)}policy.rego`;
  expect(unpackArchive(gzipSync(writeTar([file(path, 'x')]))).map((entry) => entry.path)).toEqual([path]);
});

test('roots keep bundles apart', () => {
  const owner = (roots: string, text: string) => [
    file('.manifest', `{"roots":${roots}}`),
    file('data.json', text),
  ];
  expect(refused(() => readBundle(owner('["a"]', '{"b":1}')))).toBe('bundle_conflict');
  expect(refused(() => readBundle(owner('["a/b"]', '{"a":{"c":1}}')))).toBe('bundle_conflict');
  expect(refused(() => readBundle(owner('["a/b"]', '{"a":1}')))).toBe('bundle_conflict');
  expect(refused(() => readBundle(owner('["a","a/b"]', '{}')))).toBe('bundle_conflict');
  const [left, right] = [owner('["a"]', '{"a":1}'), owner('["ab"]', '{"ab":2}')].map((files) =>
    readBundle(files),
  );
  const pair = [
    { name: 'left', bundle: left! },
    { name: 'right', bundle: right! },
  ];
  expect(toJsonText(mergeBundles(pair))).toBe('{"a":1,"ab":2}');
  expect(refused(() => mergeBundles([...pair, { name: 'again', bundle: left! }]))).toBe('bundle_conflict');
});

test('documents never overwrite each other', () => {
  const files = [file('data.json', '{"a":{"b":1}}'), file('a/data.yaml', 'b: 2')];
  expect(refused(() => readBundle(files))).toBe('bundle_conflict');
  const both = readBundle([file('data.json', '{"a":{"b":1}}'), file('a/data.yaml', 'c: 2')]);
  expect(toJsonText(both.data)).toBe('{"a":{"b":1,"c":2}}');
});

test('the manifest says which language a file is written in', () => {
  const manifest = '{"rego_version":0,"file_rego_versions":{"/new/*":1}}';
  const files = [file('.manifest', manifest), file('old.rego', ''), file('new/a.rego', '')];
  expect(readBundle(files).modules.map(({ regoVersion }) => regoVersion)).toEqual(['v0', 'v1']);
});

test('whatever the bytes are, a bundle is read or refused, never anything else', () => {
  const archive = writeBundle(content);
  const tar = gunzipSync(archive);
  fc.assert(
    fc.property(fc.nat(tar.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, noise) => {
      const copy = new Uint8Array(tar);
      copy.set(noise.subarray(0, copy.length - at), at);
      refused(() => readBundleArchive(gzipSync(copy, { level: 1 })));
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array(), (noise) => void refused(() => readBundleArchive(noise))));
  const part = fc.constantFrom(
    '.manifest',
    'data.json',
    'a/data.yaml',
    '.signatures.json',
    'x.rego',
    'patch.json',
  );
  fc.assert(
    fc.property(fc.dictionary(part, fc.oneof(fc.string(), fc.json())), (contents) => {
      const files = Object.entries(contents).map(([path, text]) => file(path, text));
      refused(() => readBundle(files, { verification }));
      refused(() => readBundle(files));
    }),
  );
});

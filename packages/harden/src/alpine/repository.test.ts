import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFetcher } from '../fetch/fetcher.ts';
import { type ApkSigner, apkSigner, makeApk, makeIndex, signatureSegment } from '../testing/alpine.ts';
import { openApk } from './apk-file.ts';
import { firstMember, GzipError } from './gzip-member.ts';
import { fetchApk, openApkRepository, parseApkSources } from './repository.ts';

const signer = apkSigner();
const other = apkSigner('other.rsa.pub');
const tool = makeApk({ name: 'tool', version: '1-r0', files: { 'usr/bin/tool': 'x' } }, signer);
const newer = makeApk({ name: 'tool', version: '2-r0', files: { 'usr/bin/tool': 'y' } }, signer);

function serving(files: Readonly<Record<string, Uint8Array>>, keys: readonly ApkSigner[] = [signer]) {
  const fetcher = createFetcher({
    fetch: (async (url: string) => {
      const found = files[url.slice('http://alpine.test/x86_64/'.length)];
      return new Response(found === undefined ? null : Buffer.from(found), { status: found ? 200 : 404 });
    }) as typeof fetch,
  });
  return { fetcher, architecture: 'x86_64', keys: keys.map(({ key }) => key) };
}

const open = (index: Uint8Array, keys?: readonly ApkSigner[]) =>
  openApkRepository('http://alpine.test', serving({ 'APKINDEX.tar.gz': index }, keys));

const untrusted = { code: 'PACKAGES_UNTRUSTED', kind: 'denial' };
const flipped = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 1;
  return copy;
};

describe('an index', () => {
  test.each(['RSA', 'RSA256', 'RSA512'])('signed with %s by a key that is trusted is read', async (kind) => {
    const [found] = await open(makeIndex([tool], signer, kind));
    expect(found).toMatchObject({
      name: 'tool',
      version: '1-r0',
      size: tool.bytes.length,
      url: 'http://alpine.test/x86_64/tool-1-r0.apk',
    });
  });

  test('of two members, the second of which is not signed, is refused', async () => {
    const forged = Buffer.concat([makeIndex([tool], signer), gzipSync('more')]);
    await expect(open(forged)).rejects.toMatchObject(untrusted);
  });

  test('with a signature of another index in front is refused', async () => {
    const [genuine, forged] = [makeIndex([tool], signer), makeIndex([newer], other)];
    const { length } = firstMember(genuine, 1e6);
    const rest = forged.subarray(firstMember(forged, 1e6).length);
    await expect(open(Buffer.concat([genuine.subarray(0, length), rest]))).rejects.toMatchObject(untrusted);
  });

  test('is not believed without a signature, or by another key, or by one that only has the name', async () => {
    const index = makeIndex([tool], signer);
    const bare = index.subarray(firstMember(index, 1e6).length);
    await expect(open(bare)).rejects.toMatchObject(untrusted);
    await expect(open(makeIndex([tool], other))).rejects.toMatchObject(untrusted);
    await expect(
      open(makeIndex([tool], { ...other, key: { ...other.key, name: signer.key.name } })),
    ).rejects.toMatchObject(untrusted);
    await expect(open(index, [])).rejects.toMatchObject(untrusted);
  });

  test('is refused where a trusted key’s signature is wrong, though another’s is right', async () => {
    const index = makeIndex([tool], signer);
    const content = index.subarray(firstMember(index, 1e6).length);
    const wrong = signatureSegment(Buffer.from('something else'), signer);
    const right = signatureSegment(content, other);
    await expect(open(Buffer.concat([wrong, right, content]), [signer, other])).rejects.toMatchObject(
      untrusted,
    );
  });

  test('is not believed by a short key', async () => {
    const weak = apkSigner('weak.rsa.pub', 1024);
    await expect(open(makeIndex([tool], weak), [weak])).rejects.toMatchObject(untrusted);
  });

  test.each([
    ['a name that is a path', 'P:../../x'],
    ['a version that is a path', 'V:1/../2'],
    ['no checksum', 'C:'],
    ['a checksum of another kind', 'C:Q2AAAA'],
    ['a size that is none', 'S:-1'],
    ['a dependency that is none', 'D:a@edge'],
    ['a field twice', 'P:tool\nP:tool'],
    ['a line that is no field', 'nonsense'],
  ])('with %s is refused, though it is signed', async (_name, line) => {
    const letter = line.slice(0, 2);
    const paragraph = `${tool.paragraph.replace(new RegExp(`^${letter}.*\n`, 'm'), '')}${line}\n`;
    await expect(open(makeIndex([{ paragraph }], signer))).rejects.toMatchObject({
      code: 'PACKAGES_INDEX_INVALID',
    });
  });

  test('that is no archive is a fault, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const failure = await open(bytes).then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        expect(['PACKAGES_INDEX_INVALID', 'PACKAGES_UNTRUSTED']).toContain(failure);
      }),
      { numRuns: 100 },
    );
  });

  test('that is not there is a fault', async () => {
    await expect(openApkRepository('http://alpine.test', serving({}))).rejects.toMatchObject({
      code: 'PACKAGES_UNREACHABLE',
      kind: 'fault',
    });
  });
});

describe('a package', () => {
  const fetchTool = async (bytes: Uint8Array, paragraph = tool.paragraph) => {
    const options = serving({
      'APKINDEX.tar.gz': makeIndex([{ paragraph }], signer),
      'tool-1-r0.apk': bytes,
    });
    const [found] = await openApkRepository('http://alpine.test', options);
    return await fetchApk(found!, options);
  };

  test('is what the index says', async () => {
    const { file } = await fetchTool(tool.bytes);
    expect(file.data.get('usr/bin/tool')).toMatchObject({ type: 'file', mode: 0o755 });
    expect(file.info.get('pkgname')).toEqual(['tool']);
  });

  test('with other files is refused: its own signature is only over the control part', async () => {
    await expect(fetchTool(flipped(tool.bytes, -1))).rejects.toMatchObject(untrusted);
    const more = Buffer.concat([tool.bytes, gzipSync('more')]);
    await expect(fetchTool(more, tool.paragraph.replace(/^S:.*/m, `S:${more.length}`))).rejects.toMatchObject(
      untrusted,
    );
  });

  test('with the name and signature of another is refused', async () => {
    const impostor = makeApk({ name: 'tool', version: '1-r0', files: { 'usr/bin/tool': 'evil' } }, signer);
    await expect(
      fetchTool(impostor.bytes, tool.paragraph.replace(/^S:.*/m, `S:${impostor.bytes.length}`)),
    ).rejects.toMatchObject({ ...untrusted, message: expect.stringContaining('control part') });
  });

  test('that calls itself otherwise than the index does is refused', async () => {
    const paragraph = newer.paragraph.replace('V:2-r0', 'V:1-r0');
    await expect(fetchTool(newer.bytes, paragraph)).rejects.toMatchObject({ code: 'APK_INVALID' });
  });

  test('whose signature by a trusted key is wrong is refused, though the index names it', async () => {
    const { length } = firstMember(tool.bytes, 1e6);
    const wrong = Buffer.concat([signatureSegment(Buffer.from('x'), signer), tool.bytes.subarray(length)]);
    const expected = { name: 'tool', version: '1-r0', checksum: /^C:(.*)$/m.exec(tool.paragraph)![1]! };
    await expect(openApk(wrong, expected, [signer.key])).rejects.toMatchObject(untrusted);
    // By a key nobody knows: as apk does, the index is enough.
    await expect(openApk(wrong, expected, [other.key])).resolves.toBeDefined();
  });

  test('larger than the index says is not read to its end', async () => {
    await expect(fetchTool(Buffer.concat([tool.bytes, new Uint8Array(100)]))).rejects.toMatchObject({
      code: 'PACKAGES_UNREACHABLE',
    });
  });

  test('that is damaged is refused, whichever byte it is', async () => {
    const expected = { name: 'tool', version: '1-r0', checksum: /^C:(.*)$/m.exec(tool.paragraph)![1]! };
    const start = firstMember(tool.bytes, 1e6).length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: start, max: tool.bytes.length - 1 }), async (at) => {
        const failure = await openApk(flipped(tool.bytes, at), expected, [signer.key]).then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        expect(['PACKAGES_UNTRUSTED', 'APK_INVALID']).toContain(failure);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ['ftp://a.test/x', 'another scheme'],
  ['https://user:secret@a.test/x', 'credentials'],
  ['/media/cdrom', 'a path'],
])('%s is no repository (%s)', (line) => {
  expect(() => parseApkSources(line, 'x')).toThrow(
    expect.objectContaining({ code: 'PACKAGES_SOURCES_INVALID' }),
  );
});

test('comments, empty lines and repositories with a tag are left out', () => {
  expect(parseApkSources('# x\n\nhttps://a.test/v3.20/main/\n@edge https://a.test/edge\n', 'x')).toEqual([
    'https://a.test/v3.20/main',
  ]);
});

test('the first member of gzip ends where it ends, with any header and whatever comes after', () => {
  const whole = gzipSync('content');
  // With a name, a comment, an extra field and a sum of the header.
  const header = Buffer.from([
    0x1f,
    0x8b,
    8,
    2 | 4 | 8 | 16,
    0,
    0,
    0,
    0,
    0,
    3,
    2,
    0,
    1,
    2,
    97,
    0,
    98,
    0,
    0,
    0,
  ]);
  for (const bytes of [whole, Buffer.concat([header, whole.subarray(10)])]) {
    const { content, length } = firstMember(Buffer.concat([bytes, Buffer.from('rest')]), 100);
    expect(Buffer.from(content).toString()).toBe('content');
    expect(length).toBe(bytes.length);
  }
  expect(() => firstMember(gzipSync(Buffer.alloc(101)), 100)).toThrow('larger than 100 bytes');
  expect(() => firstMember(flipped(whole, -5), 100)).toThrow('damaged');
  expect(() => firstMember(whole.subarray(0, -1), 100)).toThrow(GzipError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(() => firstMember(bytes, 100)).toThrow(GzipError);
    }),
  );
});

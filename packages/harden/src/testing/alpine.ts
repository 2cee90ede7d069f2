import { createHash, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tarEnd, tarHeader, tarPadding } from '@pratique/oci';
import type { AlpineKey } from '../alpine/segments.ts';

/** A key that signs packages and indexes. */
export interface ApkSigner {
  readonly key: AlpineKey;
  readonly privateKey: KeyObject;
}

export function apkSigner(name = 'test@example.test-1.rsa.pub', bits = 2048): ApkSigner {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return {
    key: { name, bytes: Buffer.from(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })) },
    privateKey,
  };
}

/** What stands at a path: text, a directory (`/`), or a link (`-> target`). Files below `bin` and `sbin` can be run. */
export interface ApkContents {
  readonly name: string;
  readonly version: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  readonly scripts?: Readonly<Record<string, string>>;
  /** Lines of `.PKGINFO` beside name, version and digest: `depend = so:libc.musl-x86_64.so.1`. */
  readonly info?: readonly string[];
  /** Fields of the index by letter: `D`, `p`. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly architecture?: string;
}

export interface MadeApk {
  readonly bytes: Uint8Array;
  /** Its paragraph of the index. */
  readonly paragraph: string;
  readonly fileName: string;
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** One part of a package: a tar without its end where another part follows, compressed. */
function segment(entries: readonly Uint8Array[], end: boolean): Uint8Array {
  return gzipSync(Buffer.concat([...entries, ...(end ? [tarEnd] : [])]));
}

function file(path: string, content: Uint8Array, mode = 0o644): Uint8Array {
  const header = tarHeader({ path, type: 'file', size: content.length, mode, uid: 0, gid: 0, mtime: 0 });
  return Buffer.concat([...header, content, tarPadding(content.length)]);
}

/** A signature, in front of what is signed. */
export function signatureSegment(
  signed: Uint8Array,
  { key, privateKey }: ApkSigner,
  kind = 'RSA',
): Uint8Array {
  const digest = { RSA: 'sha1', RSA256: 'sha256', RSA512: 'sha512' }[kind] ?? kind;
  return segment([file(`.SIGN.${kind}.${key.name}`, sign(digest, signed, privateKey))], false);
}

/** The header abuild writes before each file: its digest (apk-v2(5)). */
function checksumHeader(digest: string): Uint8Array {
  const rest = ` APK-TOOLS.checksum.SHA1=${digest}\n`;
  const body = utf8(`${rest.length + 2}${rest}`);
  const common = { path: 'PaxHeaders/entry', mode: 0o644, uid: 0, gid: 0, mtime: 0 };
  const [header] = tarHeader({ ...common, type: 'file', size: body.length });
  const pax = header!.slice();
  pax[156] = 'x'.charCodeAt(0);
  pax.fill(32, 148, 156);
  const sum = pax.reduce((total, byte) => total + byte, 0);
  pax.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return Buffer.concat([pax, body, tarPadding(body.length)]);
}

function dataEntries({ files = {}, modes = {} }: ApkContents): readonly Uint8Array[] {
  const common = { uid: 0, gid: 0, mtime: 0 };
  return Object.entries(files).flatMap(([path, content]) => {
    if (content === '/') {
      const mode = modes[path] ?? 0o755;
      return tarHeader({ ...common, path: `${path}/`, type: 'directory', size: 0, mode });
    }
    if (content.startsWith('-> ')) {
      const target = content.slice(3);
      const header = tarHeader({ ...common, path, type: 'symlink', size: 0, mode: 0o777, target });
      return [checksumHeader(hash('sha1', target)), ...header];
    }
    const mode = modes[path] ?? (/(^|\/)s?bin\//.test(path) ? 0o755 : 0o644);
    return [checksumHeader(hash('sha1', content)), file(path, utf8(content), mode)];
  });
}

/** Makes a package as abuild does. */
export function makeApk(contents: ApkContents, signer: ApkSigner, kind = 'RSA'): MadeApk {
  const { name, version, architecture = 'x86_64', scripts = {}, info = [], fields = {} } = contents;
  const data = segment(dataEntries(contents), true);
  const pkginfo = [
    `pkgname = ${name}`,
    `pkgver = ${version}`,
    'pkgdesc = for tests',
    'url = https://example.test',
    'size = 1000',
    `arch = ${architecture}`,
    'license = MIT',
    `origin = ${name}`,
    ...info,
    `datahash = ${hash('sha256', data)}`,
  ];
  const control = segment(
    [
      file('.PKGINFO', utf8(`${pkginfo.join('\n')}\n`)),
      ...Object.entries(scripts).map(([script, text]) => file(`.${script}`, utf8(text), 0o755)),
    ],
    false,
  );
  const bytes = Buffer.concat([signatureSegment(control, signer, kind), control, data]);
  const all = {
    C: `Q1${createHash('sha1').update(control).digest('base64')}`,
    P: name,
    V: version,
    A: architecture,
    S: String(bytes.length),
    I: '1000',
    T: 'for tests',
    U: 'https://example.test',
    L: 'MIT',
    o: name,
    ...fields,
  };
  return {
    bytes,
    paragraph: Object.entries(all)
      .map(([letter, value]) => `${letter}:${value}\n`)
      .join(''),
    fileName: `${name}-${version}.apk`,
  };
}

/** A signed index of these packages. */
export function makeIndex(
  packages: readonly Pick<MadeApk, 'paragraph'>[],
  signer: ApkSigner,
  kind = 'RSA',
): Uint8Array {
  const text = packages.map(({ paragraph }) => paragraph).join('\n');
  const content = segment([file('DESCRIPTION', utf8('test')), file('APKINDEX', utf8(`${text}\n`))], true);
  return Buffer.concat([signatureSegment(content, signer, kind), content]);
}

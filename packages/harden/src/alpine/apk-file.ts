import { hash } from 'node:crypto';
import { printable } from '@pratique/errors';
import type { FileSystem } from '@pratique/inspect';
import { hardenErrors } from '../errors.ts';
import { DecompressionError, decompress } from '../fetch/decompress.ts';
import { type AlpineKey, isSigned, member, readSegment, SegmentError, splitSignatures } from './segments.ts';

/** A package of Alpine, unpacked. */
export interface ApkFile {
  /** Of `.PKGINFO`, values of one key in their order. */
  readonly info: ReadonlyMap<string, readonly string[]>;
  /** By name without the dot: `pre-install`, `trigger`. */
  readonly scripts: ReadonlyMap<string, string>;
  /** The files it installs. */
  readonly data: FileSystem;
}

/** What the index says of a package. */
export interface ExpectedApk {
  readonly name: string;
  readonly version: string;
  readonly checksum: string;
}

const limits = { controlBytes: 16 * 1024 * 1024, dataBytes: 1024 * 1024 * 1024 } as const;
const scriptNames = /^\.((?:pre|post)-(?:install|upgrade|deinstall)|trigger)$/;

/**
 * Opens a package of apk-tools 2 (apk-v2(5)): signatures, control part, data, each gzip. The signed index names the digest of
 * the control part, and that the digest of the data. A signature by a known key must be right as well.
 *
 * @throws PACKAGES_UNTRUSTED, APK_INVALID
 */
export async function openApk(
  bytes: Uint8Array,
  expected: ExpectedApk,
  keys: readonly AlpineKey[],
): Promise<ApkFile> {
  const label = `${expected.name} ${expected.version}`;
  try {
    const { signatures, rest } = await splitSignatures(bytes);
    const control = member(rest, limits.controlBytes);
    const controlBytes = rest.subarray(0, control.length);
    const data = rest.subarray(control.length);
    const found = `Q1${Buffer.from(hash('sha1', controlBytes, 'buffer')).toString('base64')}`;
    if (found !== expected.checksum) throw untrusted(label, 'another control part', expected.checksum, found);
    if (isSigned(controlBytes, signatures, keys) === false)
      throw untrusted(label, 'a wrong signature', `one of ${signatures[0]?.key}`, 'not one');
    const files = await readSegment(control.content);
    const info = parseInfo(textAt(files, '.PKGINFO'));
    const datahash = info.get('datahash')?.[0] ?? '';
    const dataFound = hash('sha256', data);
    if (datahash !== dataFound) throw untrusted(label, 'other files', datahash, dataFound);
    for (const [key, value] of [
      ['pkgname', expected.name],
      ['pkgver', expected.version],
    ] as const)
      if (info.get(key)?.[0] !== value) throw new SegmentError(`says it is another package (${key})`);
    const scripts = new Map<string, string>();
    for (const { path } of files.nodes()) {
      const name = scriptNames.exec(path)?.[1];
      if (name !== undefined) scripts.set(name, textAt(files, path));
    }
    return { info, scripts, data: await readSegment(await decompress(data, 'gz', limits.dataBytes)) };
  } catch (cause) {
    if (!(cause instanceof SegmentError || cause instanceof DecompressionError)) throw cause;
    throw hardenErrors.error('APK_INVALID', {
      message: `the package ${printable(label)} ${cause.message}`,
      cause,
    });
  }
}

/** `.PKGINFO`: `key = value`, a key as often as it has values; `#` begins a comment. */
function parseInfo(text: string): ReadonlyMap<string, readonly string[]> {
  const info = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([a-z_]+) = (.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    const values = info.get(key);
    if (values === undefined) info.set(key, [value!]);
    else values.push(value!);
  }
  if (info.get('datahash')?.length !== 1) throw new SegmentError('does not name the digest of its files');
  return info;
}

function textAt(fileSystem: FileSystem, path: string): string {
  const content = fileSystem.get(path)?.content;
  return content === undefined ? '' : new TextDecoder().decode(content.read(0, content.size));
}

function untrusted(label: string, what: string, expected: string, found: string) {
  return hardenErrors.error('PACKAGES_UNTRUSTED', {
    message: `the package ${printable(label)} has ${what}`,
    expected,
    found,
  });
}

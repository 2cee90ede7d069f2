import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as openpgp from 'openpgp';
import type { Keyring } from '../debian/release.ts';
import type { AptSource } from '../debian/sources.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import { createFetcher } from '../fetch/fetcher.ts';

/** What a repository for tests publishes; every member can be replaced by a forged one. */
export interface Published {
  readonly files: Record<string, Uint8Array>;
  readonly source: AptSource;
  readonly keyring: Keyring;
}

export interface Publication {
  readonly suite?: string;
  readonly packages?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A key that signs releases, and its public half as a keyring. */
export async function signingKey(name: string) {
  const { privateKey, publicKey } = await openpgp.generateKey({
    userIDs: [{ name }],
    format: 'object',
    date: new Date('2026-01-01T00:00:00Z'),
  });
  return { privateKey, keyring: { name: `${name}.gpg`, bytes: publicKey.write() as Uint8Array } };
}

export type SigningKey = Awaited<ReturnType<typeof signingKey>>;

export const today = new Date('2026-06-01T12:00:00Z');

/** A repository with one suite and one component, signed by `key`. */
export async function publish(key: SigningKey, publication: Publication = {}): Promise<Published> {
  const { suite = 'testing', packages = '', fields = {} } = publication;
  const index = gzipSync(utf8(packages));
  const release = {
    Origin: 'Test',
    Suite: suite,
    Codename: suite,
    Date: 'Mon, 01 Jun 2026 00:00:00 UTC',
    'Valid-Until': 'Mon, 08 Jun 2026 00:00:00 UTC',
    SHA256: `\n ${sha256(index)} ${index.length} main/binary-amd64/Packages.gz`,
    ...fields,
  };
  const text = Object.entries(release)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
  return {
    files: {
      [`dists/${suite}/InRelease`]: utf8(await clearSign(key, text)),
      [`dists/${suite}/main/binary-amd64/Packages.gz`]: index,
    },
    source: { uri: 'http://mirror.test/debian', suite, components: ['main'], signedBy: null },
    keyring: key.keyring,
  };
}

export async function clearSign(key: SigningKey, text: string): Promise<string> {
  const message = await openpgp.createCleartextMessage({ text });
  return await openpgp.sign({ message, signingKeys: key.privateKey, date: new Date('2026-06-01T00:00:00Z') });
}

/** Serves what is published, without a network. */
export function fetcherOf({ files, source }: Published): Fetcher {
  return createFetcher({
    fetch: (async (url: string) => {
      const found = files[url.slice(source.uri.length + 1)];
      return new Response(found === undefined ? null : Buffer.from(found), {
        status: found === undefined ? 404 : 200,
      });
    }) as typeof fetch,
  });
}

/** A paragraph of an index. */
export function paragraph(name: string, fields: Readonly<Record<string, string>> = {}): string {
  const all = {
    Package: name,
    Version: '1.0-1',
    Architecture: 'amd64',
    Filename: `pool/${name}.deb`,
    Size: '3',
    SHA256: sha256(utf8('abc')),
    ...fields,
  };
  return `${Object.entries(all)
    .map(([field, value]) => `${field}: ${value}`)
    .join('\n')}\n`;
}

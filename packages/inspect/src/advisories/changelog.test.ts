import { gzipSync } from 'node:zlib';
import { buildLayer } from '@pratique/oci';
import { expect, test } from 'vitest';
import { changelogOf } from './changelog-file.ts';
import { fromChangelog } from './formats/changelog.ts';

const text = [
  'openssl (3.0.2-0ubuntu1.2) jammy-security; urgency=medium',
  '',
  '  * SECURITY UPDATE: completes the fix for CVE-2022-1292',
  '    - CVE-2022-2068',
  '',
  ' -- A <a@example.com>  Tue, 21 Jun 2022 00:00:00 +0000',
  '',
  'openssl (3.0.2-0ubuntu1.1) jammy-security; urgency=medium',
  '',
  '  * debian/patches/CVE-2022-1292.patch: fix; XCVE-2022-9999 and CVE-22-1 are none',
  '',
  ' -- A <a@example.com>  Tue, 03 May 2022 00:00:00 +0000',
].join('\n');

test('a CVE is fixed in the newest version whose entry names it', () => {
  const items = [...fromChangelog({ distro: 'ubuntu:22.04', source: 'openssl', text })];
  expect(items).toMatchObject([
    { kind: 'examined', distro: 'ubuntu:22.04', package: 'openssl' },
    {
      kind: 'advisory',
      advisory: { vulnerability: 'CVE-2022-1292', affected: [{ ranges: [{ fixed: '3.0.2-0ubuntu1.2' }] }] },
    },
    { kind: 'advisory', advisory: { vulnerability: 'CVE-2022-2068' } },
  ]);
});

test('a source package of which there is nothing newer is examined all the same', () => {
  expect([...fromChangelog({ distro: 'debian:12', source: 'dash' })]).toMatchObject([{ kind: 'examined' }]);
});

test('the Debian changelog is taken out of a package, not upstream’s', async () => {
  const file = (path: string, content: string) => ({
    type: 'file' as const,
    path,
    content: new Uint8Array(gzipSync(content)),
  });
  const layer = async (...entries: ReturnType<typeof file>[]) => {
    const { open } = await buildLayer(entries);
    return new Uint8Array(await new Response(open()).arrayBuffer());
  };
  const both = await layer(
    file('usr/share/doc/openssl/changelog.gz', 'upstream'),
    file('usr/share/doc/openssl/changelog.Debian.gz', text),
  );
  expect(changelogOf(both)).toBe(text);
  expect(changelogOf(await layer(file('usr/share/doc/dash/changelog.gz', 'native')))).toBe('native');
  expect(changelogOf(await layer(file('usr/share/doc/x/copyright.gz', 'c')))).toBeUndefined();
});

/**
 * Builds cosign so that it reaches PIV tokens: with the headers of libpcsclite, which is linked, and with a maker of tokens
 * of ours in place of Yubico's newest root. All its sources are as they were released.
 */
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSigningKey } from '@pratique/crypto';
import { createMaker } from '@pratique/keys/testing/piv-maker';
import { moveIntoPlace } from './command.ts';
import { unpackDebianPackages } from './debian.ts';
import { buildGoProgram, fetchGoModule } from './go.ts';

const sums = {
  cosign: 'h1:001JQRI/PJ/5T+g/kJ1KTvKFbb322+fomc+pHDZ/6sg=',
  pivGo: 'h1:/Z+uqlv5luC8aqLh/uO05egk23UH4KT/ldvPHXpnKls=',
} as const;

/** The private key of the maker, and its certificate, in the tool's directory. */
export const [makerKey, makerCertificate] = ['maker.key.pem', 'maker.pem'] as const;

/** The module by which cosign speaks with tokens, in Go's cache. */
export const fetchPivGo = (cache: string): Promise<string> =>
  fetchGoModule(cache, 'github.com/go-piv/piv-go/v2', '2.6.0', sums.pivGo);

/** Builds it to `home`/bin. */
export async function buildCosignWithPiv(cache: string, home: string, version: string): Promise<void> {
  process.stderr.write(`Building cosign ${version} with PIV tokens (minutes, once)\n`);
  const source = await fetchGoModule(cache, 'github.com/sigstore/cosign/v3', version, sums.cosign);
  const pivGo = await fetchPivGo(cache);
  const staging = mkdtempSync(`${home}.`);
  try {
    const root = unpackDebianPackages(staging, 'bookworm', ['libpcsclite-dev', 'libpcsclite1']);
    const [library] = globSync('usr/lib/*/libpcsclite.so.1', { cwd: root });
    if (library === undefined) throw new Error('libpcsclite1 holds no libpcsclite.so.1');
    const libraries = join(root, dirname(library));

    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const { certificatePem } = createMaker(parseSigningKey(pem, ''));
    writeFileSync(join(staging, makerKey), pem, { mode: 0o600 });
    writeFileSync(join(staging, makerCertificate), certificatePem);

    copyFiles(pivGo, join(staging, 'piv-go'));
    writeFileSync(join(staging, 'piv-go/piv/certs/yubico-ca-1.pem'), certificatePem);
    for (const name of ['go.mod', 'go.sum'])
      writeFileSync(join(staging, name), readFileSync(join(source, name)));
    appendFileSync(
      join(staging, 'go.mod'),
      `\nreplace github.com/go-piv/piv-go/v2 => ${join(staging, 'piv-go')}\n`,
    );

    mkdirSync(join(staging, 'bin'));
    const flags = ['-tags=pivkey', '-ldflags=-s -w', `-modfile=${join(staging, 'go.mod')}`];
    await buildGoProgram(cache, join(source, 'cmd/cosign'), join(staging, 'bin/cosign'), flags, {
      CGO_ENABLED: '1',
      // It would look for what is installed on this machine.
      PKG_CONFIG: 'true',
      CGO_CFLAGS: `-I${root}/usr/include -I${root}/usr/include/PCSC`,
      CGO_LDFLAGS: `-L${libraries} -lpcsclite -Wl,-rpath,${join(home, relative(staging, libraries))}`,
    });
    moveIntoPlace(staging, home);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What is in Go's cache is read-only, directories too. */
function copyFiles(from: string, to: string): void {
  for (const name of globSync('**', { cwd: from })) {
    if (statSync(join(from, name)).isDirectory()) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), readFileSync(join(from, name)));
  }
}

import { parseCertificate, parsePem, parsePublicKey } from '@pratique/crypto';
import { formatTrustedRoot, type NewAuthority, type NewLog, type TrustedRootParts } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readText } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { trustedRootCreate } from '../specs/trust.ts';
import { olderServices } from '../trust/older-services.ts';
import { parseServiceSpec, parseSpecTime } from '../trust/service-spec.ts';
import { openSigstoreRepository } from '../trust/sigstore-repository.ts';
import { writeOut } from '../trust/write-out.ts';

export const run: Run<typeof trustedRootCreate.flags> = async ({ flags, terminal, signal }) => {
  const parts = services(flags, terminal);
  const dropped: Readonly<Record<keyof TrustedRootParts, boolean>> = {
    authorities: flags['no-default-fulcio'],
    certificateLogs: flags['no-default-ctfe'],
    logs: flags['no-default-rekor'],
    timestampAuthorities: flags['no-default-tsa'],
  };
  const keep = (Object.keys(dropped) as (keyof TrustedRootParts)[]).filter((name) => !dropped[name]);
  const base = flags['with-default-services']
    ? { root: await publishedRoot(flags.offline, terminal, signal), keep }
    : undefined;
  writeOut(formatTrustedRoot(parts, base), flags.out, terminal);
  return 0;
};

function services(flags: FlagValues<typeof trustedRootCreate.flags>, terminal: Terminal): TrustedRootParts {
  const older = olderServices(flags, terminal);
  const both = (flag: 'fulcio' | 'ctfe' | 'rekor' | 'tsa', given: readonly object[]) => {
    if (given.length === 0 || flags[flag].length === 0) return;
    throw cliErrors.error('USAGE', {
      message: `--${flag} and the older flags that say the same are given`,
      expected: `--${flag} for each`,
      found: 'both',
    });
  };
  both('fulcio', older.authorities);
  both('ctfe', older.certificateLogs);
  both('rekor', older.logs);
  both('tsa', older.timestampAuthorities);
  return {
    authorities: [...flags.fulcio.map((text) => authority('fulcio', text, terminal)), ...older.authorities],
    certificateLogs: [...flags.ctfe.map((text) => log('ctfe', text, terminal)), ...older.certificateLogs],
    logs: [...flags.rekor.map((text) => log('rekor', text, terminal)), ...older.logs],
    timestampAuthorities: [
      ...flags.tsa.map((text) => authority('tsa', text, terminal)),
      ...older.timestampAuthorities,
    ],
  };
}

async function publishedRoot(offline: boolean, terminal: Terminal, signal: AbortSignal): Promise<Uint8Array> {
  return await (await openSigstoreRepository(terminal, { offline, signal })).read('trusted_root.json');
}

function log(flag: string, text: string, terminal: Terminal): NewLog {
  const spec = parseServiceSpec(flag, text, ['url', 'public-key', 'start-time'], ['end-time', 'origin']);
  const { origin } = spec;
  return {
    url: spec.url!,
    key: parsePublicKey(readText(spec['public-key']!, terminal.cwd)),
    validFrom: parseSpecTime(flag, spec['start-time']!),
    ...until(flag, spec['end-time']),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** Without a start it is valid from when its certificate is: the root of an authority, the leaf of a timestamp authority. */
function authority(flag: 'fulcio' | 'tsa', text: string, terminal: Terminal): NewAuthority {
  const spec = parseServiceSpec(flag, text, ['url', 'certificate-chain'], ['start-time', 'end-time']);
  const file = spec['certificate-chain']!;
  const pem = parsePem(readText(file, terminal.cwd), file);
  const chain = pem.map(({ bytes }) => parseCertificate(bytes));
  const start = spec['start-time'];
  const certificate = flag === 'fulcio' ? chain.at(-1)! : chain[0]!;
  return {
    url: spec.url!,
    chain,
    validFrom: start === undefined ? certificate.validFrom : parseSpecTime(flag, start),
    ...until(flag, spec['end-time']),
  };
}

function until(flag: string, end: string | undefined): { readonly validUntil?: Date } {
  return end === undefined ? {} : { validUntil: parseSpecTime(flag, end) };
}

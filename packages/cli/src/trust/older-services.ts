import { parsePublicKey } from '@pratique/crypto';
import type { NewAuthority, NewLog, TrustedRootParts } from '@pratique/sigstore';
import { cliErrors } from '../errors.ts';
import { readCertificates } from '../keys/named-authorities.ts';
import { parseFile } from '../program/parse-file.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { olderServiceFlags } from '../specs/trust.ts';
import { parseSpecTime } from './service-spec.ts';

type Flags = FlagValues<typeof olderServiceFlags>;
type Flag = keyof Flags;

/**
 * Services as older versions of cosign were told of them: the first value of each flag of a service belongs to the first
 * file, the second to the second one. What is not said of a service is left out of the trusted root; a log whose start is
 * not said is trusted from 1970 on, an authority from when its root is valid.
 *
 * @throws USAGE for a value that belongs to no file, and what the files throw
 */
export function olderServices(flags: Flags, terminal: Terminal): TrustedRootParts {
  return {
    authorities: authorities(flags, 'certificate-chain', 'fulcio-uri', terminal),
    certificateLogs: logs(flags, 'ctfe', terminal),
    logs: logs(flags, 'rekor', terminal),
    timestampAuthorities: authorities(flags, 'timestamp-certificate-chain', 'timestamp-uri', terminal),
  };
}

function authorities(flags: Flags, chains: Flag, urls: Flag, terminal: Terminal): NewAuthority[] {
  checkOwners(flags, chains, [urls]);
  return flags[chains].map((file, number) => {
    const chain = readCertificates(file, terminal);
    return { url: flags[urls][number] ?? '', chain, validFrom: chain.at(-1)!.validFrom };
  });
}

function logs(flags: Flags, kind: 'ctfe' | 'rekor', terminal: Terminal): NewLog[] {
  const [starts, ends, urls] = [`${kind}-start-time`, `${kind}-end-time`, `${kind}-url`] as const;
  checkOwners(flags, `${kind}-key`, [starts, ends, urls]);
  return flags[`${kind}-key`].map((text, number) => {
    // A log of certificates has no origin there, and a comma may be in the name of its file.
    const [, file = text, origin] = (kind === 'rekor' && /^([^,]*),(.*)$/s.exec(text)) || [];
    const [start, end] = [flags[starts][number], flags[ends][number]];
    return {
      url: flags[urls][number] ?? '',
      key: parseFile(file, terminal.cwd, (bytes) => parsePublicKey(bytes)),
      validFrom: start === undefined ? new Date(0) : parseSpecTime(starts, start),
      ...(end === undefined ? {} : { validUntil: parseSpecTime(ends, end) }),
      ...(origin ? { origin } : {}),
    };
  });
}

function checkOwners(flags: Flags, file: Flag, others: readonly Flag[]): void {
  for (const other of others) {
    if (flags[other].length <= flags[file].length) continue;
    throw cliErrors.error('USAGE', {
      message: `--${other} is given more often than --${file}, which says what it is of`,
      expected: `--${file} for each --${other}`,
      found: `${flags[file].length} and ${flags[other].length}`,
    });
  }
}

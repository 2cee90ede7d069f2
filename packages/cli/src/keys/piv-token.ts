import { equalBytes } from '@pratique/crypto';
import type { Authorities, PivToken } from '@pratique/keys';
import { confirm } from '../program/confirm.ts';
import type { FlagValues } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { pivReset } from '../specs/piv.ts';
import { managedKeys } from './managed-key.ts';
import { readCertificates } from './named-authorities.ts';

type TokenFlags = Pick<FlagValues<typeof pivReset.flags>, 'serial' | 'no-input'>;

/**
 * Opens the PIV token, asks whether what `questions` say may be done to it, and does it.
 *
 * @returns what `work` returned; undefined where a person said no
 */
export async function withPivToken<T>(
  flags: TokenFlags,
  terminal: Terminal,
  signal: AbortSignal,
  questions: readonly string[],
  work: (token: PivToken, keys: typeof import('@pratique/keys')) => Promise<T>,
): Promise<T | undefined> {
  const { context, ...keys } = await managedKeys(terminal, signal);
  const token = await keys.openPivToken(flags.serial, context);
  try {
    for (const question of flags['no-input'] ? [] : questions)
      if (!(await confirm(`${token.name}: ${question}`, '--no-input', terminal))) return undefined;
    return await work(token, keys);
  } finally {
    await token.close();
  }
}

/** Who is believed about tokens: Yubico, or the authorities in a file. */
export function attestationAuthorities(
  file: string | undefined,
  terminal: Terminal,
  yubico: () => Authorities,
): Authorities {
  if (file === undefined) return yubico();
  const certificates = readCertificates(file, terminal);
  const isRoot = ({ subject, issuer }: (typeof certificates)[number]) => equalBytes(subject, issuer);
  return {
    roots: certificates.filter(isRoot),
    intermediates: certificates.filter((certificate) => !isRoot(certificate)),
  };
}

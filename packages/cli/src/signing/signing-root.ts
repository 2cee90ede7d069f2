import { parseTrustedRoot, type TrustedRoot } from '@pratique/sigstore';
import { environmentAuthorities } from '../keys/environment-authorities.ts';
import { naming } from '../program/parse-file.ts';
import type { Terminal } from '../program/terminal.ts';
import type { ChosenServices } from './choose-services.ts';
import type { SigningFlags } from './open-signer.ts';
import type { TrustFiles } from './trust-files.ts';

/**
 * What the answers of the services are checked against: `--trusted-root`, or what cosign's variables name, and what the
 * Sigstore in use publishes for the rest. Nobody is asked for what is named.
 *
 * @param certified whether the signature has a certificate
 */
export async function signingRoot(
  flags: SigningFlags,
  files: TrustFiles,
  { logs, timestampAuthorities }: ChosenServices,
  certified: boolean,
  terminal: Terminal,
): Promise<TrustedRoot> {
  const named = flags['trusted-root'] === undefined ? environmentAuthorities(terminal) : {};
  const needed: readonly (keyof TrustedRoot)[] = [
    ...(certified ? (['authorities', 'certificateLogs'] as const) : []),
    ...(logs.length > 0 ? (['logs'] as const) : []),
    ...(timestampAuthorities.length > 0 ? (['timestampAuthorities'] as const) : []),
  ];
  if (needed.every((kind) => named[kind] !== undefined)) return { ...nobody, ...named };
  const bytes = await files.trustedRoot();
  return { ...naming(flags['trusted-root'], () => parseTrustedRoot(bytes)), ...named };
}

const nobody: TrustedRoot = { logs: [], certificateLogs: [], authorities: [], timestampAuthorities: [] };

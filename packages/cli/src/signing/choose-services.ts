import {
  parseSigningConfig,
  type SigningConfig,
  selectServices,
  type Witnesses,
} from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { naming } from '../program/parse-file.ts';
import type { SigningFlags } from './open-signer.ts';
import type { TrustFiles } from './trust-files.ts';

/** Who is asked while signing. */
export interface ChosenServices extends Witnesses {
  readonly fulcio: string | null;
  /** Where people log in. */
  readonly issuer: string | null;
}

/**
 * The services the flags ask for: those of a signing configuration in a file, those that are named one by one, or else
 * those that the Sigstore in use publishes. Null for a key that asks for none: its signature is complete without.
 *
 * @param versions of Rekor whose entries the signature's format can hold
 */
export async function chooseServices(
  flags: SigningFlags,
  files: TrustFiles,
  versions: readonly (1 | 2)[],
  now: Date,
): Promise<ChosenServices | null> {
  const [fulcio, rekor, timestamps] = [
    flags['fulcio-url'],
    flags['rekor-url'],
    flags['timestamp-server-url'],
  ];
  const named = [fulcio, rekor, timestamps].some((url) => url !== undefined);
  if (named) {
    if (flags['signing-config'] !== undefined) throw both();
    return {
      fulcio: fulcio ?? null,
      issuer: null,
      logs: rekor === undefined || !flags['tlog-upload'] ? [] : [{ url: rekor, version: 1 }],
      timestampAuthorities: timestamps === undefined ? [] : [timestamps],
    };
  }
  const wanted = certifies(flags) || flags['use-signing-config'];
  if (flags['signing-config'] === undefined && !wanted) return null;
  const bytes = await files.signingConfig();
  const config = naming(flags['signing-config'], () => parseSigningConfig(bytes));
  return fromConfig(config, flags, versions, now);
}

/** An identity signs, with a key of its own or one that is made for it. */
export function certifies(flags: SigningFlags): boolean {
  return flags.key === undefined || flags['issue-certificate'];
}

function fromConfig(
  config: SigningConfig,
  flags: SigningFlags,
  versions: readonly (1 | 2)[],
  now: Date,
): ChosenServices {
  const one = { selector: 'ANY', count: 1 } as const;
  const { certificateAuthorities, issuers, logs, timestampAuthorities } = config;
  const keyless = certifies(flags);
  const any = (kind: string, services: typeof issuers) =>
    selectServices(kind, services, [1], one, now)[0].url;
  return {
    fulcio: keyless ? any('certificate authorities (caUrls)', certificateAuthorities) : null,
    issuer: keyless && issuers.length > 0 ? any('issuers (oidcUrls)', issuers) : null,
    logs:
      logs.length === 0 || !flags['tlog-upload']
        ? []
        : selectServices('logs (rekorTlogUrls)', logs, versions, config.logSelection, now).map(
            ({ url, majorApiVersion }) => ({ url, version: majorApiVersion === 2 ? 2 : 1 }),
          ),
    timestampAuthorities:
      timestampAuthorities.length === 0
        ? []
        : selectServices(
            'timestamp authorities (tsaUrls)',
            timestampAuthorities,
            [1],
            config.timestampSelection,
            now,
          ).map(({ url }) => url),
  };
}

function both() {
  return cliErrors.error('USAGE', {
    message: 'the services are named twice',
    expected: '--signing-config, or --fulcio-url, --rekor-url and --timestamp-server-url',
    found: 'both',
  });
}

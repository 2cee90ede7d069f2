import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  parseSigningConfig,
  type SigningConfig,
  selectServices,
  type Witnesses,
} from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import type { Terminal } from '../program/terminal.ts';
import type { SigningFlags } from './open-signer.ts';

/** Who is asked while signing. */
export interface ChosenServices extends Witnesses {
  readonly fulcio: string | null;
}

/**
 * The services the flags ask for, from a signing configuration or one by one; null when they ask for none.
 *
 * @param versions of Rekor whose entries the signature's format can hold
 */
export function chooseServices(
  flags: SigningFlags,
  terminal: Terminal,
  versions: readonly (1 | 2)[],
  now: Date,
): ChosenServices | null {
  const file = flags['signing-config'];
  const [fulcio, rekor, timestamps] = [
    flags['fulcio-url'],
    flags['rekor-url'],
    flags['timestamp-server-url'],
  ];
  const urls = [fulcio, rekor, timestamps].filter((url) => url !== undefined);
  if (file !== undefined) {
    if (urls.length > 0) throw both();
    const config = parseSigningConfig(readFileSync(resolve(terminal.cwd, file)));
    return fromConfig(config, flags, versions, now);
  }
  if (urls.length === 0) return null;
  return {
    fulcio: fulcio ?? null,
    logs: rekor === undefined || !flags['tlog-upload'] ? [] : [{ url: rekor, version: 1 }],
    timestampAuthorities: timestamps === undefined ? [] : [timestamps],
  };
}

function fromConfig(
  config: SigningConfig,
  flags: SigningFlags,
  versions: readonly (1 | 2)[],
  now: Date,
): ChosenServices {
  const one = { selector: 'ANY', count: 1 } as const;
  const { certificateAuthorities, logs, logSelection, timestampAuthorities, timestampSelection } = config;
  const keyless = flags.key === undefined;
  return {
    fulcio: keyless
      ? selectServices('certificate authorities (caUrls)', certificateAuthorities, [1], one, now)[0].url
      : null,
    logs:
      logs.length === 0 || !flags['tlog-upload']
        ? []
        : selectServices('logs (rekorTlogUrls)', logs, versions, logSelection, now).map(
            ({ url, majorApiVersion }) => ({ url, version: majorApiVersion === 2 ? 2 : 1 }),
          ),
    timestampAuthorities:
      timestampAuthorities.length === 0
        ? []
        : selectServices(
            'timestamp authorities (tsaUrls)',
            timestampAuthorities,
            [1],
            timestampSelection,
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

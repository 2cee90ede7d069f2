import { printable } from '@pratique/errors';
import {
  type ConfiguredService,
  formatSigningConfig,
  parseSigningConfig,
  type ServiceSelection,
  type SigningConfig,
} from '@pratique/sigstore-client';
import { cliErrors } from '../errors.ts';
import { readFile } from '../program/read-file.ts';
import type { FlagValues, Run } from '../program/spec.ts';
import type { Terminal } from '../program/terminal.ts';
import type { signingConfigCreate } from '../specs/trust.ts';
import { parseServiceSpec, parseSpecTime } from '../trust/service-spec.ts';
import { openSigstoreRepository } from '../trust/sigstore-repository.ts';
import { writeOut } from '../trust/write-out.ts';

type Flags = FlagValues<typeof signingConfigCreate.flags>;

const one: ServiceSelection = { selector: 'ANY', count: 0 };
const nothing: SigningConfig = {
  certificateAuthorities: [],
  issuers: [],
  logs: [],
  logSelection: one,
  timestampAuthorities: [],
  timestampSelection: one,
};

export const run: Run<typeof signingConfigCreate.flags> = async ({ flags, terminal, signal }) => {
  for (const [services, selection] of [
    ['rekor', 'rekor-config'],
    ['tsa', 'tsa-config'],
  ] as const) {
    if (flags[services].length > 0 && flags[selection] === undefined) {
      throw cliErrors.error('USAGE', {
        message: `with --${services} it must be said how many of them sign`,
        expected: `--${selection} ANY, ALL or EXACT:COUNT`,
        found: `no --${selection}`,
      });
    }
  }
  const base = await baseConfig(flags, terminal, signal);
  // Services of a file are replaced, those of the Sigstore in use added to: as cosign has it.
  const kept = (drop: boolean, given: readonly string[], services: readonly ConfiguredService[]) =>
    drop || (flags['base-config'] !== undefined && given.length > 0) ? [] : services;
  const all = (
    flag: 'fulcio' | 'oidc-provider' | 'rekor' | 'tsa',
    drop: boolean,
    before: readonly ConfiguredService[],
  ) => [...kept(drop, flags[flag], before), ...flags[flag].map((text) => service(flag, text))];
  const config: SigningConfig = {
    certificateAuthorities: all('fulcio', flags['no-default-fulcio'], base.certificateAuthorities),
    issuers: all('oidc-provider', flags['no-default-oidc'], base.issuers),
    logs: all('rekor', flags['no-default-rekor'], base.logs),
    logSelection: selection('rekor-config', flags['rekor-config']) ?? base.logSelection,
    timestampAuthorities: all('tsa', flags['no-default-tsa'], base.timestampAuthorities),
    timestampSelection: selection('tsa-config', flags['tsa-config']) ?? base.timestampSelection,
  };
  writeOut(formatSigningConfig(config), flags.out, terminal);
  return 0;
};

async function baseConfig(flags: Flags, terminal: Terminal, signal: AbortSignal): Promise<SigningConfig> {
  const file = flags['base-config'];
  const published = flags['with-default-services'] || flags['with-default-rekor-v2'];
  if (file !== undefined && published) {
    throw cliErrors.error('USAGE', {
      message: 'a signing configuration begins with a file or with the services of the Sigstore in use',
      expected: '--base-config or --with-default-services',
      found: 'both',
    });
  }
  if (file !== undefined) return parseSigningConfig(readFile(file, terminal.cwd));
  if (!published) return nothing;
  const repository = await openSigstoreRepository(terminal, { offline: flags.offline, signal });
  const target = flags['with-default-rekor-v2']
    ? 'signing_config_rekor_v2.v0.2.json'
    : 'signing_config.v0.2.json';
  return parseSigningConfig(await repository.read(target));
}

function service(flag: string, text: string): ConfiguredService {
  const spec = parseServiceSpec(flag, text, ['url', 'api-version', 'start-time', 'operator'], ['end-time']);
  const version = spec['api-version']!;
  if (!/^[1-9]\d{0,3}$/.test(version)) {
    throw cliErrors.error('USAGE', {
      message: `--${flag} has an api-version that is no number`,
      expected: '1 or 2',
      found: printable(version, 40),
    });
  }
  const end = spec['end-time'];
  return {
    url: spec.url!,
    majorApiVersion: Number(version),
    operator: spec.operator!,
    validFrom: parseSpecTime(flag, spec['start-time']!),
    validUntil: end === undefined ? null : parseSpecTime(flag, end),
  };
}

function selection(flag: string, text: string | undefined): ServiceSelection | undefined {
  if (text === undefined) return undefined;
  const [, selector, , count] = /^(ANY|ALL|EXACT)(:([1-9]\d{0,3}))?$/i.exec(text) ?? [];
  const name = selector?.toUpperCase() as ServiceSelection['selector'] | undefined;
  if (name !== undefined && (name === 'EXACT') === (count !== undefined)) {
    return { selector: name, count: Number(count ?? 0) };
  }
  throw cliErrors.error('USAGE', {
    message: `--${flag} says how many of the services sign`,
    expected: 'ANY, ALL or EXACT:COUNT',
    found: printable(text, 40),
  });
}

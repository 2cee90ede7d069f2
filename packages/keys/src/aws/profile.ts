import { join } from 'node:path';
import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import { readSetting, readSettingIfThere } from '../http/files.ts';

/** Settings of one profile, by their names in lower case. */
export type AwsProfile = ReadonlyMap<string, string>;

/**
 * The profile of AWS_PROFILE (`default`) in the shared files of AWS's tools, `~/.aws/config` and `~/.aws/credentials`, or
 * those that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. Credentials stand over the configuration.
 *
 * @throws KEY_SERVICE_CONFIG for a file that cannot be read, and a named profile that is in neither
 */
export function readAwsProfile(environment: NodeJS.ProcessEnv): AwsProfile {
  const named = environment['AWS_PROFILE'];
  const name = named || 'default';
  const config = sections(environment, 'AWS_CONFIG_FILE', 'config');
  const credentials = sections(environment, 'AWS_SHARED_CREDENTIALS_FILE', 'credentials');
  const found = [
    config.get(`profile ${name}`) ?? (name === 'default' ? config.get(name) : undefined),
    credentials.get(name),
  ].filter((section) => section !== undefined);
  if (named && found.length === 0) {
    throw keysErrors.error('KEY_SERVICE_CONFIG', {
      message: 'there is no profile of the name in AWS_PROFILE',
      found: printable(named, 80),
      remedy: 'aws configure list-profiles shows which there are in ~/.aws/config and ~/.aws/credentials.',
    });
  }
  return new Map(found.flatMap((section) => [...section]));
}

function sections(
  environment: NodeJS.ProcessEnv,
  variable: string,
  file: string,
): ReadonlyMap<string, AwsProfile> {
  const named = environment[variable];
  const { HOME: home } = environment;
  if (named) return parseSections(readSetting(variable, named));
  return parseSections((home && readSettingIfThere('HOME', join(home, '.aws', file))) || '');
}

/** The sections of an INI file. Settings of settings, which are indented, are passed over. */
export function parseSections(text: string): ReadonlyMap<string, AwsProfile> {
  const found = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[([^\]]{1,200})\]/.exec(line)?.[1];
    if (header !== undefined) {
      const name = header.trim().replace(/\s+/g, ' ').replace(/^"|"$/g, '');
      section = found.get(name) ?? new Map<string, string>();
      found.set(name, section);
      continue;
    }
    const [, key, value] = /^([A-Za-z0-9_-]{1,100})[ \t]*=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined)
      section.set(key.toLowerCase(), value.replace(/[ \t][#;].*$/, '').trim());
  }
  return found;
}

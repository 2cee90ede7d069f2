import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';
import type { AwsProfile } from './profile.ts';

/** The region: of the key's ARN, else AWS_REGION, AWS_DEFAULT_REGION, or of the profile. @throws KEY_SERVICE_CONFIG */
export function awsRegion(
  named: string | undefined,
  environment: NodeJS.ProcessEnv,
  profile: AwsProfile,
): string {
  const region =
    named || environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || profile.get('region');
  // It becomes part of a host's name.
  if (region && /^[a-z0-9-]{1,40}$/.test(region)) return region;
  throw keysErrors.error('KEY_SERVICE_CONFIG', {
    message: region
      ? 'the name of the region of AWS cannot be one'
      : 'it is not said which region of AWS is meant',
    expected: 'AWS_REGION, a region in the profile, or a key named by its ARN',
    ...(region ? { found: printable(region, 60) } : {}),
    remedy: 'Set AWS_REGION, such as eu-central-1.',
  });
}

/** Domains of the partitions whose regions begin so. */
const domains: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^eusc-/, 'amazonaws.eu'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
];

/**
 * Where a service of AWS is: AWS_ENDPOINT_URL_KMS or …_STS, AWS_ENDPOINT_URL, else that of the region; with
 * AWS_USE_FIPS_ENDPOINT the one that is validated. Without a slash at the end.
 */
export function awsEndpoint(service: 'kms' | 'sts', region: string, environment: NodeJS.ProcessEnv): string {
  const named = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || environment['AWS_ENDPOINT_URL'];
  if (named) return named.replace(/\/+$/, '');
  const domain = domains.find(([regions]) => regions.test(region))?.[1] ?? 'amazonaws.com';
  const fips = environment['AWS_USE_FIPS_ENDPOINT']?.toLowerCase() === 'true' ? '-fips' : '';
  return `https://${service}${fips}.${region}.${domain}`;
}

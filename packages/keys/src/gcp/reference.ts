import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';

/** A key of Google Cloud KMS, as a reference names it; all are resource names below `/v1/`. */
export interface GcpKey {
  /** `projects/P/locations/L`. */
  readonly location: string;
  readonly ring: string;
  readonly key: string;
  /** `projects/…/cryptoKeys/K`. */
  readonly name: string;
  /** `projects/…/cryptoKeyVersions/N`; undefined for the newest that is enabled. */
  readonly version: string | undefined;
}

const pattern =
  /^gcpkms:\/\/(projects\/(?:[a-z0-9.-]{1,253}:)?[a-z0-9-]{1,63}\/locations\/[a-z0-9-]{1,63})\/keyRings\/([\w-]{1,63})\/cryptoKeys\/([\w-]{1,63})(?:\/(?:cryptoKeyVersions|versions)\/([1-9]\d{0,8}))?$/;

/**
 * Reads `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K`, with `/cryptoKeyVersions/N` or `/versions/N` behind it for
 * one version, as cosign does.
 *
 * @throws KEY_REFERENCE_INVALID
 */
export function parseGcpKey(reference: string): GcpKey {
  const [, location, ring, key, version] = pattern.exec(reference) ?? [];
  if (location === undefined || ring === undefined || key === undefined) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'the key in Google Cloud KMS is not named as it has to be',
      expected:
        'gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, and /cryptoKeyVersions/NUMBER for one version',
      found: printable(reference, 200),
    });
  }
  const name = `${location}/keyRings/${ring}/cryptoKeys/${key}`;
  return {
    location,
    ring,
    key,
    name,
    version: version === undefined ? undefined : `${name}/cryptoKeyVersions/${version}`,
  };
}

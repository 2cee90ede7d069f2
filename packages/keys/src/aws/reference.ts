import { printable } from '@pratique/errors';
import { keysErrors } from '../errors.ts';

/** A key of AWS KMS, as a reference names it. */
export interface AwsKey {
  /** Host and port; undefined for that of the region. */
  readonly endpoint: string | undefined;
  /** What KMS calls it: an id, an ARN, `alias/NAME`, or the ARN of an alias. */
  readonly keyId: string;
  /** `alias/NAME`, where it is named by one. */
  readonly alias: string | undefined;
  /** Of the ARN. */
  readonly region: string | undefined;
}

const id = '(?:mrk-)?[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}';
const alias = 'alias/[A-Za-z0-9/_-]{1,250}';
const arn = 'arn:aws(?:-[a-z]{1,10}){0,3}:kms:(?<region>[a-z0-9-]{1,40}):\\d{12}:';
const pattern = new RegExp(
  `^awskms://(?<endpoint>[A-Za-z0-9.:\\[\\]-]{0,260})/(?<keyId>(?:${id})|(?<name>${alias})|(?:${arn}(?:key/${id}|(?<arnName>${alias}))))$`,
);

/**
 * Reads `awskms://[ENDPOINT]/KEY`, as cosign does: KEY is an id, `alias/NAME`, or the ARN of either.
 *
 * @throws KEY_REFERENCE_INVALID
 */
export function parseAwsKey(reference: string): AwsKey {
  const { endpoint, keyId, name, arnName, region } = pattern.exec(reference)?.groups ?? {};
  const host = endpoint === undefined || endpoint === '' ? undefined : endpoint.toLowerCase();
  const bare = host?.replace(/:443$/, '');
  // Not what a URL would make of it, but the host and nothing else.
  const isHost =
    bare === undefined || (URL.canParse(`https://${bare}`) && new URL(`https://${bare}`).host === bare);
  if (keyId === undefined || !isHost) {
    throw keysErrors.error('KEY_REFERENCE_INVALID', {
      message: 'the key in AWS KMS is not named as it has to be',
      expected:
        'awskms:///KEY_ID, awskms:///alias/NAME or awskms:///arn:aws:kms:…; before the third slash may stand HOST[:PORT]',
      found: printable(reference, 120),
    });
  }
  return { endpoint: bare, keyId, alias: name ?? arnName, region };
}

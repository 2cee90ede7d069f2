import { printable } from '@pratique/errors';
import * as v from 'valibot';
import { inspectErrors } from '../errors.ts';
import type { PackageUrl } from '../packages/parse-purl.ts';

export const vexStatuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const;

/** One statement of a VEX document, OpenVEX or CSAF. */
export interface VexStatement {
  /** All names of the one vulnerability it is about. */
  readonly vulnerabilities: readonly string[];
  /** Package URLs of the components it is about. */
  readonly products: readonly PackageUrl[];
  /** The release of a distribution it is limited to, as `distroKey` writes it. */
  readonly distro?: string | undefined;
  /** It is about the components as they are in some other product: an image, an appliance. */
  readonly insideProduct?: boolean | undefined;
  readonly status: (typeof vexStatuses)[number];
  readonly reason: string;
}

/** A text of a VEX document; limits of length are for what is stored and shown. */
export const vexText = v.pipe(v.string(), v.maxLength(10_000));

export function invalidVex(why: string) {
  return inspectErrors.error('VEX_INVALID', {
    message: `the VEX document cannot be read: ${printable(why)}`,
  });
}

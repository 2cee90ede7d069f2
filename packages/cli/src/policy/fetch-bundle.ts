import { type Bundle, loadBundle, type ReadBundleOptions } from '@pratique/rego';
import type { Terminal } from '../program/terminal.ts';
import type { RegistryFlags } from '../registry/client.ts';

export interface FetchOptions extends ReadBundleOptions {
  readonly ignore: readonly string[];
  readonly directory: string;
  readonly flags: RegistryFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A bundle by its place: an archive, a directory, `https://…` or `oci://IMAGE`. */
export async function fetchBundle(place: string, options: FetchOptions): Promise<Bundle> {
  return loadBundle(place, options);
}

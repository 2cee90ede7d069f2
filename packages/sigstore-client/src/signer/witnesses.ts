import type { LogEntry } from '@pratique/sigstore';
import type { Services } from '../http/services.ts';
import { addToRekorV1, type Unwitnessed } from '../rekor/v1.ts';
import { addToRekorV2 } from '../rekor/v2.ts';
import { requestTimestamp } from '../tsa/request-timestamp.ts';

/** The logs a signature is put into, and the authorities that stamp it. */
export interface Witnesses {
  readonly logs: readonly { readonly url: string; readonly version: 1 | 2 }[];
  /** Whole addresses. */
  readonly timestampAuthorities: readonly string[];
}

/** What they say about one signature; believed by nobody yet. */
export interface Testimony {
  readonly logEntries: readonly LogEntry[];
  readonly timestamps: readonly Uint8Array[];
}

/**
 * Has a signature stamped and logged, by all at once. A witness that fails fails the signing: the number of witnesses
 * was chosen by the signing configuration.
 */
export async function witness(
  services: Services,
  { logs, timestampAuthorities }: Witnesses,
  signature: Unwitnessed,
  stamped: Uint8Array,
  signal?: AbortSignal,
): Promise<Testimony> {
  const [timestamps, logEntries] = await Promise.all([
    Promise.all(timestampAuthorities.map((url) => requestTimestamp(services, url, stamped, signal))),
    Promise.all(
      logs.map(({ url, version }) =>
        (version === 1 ? addToRekorV1 : addToRekorV2)(services, url, signature, signal),
      ),
    ),
  ]);
  return { timestamps, logEntries };
}
